// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/unit_command.h"

#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

#define DOWN_NS	 (60 * NSEC_PER_SEC)
#define GRACE_MS 2000
#define TURN_MS	 50

static void add_word(char ***argv, size_t *nr, char *word)
{
	*argv = xreallocarray(*argv, *nr + 2, sizeof(**argv));
	(*argv)[(*nr)++] = word;
	(*argv)[*nr] = NULL;
}

void unit_argv_free(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

/* The next word of the line without its quotes. 0: there is none. */
static int next_word(const char **line, struct buf *word, struct err *err)
{
	const char *p = *line + strspn(*line, " \t");

	buf_reset(word);
	if (!*p)
		return 0;
	buf_adds(word, "");
	while (*p && *p != ' ' && *p != '\t') {
		const char *end = *p == '\'' || *p == '"' ? strchr(p + 1, *p) : NULL;

		if ((*p == '\'' || *p == '"') && !end)
			return err_usage(err, "a quote is open: %s", p);
		if (end)
			buf_add(word, p + 1, (size_t)(end - p - 1));
		else
			buf_add(word, p, 1);
		p = end ? end + 1 : p + 1;
	}
	*line = p;
	return 1;
}

/* To another user; a change of user clears PR_SET_PDEATHSIG (prctl(2)), so that it is set again. */
static void add_user(char ***argv, size_t *nr, const char *user)
{
	const struct passwd *pw = getpwnam(user);
	struct buf uid = BUF_INIT, gid = BUF_INIT;

	buf_addf(&uid, "--reuid=%s", user);
	buf_addf(&gid, "--regid=%u", pw ? pw->pw_gid : 65534);
	add_word(argv, nr, xstrdup("setpriv"));
	add_word(argv, nr, buf_steal(&uid));
	add_word(argv, nr, buf_steal(&gid));
	add_word(argv, nr, xstrdup("--clear-groups"));
	add_word(argv, nr, xstrdup("--pdeathsig=KILL"));
	add_word(argv, nr, xstrdup("--"));
}

static int add_line(const struct unit_command *c, const struct unit_values *v, char ***argv,
		    size_t *nr, struct err *err)
{
	struct buf word = BUF_INIT, filled = BUF_INIT;
	const char *line = c->text;
	int rc;

	if (c->shell) {
		rc = unit_expand(c->text, v, &filled, err);
		add_word(argv, nr, xstrdup("sh"));
		add_word(argv, nr, xstrdup("-c"));
		add_word(argv, nr, buf_steal(&filled));
		return rc;
	}
	while ((rc = next_word(&line, &word, err)) == 1) {
		rc = unit_expand(word.data, v, &filled, err);
		add_word(argv, nr, buf_steal(&filled));
		if (rc)
			break;
	}
	buf_release(&word);
	return rc;
}

int unit_command_argv(const struct unit_command *c, const struct unit_values *v, char ***ret,
		      struct err *err)
{
	char **argv = xcalloc(1, sizeof(*argv));
	size_t nr = 0;
	int rc;

	if (c->user && geteuid() == 0)
		add_user(&argv, &nr, c->user);
	rc = add_line(c, v, &argv, &nr, err);
	if (rc)
		unit_argv_free(argv);
	else
		*ret = argv;
	return rc;
}

int unit_command_read(struct unit_command *c, const struct unit *u, const struct ini_section *s,
		      const char *key, const struct unit_values *known, struct err *err)
{
	const char *shell = unit_text(s, "shell"), *user = unit_text(s, "user");
	char **argv;
	int rc = 0;

	if (shell && parse_bool(shell, &c->shell) != 0) {
		err_usage(err, "shell is yes or no, not '%s'", shell);
		return unit_fail(u->path, unit_line(s, "shell"), err);
	}
	if (!unit_text(s, key))
		return 0;
	c->text = xstrdup(unit_text(s, key));
	c->user = xstrdup(user);
	rc = unit_command_argv(c, known, &argv, err);
	if (rc)
		return unit_fail(u->path, unit_line(s, key), err);
	unit_argv_free(argv);
	return 0;
}

int unit_command_spawn(const struct unit_command *c, const struct unit_values *v,
		       const struct place *place, const char *log_path, struct child *child,
		       struct err *err)
{
	char **argv;
	int rc = unit_command_argv(c, v, &argv, err);

	if (rc)
		return rc;
	rc = child_spawn(child, argv, place, CHILD_LOG, log_path, err);
	unit_argv_free(argv);
	return rc;
}

int unit_child_failed(const struct child *child, const char *log_path, const char *what,
		      struct err *err)
{
	char how[128], tail[512];

	child_describe(child, how, sizeof(how));
	child_log_tail(log_path, tail, sizeof(tail));
	return err_failed(err, 0, "%s %s; %s%s (all of it: %s)", what, how,
			  *tail ? "its last output: " : "it printed nothing", tail, log_path);
}

static int too_late(struct child *child, const char *log_path, const struct unit_patience *p,
		    struct err *err)
{
	char tail[512];

	child_stop(child, GRACE_MS);
	child_log_tail(log_path, tail, sizeof(tail));
	return err_failed(err, ETIMEDOUT, "%s did not end within %.0f s; %s%s (all of it: %s)",
			  p->what, (double)p->timeout_ns / NSEC_PER_SEC,
			  *tail ? "its last output: " : "it printed nothing", tail, log_path);
}

int unit_child_finish(struct child *child, const char *log_path, const struct unit_patience *p,
		      struct err *err)
{
	uint64_t deadline_ns = clock_ns() + p->timeout_ns;
	int rc;

	for (;;) {
		rc = child_wait(child, TURN_MS, err);
		if (rc == 1)
			break;
		if (rc == 0 && clock_ns() > deadline_ns)
			return too_late(child, log_path, p, err);
		if (rc == -EINTR && p->idle)
			rc = 0; /* idle() tells whether it is the end */
		if (!rc && p->idle)
			rc = p->idle(p->arg, err);
		if (rc) {
			child_stop(child, GRACE_MS);
			return rc;
		}
	}
	if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0)
		return 0;
	return unit_child_failed(child, log_path, p->what, err);
}

int unit_command_run(const struct unit_command *c, const struct unit_values *v,
		     const struct place *place, const char *log_path, const struct unit_patience *p,
		     struct err *err)
{
	struct child child = CHILD_INIT;
	int rc = unit_command_spawn(c, v, place, log_path, &child, err);

	if (rc) {
		err_prefix(err, "%s", p->what);
		return rc;
	}
	rc = unit_child_finish(&child, log_path, p, err);
	child_release(&child);
	return rc;
}

int unit_command_journal(const struct unit_command *c, const struct unit_values *v,
			 const char *name, const char *log_path, struct journal *j, struct err *err)
{
	struct buf line = BUF_INIT;
	char **argv;
	int rc = unit_command_argv(c, v, &argv, err);

	if (rc)
		return rc;
	for (size_t i = 0; argv[i]; i++) {
		if (strchr(argv[i], '\n'))
			rc = err_usage(err, "%s: a word of a command has no line's end in it",
				       name);
		buf_addf(&line, "%s%s", i ? "\n" : "", argv[i]);
	}
	if (!rc)
		rc = journal_add(j, err, "command", name, log_path, line.data, NULL);
	unit_argv_free(argv);
	buf_release(&line);
	return rc < 0 ? rc : 0;
}

int unit_command_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	struct child child = CHILD_INIT;
	struct unit_patience p = { .what = "down", .timeout_ns = DOWN_NS };
	char *copy = xstrdup(args[2]), *rest = copy, *word;
	char **argv = xcalloc(strlen(copy) + 4, sizeof(*argv));
	size_t nr = 0;
	int rc;

	while ((word = strsep(&rest, "\n")))
		argv[nr++] = word;
	rc = child_spawn(&child, argv, NULL, CHILD_LOG, args[1], err);
	if (!rc)
		rc = unit_child_finish(&child, args[1], &p, err);
	if (!rc)
		unlink(args[1]); /* of use where something went wrong */
	child_release(&child);
	free(argv);
	free(copy);
	return rc;
}
