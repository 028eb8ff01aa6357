// SPDX-License-Identifier: GPL-2.0-or-later
/* A directory, packed and unpacked; archives that are none, or mean harm. */
#include "tests/unit/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/dirs.h"

static struct err err;

/* Below the group's directory; the same name has the same place in memory. */
static const char *path(void **state, const char *name)
{
	static char paths[32][256];
	char wanted[256];
	size_t i = 0;

	snprintf(wanted, sizeof(wanted), "%s/%s", (char *)*state, name);
	while (paths[i][0] && strcmp(paths[i], wanted) != 0)
		i++;
	assert_true(i < sizeof(paths) / sizeof(paths[0]) - 1);
	return strcpy(paths[i], wanted);
}

static void put(const char *file, const char *text, mode_t mode)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(file, mode), 0);
}

static void assert_file(const char *file, const char *text)
{
	char found[64] = "";
	FILE *in = fopen(file, "r");

	assert_non_null(in);
	assert_true(fread(found, 1, sizeof(found) - 1, in) > 0);
	fclose(in);
	assert_string_equal(found, text);
}

/* paper.tar.zst of a small tree */
static const char *packed(void **state)
{
	assert_int_equal(make_dirs(path(state, "paper/sub"), 0755, &err), 0);
	put(path(state, "paper/MARK"), "mark\n", 0644);
	put(path(state, "paper/a.sh"), "run\n", 0755);
	put(path(state, "paper/sub/data"), "1 2 3\n", 0644);
	assert_int_equal(
		archive_pack(path(state, "paper"), "MARK", path(state, "paper.tar.zst"), &err), 0);
	return path(state, "paper.tar.zst");
}

static void there_and_back(void **state)
{
	const char *file = packed(state);
	struct stat st;

	assert_int_equal(archive_unpack(file, "MARK", path(state, "out"), &err), 0);
	assert_file(path(state, "out/MARK"), "mark\n");
	assert_file(path(state, "out/sub/data"), "1 2 3\n");
	assert_int_equal(stat(path(state, "out/a.sh"), &st), 0);
	assert_true(st.st_mode & 0100);
	/* Nothing is unpacked over what is there. */
	assert_int_equal(archive_unpack(file, "MARK", path(state, "out"), &err), -EINVAL);
	assert_int_equal(access(path(state, "paper.tar.zst.new"), F_OK), -1);
}

/* Refused with these words, and nothing unpacked. */
static void refused(void **state, const char *file, const char *words)
{
	const char *dir = path(state, "refused");

	memset(&err, 0, sizeof(err));
	assert_true(archive_unpack(file, "MARK", dir, &err) < 0);
	if (!strstr(err.msg, words) || strchr(err.msg, '\n'))
		fail_msg("'%s', not '%s'", err.msg, words);
	assert_int_equal(access(dir, F_OK), -1);
}

static void no_archive(void **state)
{
	const char *text = path(state, "text");

	refused(state, path(state, "nothing"), "cannot read");
	put(text, "not an archive\n", 0644);
	refused(state, text, "no artifact of fmbench");
	put(text, "", 0644);
	refused(state, text, "no artifact of fmbench");
	/* One of something else. */
	packed(state);
	assert_int_equal(archive_pack(path(state, "paper"), "a.sh", text, &err), 0);
	refused(state, text, "no artifact of fmbench");
}

/* Wherever it ends too early. */
static void truncated(void **state)
{
	const char *file = packed(state), *cut = path(state, "cut");
	char content[8192];
	FILE *in = fopen(file, "r");
	size_t len = fread(content, 1, sizeof(content), in);

	fclose(in);
	assert_in_range(len, 100, sizeof(content) - 1);
	for (size_t n = 1; n < len; n += 7) {
		FILE *out = fopen(cut, "w");

		fwrite(content, 1, n, out);
		fclose(out);
		memset(&err, 0, sizeof(err));
		assert_true(archive_unpack(cut, "MARK", path(state, "refused"), &err) < 0);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(access(path(state, "refused"), F_OK), -1);
	}
}

/* Nothing but heads of empty files, so that the end is missed where the next one would begin. */
static void truncated_between_files(void **state)
{
	const char *file = path(state, "many.tar.zst");
	char name[256];
	struct stat st;

	assert_int_equal(make_dirs(path(state, "many"), 0755, &err), 0);
	put(path(state, "many/MARK"), "mark\n", 0644);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%s/%d", path(state, "many"), i);
		put(name, "", 0644);
	}
	assert_int_equal(archive_pack(path(state, "many"), "MARK", file, &err), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(truncate(file, st.st_size - 40), 0);
	refused(state, file, "truncated or damaged");
}

/* An archive with MARK and one more entry. */
static void write_with(const char *file, const char *name, mode_t type)
{
	struct archive *a = archive_write_new();
	const char *names[] = { "paper/MARK", name };

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_zstd(a);
	assert_int_equal(archive_write_open_filename(a, file), ARCHIVE_OK);
	for (int i = 0; i < 2; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_pathname(e, names[i]);
		archive_entry_set_mode(e, (i ? type : AE_IFREG) | 0644);
		archive_entry_set_size(e, i && type != AE_IFREG ? 0 : 5);
		if (i && type == AE_IFLNK)
			archive_entry_set_symlink(e, "/etc/passwd");
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		archive_write_data(a, "mark\n", 5);
		archive_entry_free(e);
	}
	archive_write_close(a);
	archive_write_free(a);
}

static void what_leads_out(void **state)
{
	const char *file = path(state, "evil");

	write_with(file, "paper/good", AE_IFREG);
	assert_int_equal(archive_unpack(file, "MARK", path(state, "good"), &err), 0);
	write_with(file, "paper/../../evil", AE_IFREG);
	refused(state, file, "no artifact has");
	write_with(file, "/tmp/evil", AE_IFREG);
	refused(state, file, "no artifact has");
	write_with(file, "paper/link", AE_IFLNK);
	refused(state, file, "no artifact has");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back), cmocka_unit_test(no_archive),
		cmocka_unit_test(truncated),	  cmocka_unit_test(truncated_between_files),
		cmocka_unit_test(what_leads_out),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
