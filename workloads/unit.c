// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/unit.h"

#include <arpa/inet.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/dirs.h"
#include "base/extract.h"
#include "base/find_program.h"
#include "base/unit_command.h"
#include "workloads/workload.h"

#define CLIENT_GRACE_MS 2000
#define SERVER_GRACE_MS 10000
#define TURN_MS		50

enum ready { READY_NONE, READY_PORT, READY_LINE, READY_FILE };

/* A row of the table, and what its file says. */
struct unit_workload {
	struct unit unit; /* first */
	struct workload row;
	struct unit_command prepare, command, server, load, client;
	enum ready ready;
	char *ready_text; /* the file's word, for messages */
	regex_t ready_line;
	char *ready_file;
	uint64_t ready_ns, timeout_ns;
	struct extracts extracts;
	struct metric *metrics;
};

/* Of one run. */
struct state {
	const struct unit_workload *u;
	struct unit_values values;
	uint16_t port;
	char *data; /* {dir} */
	char *server_log, *client_log, *warmup_log;
	struct child server, client; /* BATCH: client is the command */
	bool measuring;
	struct timespec since; /* the client's start */
};

/* --- from the file -------------------------------------------------------------------------- */

static const struct unit_key keys[] = {
	{ .name = "summary", .needed = true },
	{ .name = "requires" },
	{ .name = "shell" },
	{ .name = "user" },
	{ .name = "option", .many = true },
	{ .name = "prepare" },
	{ .name = "command" },
	{ .name = "server" },
	{ .name = "ready" },
	{ .name = "ready-timeout" },
	{ .name = "load" },
	{ .name = "client" },
	{ .name = "timeout" },
	{ .name = "metric" },
	{ .name = "metric", .many = true },
	{ .name = NULL },
};

static const struct metric elapsed = { "elapsed", "s", BETTER_LOWER,
				       "from the program's start to its exit" };

static const struct unit_workload *of_params(const void *params, struct err *err)
{
	return (const struct unit_workload *)unit_of_params("workload", params, err);
}

/* --- from the file -------------------------------------------------------------------------- */

/* ctx NULL: a value of some kind for each, as the file is read. */
static void set_values(struct unit_values *v, const struct unit_workload *u,
		       const struct workload_ctx *ctx, const struct state *s)
{
	uint64_t seconds = ctx ? ctx->measure_ns / NSEC_PER_SEC : 1;

	unit_values_set(v, "port", "%u", s ? s->port : 1);
	unit_values_set(v, "dir", "%s", s ? s->data : "/");
	unit_values_set(v, "seed", "%llu", ctx ? (unsigned long long)ctx->seed : 1);
	unit_values_set(v, "ratio", "%g", ctx ? ctx->ratio : 1);
	unit_values_set(v, "threads", "%u", ctx ? ctx->inside_cpus : 1);
	unit_values_set(v, "client_threads", "%u", ctx ? ctx->outside_cpus : 1);
	unit_values_set(v, "seconds", "%llu", (unsigned long long)(seconds ? seconds : 1));
	unit_values_add(v, &u->unit, ctx ? ctx->params : NULL);
}

static int read_commands(struct unit_workload *u, const struct ini_section *s, struct err *err)
{
	const struct {
		const char *key;
		struct unit_command *command;
	} rows[] = {
		{ "prepare", &u->prepare }, { "command", &u->command }, { "server", &u->server },
		{ "load", &u->load },	    { "client", &u->client },
	};
	struct unit_values known = { 0 };
	int rc = 0;

	set_values(&known, u, NULL, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rc; i++)
		rc = unit_command_read(rows[i].command, &u->unit, s, rows[i].key, &known, err);
	unit_values_release(&known);
	return rc;
}

/* A command, or a server and its client. */
static int check_shape(const struct unit_workload *u, const struct ini_section *s, struct err *err)
{
	static const char *const of_server[] = { "ready", "ready-timeout", "load", "client" };

	if (!u->command.text == !u->server.text)
		return err_usage(err,
				 "%s:%u: a workload has either a command, or a server and a client",
				 u->unit.path, s->line);
	if (u->server.text && !u->client.text)
		return err_usage(err, "%s:%u: a server needs a client that asks it", u->unit.path,
				 unit_line(s, "server"));
	for (size_t i = 0; u->command.text && i < sizeof(of_server) / sizeof(of_server[0]); i++) {
		if (unit_text(s, of_server[i]))
			return err_usage(err,
					 "%s:%u: %s goes with a server, and there is a command",
					 u->unit.path, unit_line(s, of_server[i]), of_server[i]);
	}
	return 0;
}

static int read_ready(struct unit_workload *u, const char *text, struct err *err)
{
	size_t len = strcspn(text, " \t");
	const char *rest = text + len + strspn(text + len, " \t");
	struct unit_values known = { 0 };
	struct buf ignored = BUF_INIT;
	int rc = 0;

	u->ready_text = xstrdup(text);
	if (strcmp(text, "port") == 0) {
		u->ready = READY_PORT;
		if (!strstr(u->server.text, "{port}") &&
		    (!u->prepare.text || !strstr(u->prepare.text, "{port}")))
			rc = err_usage(err, "ready = port, but the server's line has no {port}");
	} else if (strncmp(text, "line", len) == 0 && *rest) {
		u->ready = READY_LINE;
		rc = extract_compile("ready", rest, 0, &u->ready_line, err);
	} else if (strncmp(text, "file", len) == 0 && *rest) {
		u->ready = READY_FILE;
		u->ready_file = xstrdup(rest);
		set_values(&known, u, NULL, NULL);
		rc = unit_expand(rest, &known, &ignored, err);
		unit_values_release(&known);
		buf_release(&ignored);
	} else {
		rc = err_usage(err,
			       "ready = '%s': when is the server ready? `port`, `line REGEX` or "
			       "`file PATH`",
			       text);
	}
	return rc;
}

static int read_duration(const char *text, uint64_t *ret_ns, struct err *err)
{
	if (!text || parse_duration(text, ret_ns) == 0)
		return 0;
	return err_usage(err, "'%s' is no duration such as 30s or 5m", text);
}

static int read_times(struct unit_workload *u, const struct ini_section *s, struct err *err)
{
	u->ready_ns = 60 * NSEC_PER_SEC;
	u->timeout_ns = 3600 * NSEC_PER_SEC;
	if (u->server.text && !unit_text(s, "ready"))
		return err_usage(err,
				 "%s:%u: when is the server ready? Add ready = port, "
				 "ready = line REGEX or ready = file PATH",
				 u->unit.path, unit_line(s, "server"));
	if (u->server.text && read_ready(u, unit_text(s, "ready"), err) != 0)
		return unit_fail(u->unit.path, unit_line(s, "ready"), err);
	if (read_duration(unit_text(s, "ready-timeout"), &u->ready_ns, err) != 0)
		return unit_fail(u->unit.path, unit_line(s, "ready-timeout"), err);
	if (read_duration(unit_text(s, "timeout"), &u->timeout_ns, err) != 0)
		return unit_fail(u->unit.path, unit_line(s, "timeout"), err);
	return 0;
}

/* "metric", "metric.2", …: as --metric takes them. The first is the performance. */
static int read_metrics(struct unit_workload *u, const struct ini_section *s, struct err *err)
{
	struct unit_values known = { 0 };
	struct buf ignored = BUF_INIT;
	size_t n;
	int rc = 0;

	set_values(&known, u, NULL, NULL);
	for (size_t i = 0; i < s->nr_entries && !rc; i++) {
		const struct ini_entry *entry = &s->entries[i];

		if (strncmp(entry->key, "metric", 6) != 0)
			continue;
		rc = extracts_parse(&u->extracts, entry->value, err);
		if (!rc && u->extracts.rows[u->extracts.nr - 1].file)
			rc = unit_expand(u->extracts.rows[u->extracts.nr - 1].file, &known,
					 &ignored, err);
		if (rc)
			rc = unit_fail(u->unit.path, entry->line, err);
	}
	unit_values_release(&known);
	buf_release(&ignored);
	u->metrics = xcalloc(u->extracts.nr + 2, sizeof(*u->metrics));
	for (n = 0; n < u->extracts.nr; n++) {
		const struct extract *x = &u->extracts.rows[n];

		u->metrics[n] = (struct metric){ x->name, x->unit, x->better, x->pattern };
	}
	u->metrics[n] = elapsed;
	return rc;
}

/* --- before a run --------------------------------------------------------------------------- */

static int unit_check(const void *params, char *const *argv, struct err *err)
{
	const struct unit_workload *u = of_params(params, err);
	const char *user;
	int rc;

	(void)argv;
	if (!u)
		return -EINVAL;
	rc = unit_needs_check(&u->unit, err);
	user = u->server.user ? u->server.user : u->command.user;
	if (!rc && user && !getpwnam(user))
		rc = err_missing(err, "workload %s runs as user %s, and there is none",
				 u->unit.name, user);
	if (!rc && user && geteuid() == 0 && !find_program("setpriv", NULL, 0))
		rc = err_missing(err,
				 "no program setpriv, which takes root's rights from workload "
				 "%s; apt install util-linux",
				 u->unit.name);
	return rc;
}

/* --- a run ---------------------------------------------------------------------------------- */

static char *path_in(const char *dir, const char *name)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s/%s", dir, name);
	return buf_steal(&b);
}

/* Another user must be able to go down to the directory. */
static int check_way(const char *dir, const char *user, struct err *err)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s", dir);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (stat(path, &st) == 0 && !(st.st_mode & S_IXOTH))
			return err_failed(err, EACCES,
					  "user %s cannot enter %s, where the run's files are: put "
					  "the database elsewhere (--db FILE)",
					  user, path);
		*slash = '/';
	}
	return 0;
}

static int make_data(struct state *s, const struct workload_ctx *ctx, const char *user,
		     struct err *err)
{
	const struct passwd *pw = user && geteuid() == 0 ? getpwnam(user) : NULL;
	char *dir = realpath(ctx->dir, NULL);

	if (!dir)
		return err_failed(err, errno, "%s", ctx->dir);
	s->data = path_in(dir, ".data"); /* with a dot: no artifact */
	free(dir);
	if (mkdir(s->data, 0700) != 0)
		return err_failed(err, errno, "cannot make directory %s", s->data);
	if (!pw)
		return 0;
	if (chown(s->data, pw->pw_uid, pw->pw_gid) != 0)
		return err_failed(err, errno, "cannot give %s to user %s", s->data, user);
	return check_way(s->data, user, err);
}

/* Free now; the server finds out whether it still is. */
static int find_port(uint16_t *ret, struct err *err)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		rc = err_failed(err, errno, "finding a free port on 127.0.0.1");
	else
		*ret = ntohs(addr.sin_port);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Run one of the unit's commands to its end, outside the group. */
static int run_command(struct workload_ctx *ctx, const struct unit_command *c, const char *name,
		       struct err *err)
{
	struct state *s = ctx->state;
	struct unit_patience p = { .timeout_ns = s->u->timeout_ns,
				   .idle = ctx->idle,
				   .arg = ctx->idle_arg };
	struct buf what = BUF_INIT, log = BUF_INIT;
	int rc;

	if (!c->text)
		return 0;
	buf_addf(&what, "workload %s: %s", s->u->unit.name, name);
	buf_addf(&log, "%s/%s.log", ctx->dir, name);
	p.what = what.data;
	rc = unit_command_run(c, &s->values, ctx->outside, log.data, &p, err);
	buf_release(&what);
	buf_release(&log);
	return rc;
}

static int unit_prepare(struct workload_ctx *ctx, struct err *err)
{
	const struct unit_workload *u = of_params(ctx->params, err);
	struct state *s;
	int rc;

	if (!u)
		return -EINVAL;
	s = xcalloc(1, sizeof(*s));
	s->u = u;
	s->server = s->client = (struct child)CHILD_INIT;
	s->server_log = path_in(ctx->dir, "server.log");
	s->client_log = path_in(ctx->dir, u->server.text ? "client.log" : "command.log");
	s->warmup_log = path_in(ctx->dir, "warmup.log");
	ctx->state = s;
	rc = make_data(s, ctx, u->server.text ? u->server.user : u->command.user, err);
	if (!rc)
		rc = find_port(&s->port, err);
	if (rc)
		return rc;
	set_values(&s->values, u, ctx, s);
	return run_command(ctx, &u->prepare, "prepare", err);
}

/* The program whose end is the window's. */
static int start_client(struct workload_ctx *ctx, const struct unit_command *c,
			const struct place *place, const char *log, struct err *err)
{
	struct state *s = ctx->state;

	clock_gettime(CLOCK_REALTIME_COARSE, &s->since);
	return unit_command_spawn(c, &s->values, place, log, &s->client, err);
}

static int unit_start(struct workload_ctx *ctx, struct err *err)
{
	struct state *s = ctx->state;

	if (s->u->server.text)
		return unit_command_spawn(&s->u->server, &s->values, ctx->inside, s->server_log,
					  &s->server, err);
	s->measuring = true;
	return start_client(ctx, &s->u->command, ctx->inside, s->client_log, err);
}

static int server_alive(struct state *s, struct err *err)
{
	struct buf what = BUF_INIT;
	int rc = child_wait(&s->server, 0, err);

	if (rc != 1)
		return rc;
	buf_addf(&what, "the server of workload %s", s->u->unit.name);
	rc = unit_child_failed(&s->server, s->server_log, what.data, err);
	buf_release(&what);
	return rc;
}

static bool answers(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;

	if (fd >= 0)
		close(fd);
	return yes;
}

static bool log_has(const char *path, const regex_t *line)
{
	struct buf text = BUF_INIT;
	FILE *f = fopen(path, "re");
	bool has = f && buf_read_fd(&text, fileno(f)) == 0 && text.data &&
		   regexec(line, text.data, 0, NULL, 0) == 0;

	if (f)
		fclose(f);
	buf_release(&text);
	return has;
}

static bool is_ready(const struct state *s)
{
	struct buf path = BUF_INIT;
	bool there;

	if (s->u->ready == READY_PORT)
		return answers(s->port);
	if (s->u->ready == READY_LINE)
		return log_has(s->server_log, &s->u->ready_line);
	there = unit_expand(s->u->ready_file, &s->values, &path, NULL) == 0 &&
		access(path.data, F_OK) == 0;
	buf_release(&path);
	return there;
}

static int wait_ready(struct workload_ctx *ctx, struct err *err)
{
	struct state *s = ctx->state;
	uint64_t deadline_ns = clock_ns() + s->u->ready_ns;
	char tail[400];

	for (;;) {
		int rc = server_alive(s, err);

		if (!rc)
			rc = workload_idle(ctx, err);
		if (rc)
			return rc;
		if (is_ready(s))
			return 0;
		if (clock_ns() > deadline_ns)
			break;
		usleep(TURN_MS * 1000);
	}
	child_log_tail(s->server_log, tail, sizeof(tail));
	return err_failed(
		err, ETIMEDOUT,
		"the server of workload %s was not ready after %.0f s: waited for %s%s%s; %s%s "
		"(all of it: %s)",
		s->u->unit.name, (double)s->u->ready_ns / NSEC_PER_SEC, s->u->ready_text,
		s->u->ready == READY_PORT ? " " : "",
		s->u->ready == READY_PORT ? unit_values_get(&s->values, "port") : "",
		*tail ? "its last output: " : "it printed nothing", tail, s->server_log);
}

static int unit_load(struct workload_ctx *ctx, struct err *err)
{
	const struct state *s = ctx->state;
	int rc = wait_ready(ctx, err);

	return rc ? rc : run_command(ctx, &s->u->load, "load", err);
}

/* For the warm-up the client runs, again and again; what it prints is not read. */
static int unit_go(struct workload_ctx *ctx, struct err *err)
{
	const struct state *s = ctx->state;

	return start_client(ctx, &s->u->client, ctx->outside, s->warmup_log, err);
}

static int unit_measure(struct workload_ctx *ctx, struct err *err)
{
	struct state *s = ctx->state;

	child_release(&s->client);
	s->client = (struct child)CHILD_INIT;
	s->measuring = true;
	return start_client(ctx, &s->u->client, ctx->outside, s->client_log, err);
}

static int client_ended(struct workload_ctx *ctx, struct err *err)
{
	struct state *s = ctx->state;
	const struct unit_workload *u = s->u;
	struct buf what = BUF_INIT;
	int rc;

	if (!WIFEXITED(s->client.status) || WEXITSTATUS(s->client.status) != 0) {
		/* The reason is more likely the server's end. */
		if (u->server.text && child_wait(&s->server, 200, NULL) == 1)
			return server_alive(s, err);
		buf_addf(&what, "%s workload %s",
			 u->server.text ? "the client of" : "the command of", u->unit.name);
		rc = unit_child_failed(&s->client, s->measuring ? s->client_log : s->warmup_log,
				       what.data, err);
		buf_release(&what);
		return rc;
	}
	if (s->measuring)
		return 1;
	child_release(&s->client);
	s->client = (struct child)CHILD_INIT;
	return unit_go(ctx, err);
}

static int unit_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct state *s = ctx->state;
	int rc;

	rc = child_wait(&s->client, timeout_ms, err);
	if (rc == 1)
		return client_ended(ctx, err);
	if (!rc && s->u->server.text)
		rc = server_alive(s, err);
	if (!rc && clock_ns() - s->client.start_ns > s->u->timeout_ns)
		rc = err_failed(err, ETIMEDOUT,
				"workload %s did not end within %.0f s (timeout = … in %s changes "
				"that); see %s",
				s->u->unit.name, (double)s->u->timeout_ns / NSEC_PER_SEC,
				s->u->unit.path, s->client_log);
	return rc;
}

static void unit_stop(struct workload_ctx *ctx)
{
	struct state *s = ctx->state;

	child_stop(&s->client, CLIENT_GRACE_MS);
	child_stop(&s->server, SERVER_GRACE_MS);
}

/* With this run's own paths for the files that metrics name. */
static int read_metrics_of_run(const struct state *s, struct results *results, struct err *err)
{
	struct extract_from from = { .out = s->client_log,
				     .err = s->client_log,
				     .since = s->since };
	const struct extracts *of_file = &s->u->extracts;
	int rc = 0;

	for (size_t i = 0; i < of_file->nr && !rc; i++) {
		struct extract x = of_file->rows[i];
		struct buf path = BUF_INIT;

		if (x.file && strcmp(x.file, "server") == 0)
			buf_adds(&path, s->server_log);
		else if (x.file)
			rc = unit_expand(x.file, &s->values, &path, err);
		x.file = x.file ? path.data : NULL;
		if (!rc)
			rc = extracts_read(&(struct extracts){ &x, 1 }, &from, results, err);
		buf_release(&path);
	}
	return rc;
}

static int unit_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		      struct results *results, struct err *err)
{
	const struct state *s = ctx->state;
	int rc = read_metrics_of_run(s, results, err);

	(void)begin_ns, (void)end_ns;
	if (rc) {
		err_prefix(err, "workload %s", s->u->unit.name);
		return rc;
	}
	results_add_metric(results, &elapsed,
			   (double)(s->client.end_ns - s->client.start_ns) / NSEC_PER_SEC);
	return 0;
}

static void unit_release(struct workload_ctx *ctx)
{
	struct state *s = ctx->state;

	if (!s)
		return;
	child_release(&s->client);
	child_release(&s->server);
	if (s->data)
		remove_tree(s->data, NULL);
	unit_values_release(&s->values);
	free(s->data);
	free(s->server_log);
	free(s->client_log);
	free(s->warmup_log);
	free(s);
	ctx->state = NULL;
}

/* --- the row -------------------------------------------------------------------------------- */

static void fill_row(struct unit_workload *u)
{
	bool service = u->server.text;

	u->row = (struct workload){
		.name = u->unit.name,
		.summary = u->unit.summary,
		.shape = service ? WORKLOAD_SERVICE : WORKLOAD_BATCH,
		.metrics = u->metrics,
		.opts = u->unit.opts,
		.params_size = UNIT_PARAMS_SIZE(&u->unit),
		.check = unit_check,
		.prepare = unit_prepare,
		.start = unit_start,
		.load = service ? unit_load : NULL,
		.go = service ? unit_go : NULL,
		.measure = service ? unit_measure : NULL,
		.poll = unit_poll,
		.stop = unit_stop,
		.parse = unit_parse,
		.release = unit_release,
	};
}

int workload_unit_read(const char *name, const char *path, const struct ini_section *s,
		       struct err *err)
{
	struct unit_workload *u = xcalloc(1, sizeof(*u));
	int rc;

	rc = unit_read_head(&u->unit, "workload", name, path, s, keys, err);
	if (!rc)
		rc = read_commands(u, s, err);
	if (!rc)
		rc = check_shape(u, s, err);
	if (!rc)
		rc = read_times(u, s, err);
	if (!rc)
		rc = read_metrics(u, s, err);
	if (rc)
		return rc;
	fill_row(u);
	unit_add(&u->unit, &u->row);
	workload_add(&u->row);
	return 0;
}
