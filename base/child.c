// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/child.h"

#include <fcntl.h>
#include <limits.h>
#include <numa.h>
#include <numaif.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/find_program.h"

/* Descriptors that wait for their place lie above those places (0 to 3). */
#define FIRST_SPARE_FD 10
#define CTL_FD	       3
#define SHARE_FD       4

/* How long an end by SIGKILL may take: gigabytes that are swapped out are given back first. */
#define KILL_PATIENCE_MS    60000
#define RELEASE_PATIENCE_MS 2000

/* All that the child needs, made before fork(): after it only async-signal-safe calls are allowed,
 * as other threads may have held any lock. */
struct plan {
	char program[PATH_MAX];
	char *const *argv;
	char **env; /* the caller's, and the place's before it */
	const struct place *place;
	struct bitmask *mem_nodes; /* NULL: kernel's default */
	pid_t parent;
	/* The child's. */
	int stdin_fd, stdout_fd, stderr_fd, ctl_fd, share_fd;
	int report_fd; /* closed by exec */
	/* Both's: an eventfd, set when it may run. Unlike a pipe it can't raise SIGPIPE here. */
	int go_fd;
	/* The parent's. */
	int out_fd, report_read_fd;
};

/* What the child could not do. */
enum step { STEP_STDIO, STEP_DIR, STEP_AFFINITY, STEP_MEMORY, STEP_SPREAD, STEP_EXEC };

struct report {
	enum step step;
	int errnum;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void plan_release(struct plan *p)
{
	int *const fds[] = { &p->stdin_fd, &p->stdout_fd,      &p->stderr_fd,
			     &p->ctl_fd,   &p->report_fd,      &p->go_fd,
			     &p->out_fd,   &p->report_read_fd, &p->share_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close_fd(fds[i]);
	if (p->mem_nodes)
		numa_bitmask_free(p->mem_nodes);
	free(p->env); /* the strings are others' */
}

/* fd, or -1 with errno, moved out of the way. */
static int spare(int fd)
{
	int moved;

	if (fd < 0 || fd >= FIRST_SPARE_FD)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
	close(fd);
	return moved;
}

static int spare_pair(const int fds[2], int *ret_first, int *ret_second)
{
	*ret_first = spare(fds[0]);
	*ret_second = spare(fds[1]);
	return *ret_first < 0 || *ret_second < 0 ? -1 : 0;
}

static int open_report(struct plan *p)
{
	int fds[2];

	return pipe2(fds, O_CLOEXEC) == 0 ? spare_pair(fds, &p->report_read_fd, &p->report_fd) : -1;
}

/* Raw: what the program prints arrives unchanged. */
static int open_terminal(struct plan *p)
{
	struct winsize size = { .ws_row = 50, .ws_col = 200 };
	struct termios mode;

	p->out_fd = spare(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
	if (p->out_fd < 0 || grantpt(p->out_fd) != 0 || unlockpt(p->out_fd) != 0)
		return -1;
	p->stdout_fd = spare(ioctl(p->out_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (p->stdout_fd < 0 || tcgetattr(p->stdout_fd, &mode) != 0)
		return -1;
	cfmakeraw(&mode);
	if (tcsetattr(p->stdout_fd, TCSANOW, &mode) != 0)
		return -1;
	return ioctl(p->stdout_fd, TIOCSWINSZ, &size);
}

static int open_ctl(struct plan *p)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0 ||
	    spare_pair(fds, &p->out_fd, &p->ctl_fd) != 0)
		return -1;
	if (fcntl(p->out_fd, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	if (!p->place || p->place->share_fd <= 0)
		return 0;
	p->share_fd = fcntl(p->place->share_fd, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
	return p->share_fd < 0 ? -1 : 0;
}

static int plan_memory(struct plan *p, int node, struct err *err)
{
	if (node < 0)
		return 0;
	if (numa_available() < 0)
		return err_missing(err,
				   "this kernel has no NUMA memory policies, so memory cannot "
				   "be bound to node %d; leave the node out",
				   node);
	if (node > numa_max_node() || !numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned)node))
		return err_usage(err, "there is no memory on node %d; `numactl -H` lists the nodes",
				 node);
	p->mem_nodes = numa_allocate_nodemask();
	numa_bitmask_setbit(p->mem_nodes, (unsigned int)node);
	return 0;
}

/* set_mempolicy(2), since Linux 6.9; older headers lack the name. */
#define MPOL_WEIGHTED_INTERLEAVE 6

/* The first of a name counts (getenv(3)), so that what is added stands before what was there. */
static char **plan_env(char *const *added)
{
	size_t nr = 0, nr_added = 0;
	char **env;

	while (environ[nr])
		nr++;
	while (added && added[nr_added])
		nr_added++;
	env = xcalloc(nr + nr_added + 1, sizeof(*env));
	for (size_t i = 0; i < nr_added; i++)
		env[i] = added[i];
	memcpy(env + nr_added, environ, nr * sizeof(*env));
	return env;
}

/* A spare descriptor, or -errno. */
static int open_log(const char *log_path, const char *suffix, const char *program, struct err *err)
{
	struct buf path = BUF_INIT;
	int fd, rc = 0;

	buf_addf(&path, "%s%s", log_path, suffix);
	fd = spare(open(path.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
	if (fd < 0)
		rc = err_failed(err, errno, "cannot write the log %s of %s", path.data, program);
	buf_release(&path);
	return rc ? rc : fd;
}

static int plan_init(struct plan *p, char *const argv[], const struct place *place,
		     enum child_stdio stdio, const char *log_path, struct err *err)
{
	*p = (struct plan){ .argv = argv,
			    .place = place,
			    .parent = getpid(),
			    .stdin_fd = -1,
			    .stdout_fd = -1,
			    .stderr_fd = -1,
			    .ctl_fd = -1,
			    .share_fd = -1,
			    .go_fd = -1,
			    .report_fd = -1,
			    .out_fd = -1,
			    .report_read_fd = -1 };
	p->env = plan_env(place ? place->env : NULL);
	if (!find_program(argv[0], p->program, sizeof(p->program)))
		return err_missing(err, "%s: no such program in PATH", argv[0]);

	int rc = place ? plan_memory(p, place->mem_node, err) : 0;

	if (rc < 0)
		return rc;
	p->stderr_fd = open_log(log_path, stdio & CHILD_SPLIT ? ".err" : "", argv[0], err);
	if (p->stderr_fd < 0)
		return p->stderr_fd;
	if (stdio & CHILD_SPLIT) {
		p->stdout_fd = open_log(log_path, ".out", argv[0], err);
		if (p->stdout_fd < 0)
			return p->stdout_fd;
	}
	p->stdin_fd = spare(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if (p->stdin_fd < 0)
		return err_failed(err, errno, "cannot open /dev/null");
	if (stdio & CHILD_PTY && open_terminal(p) != 0)
		return err_failed(err, errno, "cannot make a terminal for %s", argv[0]);
	if (stdio & CHILD_CTL && open_ctl(p) != 0)
		return err_failed(err, errno, "cannot make a socket for %s", argv[0]);
	p->go_fd = spare(eventfd(0, EFD_CLOEXEC));
	if (p->go_fd < 0 || open_report(p) != 0)
		return err_failed(err, errno, "cannot make a pipe for %s", argv[0]);
	return 0;
}

static void __attribute__((noreturn)) child_fail(const struct plan *p, enum step step)
{
	struct report report = { .step = step, .errnum = errno };

	if (write(p->report_fd, &report, sizeof(report)) < 0)
		_exit(126);
	_exit(127);
}

/* The child's life before exec. Signals are still blocked. */
static void __attribute__((noreturn)) child_main(const struct plan *p)
{
	const struct place *place = p->place;
	sigset_t none;
	uint64_t go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != p->parent) /* it died before the line above */
		_exit(126);
	setpgid(0, 0);

	/* Ignored signals would stay ignored. */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	if (read(p->go_fd, &go, sizeof(go)) != sizeof(go))
		_exit(126);

	if (dup2(p->stdin_fd, STDIN_FILENO) < 0 ||
	    dup2(p->stdout_fd >= 0 ? p->stdout_fd : p->stderr_fd, STDOUT_FILENO) < 0 ||
	    dup2(p->stderr_fd, STDERR_FILENO) < 0 ||
	    (p->ctl_fd >= 0 && dup2(p->ctl_fd, CTL_FD) < 0) ||
	    (p->share_fd >= 0 && dup2(p->share_fd, SHARE_FD) < 0))
		child_fail(p, STEP_STDIO);
	if (place && place->dir && chdir(place->dir) != 0)
		child_fail(p, STEP_DIR);
	if (place && place->bind_cpus &&
	    sched_setaffinity(0, sizeof(place->cpus), &place->cpus) != 0)
		child_fail(p, STEP_AFFINITY);
	if (p->mem_nodes &&
	    set_mempolicy(MPOL_BIND, p->mem_nodes->maskp, p->mem_nodes->size + 1) != 0)
		child_fail(p, STEP_MEMORY);
	if (place && place->spread_nodes &&
	    set_mempolicy(MPOL_WEIGHTED_INTERLEAVE, (const unsigned long *)&place->spread_nodes,
			  64 + 1) != 0)
		child_fail(p, STEP_SPREAD);
	execve(p->program, p->argv, p->env);
	child_fail(p, STEP_EXEC);
}

static int explain(const struct plan *p, const struct report *report, struct err *err)
{
	const char *name = p->argv[0];

	switch (report->step) {
	case STEP_STDIO:
		return err_failed(err, report->errnum, "cannot redirect the output of %s", name);
	case STEP_DIR:
		return err_failed(err, report->errnum, "cannot run %s in %s", name, p->place->dir);
	case STEP_AFFINITY:
		return err_failed(err, report->errnum,
				  "cannot put %s on its CPUs (are they online "
				  "and in its group's cpuset?)",
				  name);
	case STEP_MEMORY:
		return err_failed(err, report->errnum,
				  "cannot bind the memory of %s to node %d (is "
				  "it in its group's cpuset?)",
				  name, p->place->mem_node);
	case STEP_SPREAD:
		return err_failed(err, report->errnum,
				  "cannot spread the memory of %s over nodes (weighted interleave "
				  "needs Linux 6.9, and the nodes in its group's cpuset)",
				  name);
	case STEP_EXEC:
		break;
	}
	/* The file is there: what is missing is its interpreter. */
	if (report->errnum == ENOENT)
		return err_missing(err, "cannot run %s: the interpreter it names is missing",
				   p->program);
	return err_failed(err, report->errnum, "cannot run %s", p->program);
}

/* Give the word and see whether exec took place. */
static int release_to_exec(struct plan *p, struct err *err)
{
	struct report report;
	ssize_t n;

	close_fd(&p->report_fd);
	if (eventfd_write(p->go_fd, 1) != 0)
		return err_failed(err, errno, "cannot let %s run", p->argv[0]);
	do {
		n = read(p->report_read_fd, &report, sizeof(report));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != sizeof(report))
		return err_failed(err, n < 0 ? errno : EIO, "cannot tell whether %s runs",
				  p->argv[0]);
	return explain(p, &report, err);
}

static pid_t fork_with_signals_blocked(const struct plan *p)
{
	sigset_t all, before;
	pid_t pid;

	/* No handler of the parent's may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		child_main(p);

	int errnum = errno;

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = errnum;
	return pid;
}

int child_spawn(struct child *c, char *const argv[], const struct place *place,
		enum child_stdio stdio, const char *log_path, struct err *err)
{
	struct child new = CHILD_INIT;
	struct plan plan;
	int rc = plan_init(&plan, argv, place, stdio, log_path, err);

	if (rc < 0)
		goto out;
	new.pid = fork_with_signals_blocked(&plan);
	if (new.pid < 0) {
		new.pid = 0;
		rc = err_failed(err, errno, "cannot start a process for %s", argv[0]);
		goto out;
	}
	setpgid(new.pid, new.pid); /* whoever comes first: it is done when we return */
	new.pidfd = pidfd_open(new.pid, 0);
	if (new.pidfd < 0)
		rc = err_failed(err, errno, "cannot watch %s (pidfd needs Linux 5.3)", argv[0]);
	if (rc == 0 && place && place->join)
		rc = place->join(place->arg, new.pid, err);
	if (rc == 0) {
		new.start_ns = clock_ns();
		rc = release_to_exec(&plan, err);
	}
	if (rc < 0) {
		kill(new.pid, SIGKILL);
		while (waitpid(new.pid, NULL, 0) < 0 && errno == EINTR)
			;
		close_fd(&new.pidfd);
		goto out;
	}
	new.out_fd = plan.out_fd;
	plan.out_fd = -1;
	*c = new;
out:
	if (rc < 0)
		*c = (struct child)CHILD_INIT;
	plan_release(&plan);
	return rc;
}

/* Its end is certain. */
static int reap(struct child *c, struct err *err)
{
	/* While it is not reaped its number is its group's alone. */
	kill(-c->pid, SIGKILL);
	while (wait4(c->pid, &c->status, 0, &c->usage) < 0) {
		if (errno != EINTR)
			return err_failed(err, errno, "cannot learn how process %d ended", c->pid);
	}
	c->end_ns = clock_ns();
	c->reaped = true;
	return 1;
}

int child_wait(struct child *c, int timeout_ms, struct err *err)
{
	struct pollfd ended = { .fd = c->pidfd, .events = POLLIN };
	int n;

	if (c->reaped)
		return 1;
	if (!c->pid)
		return err_failed(err, ECHILD, "there is no process to wait for");
	n = poll(&ended, 1, timeout_ms);
	if (n < 0)
		return err_failed(err, errno, "waiting for process %d", c->pid);
	return n == 0 ? 0 : reap(c, err);
}

int child_signal(struct child *c, int sig)
{
	if (!c->pid || c->reaped)
		return -ESRCH;
	return kill(-c->pid, sig) == 0 ? 0 : -errno;
}

/* child_wait() that signals do not end. */
static void wait_patiently(struct child *c, int patience_ms)
{
	uint64_t deadline = clock_ns() + (uint64_t)patience_ms * NSEC_PER_MSEC;

	for (;;) {
		uint64_t now = clock_ns();
		uint64_t left_ns = now < deadline ? deadline - now : 0;
		uint64_t left_ms = (left_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;

		if (child_wait(c, (int)left_ms, NULL) != -EINTR)
			return;
	}
}

void child_stop(struct child *c, int grace_ms)
{
	if (!c->pid || c->reaped || c->stuck)
		return;
	child_signal(c, SIGTERM);
	child_signal(c, SIGCONT); /* a stopped process would never see it */
	wait_patiently(c, grace_ms);
	if (c->reaped)
		return;
	child_signal(c, SIGKILL);
	wait_patiently(c, KILL_PATIENCE_MS);
	c->stuck = !c->reaped;
}

static void close_fds(struct child *c)
{
	close_fd(&c->pidfd);
	close_fd(&c->out_fd);
}

void child_release(struct child *c)
{
	child_stop(c, RELEASE_PATIENCE_MS);
	close_fds(c);
}

void child_leave(struct child *c)
{
	if (!c->pid)
		return;
	child_wait(c, 0, NULL);
	close_fds(c);
}

void child_describe(const struct child *c, char *dst, size_t size)
{
	if (!c->pid)
		snprintf(dst, size, "was not started");
	else if (!c->reaped)
		snprintf(dst, size, "is running");
	else if (WIFSIGNALED(c->status))
		snprintf(dst, size, "was killed by signal %d (%s)", WTERMSIG(c->status),
			 strsignal(WTERMSIG(c->status)));
	else
		snprintf(dst, size, "exited with status %d", WEXITSTATUS(c->status));
}

/* The last bytes of a file as printable lines; the first may be cut. */
static int read_tail(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	lseek(fd, -8192, SEEK_END); /* fails on a shorter file, which is then read whole */
	rc = buf_read_fd(b, fd);
	close(fd);
	for (size_t i = 0; rc == 0 && i < b->len; i++) {
		unsigned char byte = (unsigned char)b->data[i];

		if (byte != '\n' && (byte < ' ' || byte == 0x7f))
			b->data[i] = ' ';
	}
	return rc;
}

void child_log_tail(const char *log_path, char *dst, size_t size)
{
	static const char joint[] = " | ";
	struct buf b = BUF_INIT;
	size_t free_bytes;

	if (size == 0)
		return;
	dst[0] = '\0';
	if (read_tail(log_path, &b) < 0)
		goto out;

	/* From the last line to the first, filling dst from its end. */
	free_bytes = size - 1;
	for (char *end = b.data + b.len; end > b.data;) {
		char *newline = memrchr(b.data, '\n', (size_t)(end - b.data));
		char *line = newline ? newline + 1 : b.data;
		size_t len = (size_t)(end - line), joint_len = sizeof(joint) - 1;

		end = newline ? newline : b.data;
		if (strspn(line, " ") >= len)
			continue;
		if (free_bytes == size - 1) { /* the last one: cut rather than left out */
			joint_len = 0;
			if (len > free_bytes)
				len = free_bytes;
		}
		if (len + joint_len > free_bytes)
			break;
		free_bytes -= joint_len;
		memcpy(dst + free_bytes, joint, joint_len);
		free_bytes -= len;
		memcpy(dst + free_bytes, line, len);
	}
	memmove(dst, dst + free_bytes, size - 1 - free_bytes);
	dst[size - 1 - free_bytes] = '\0';
out:
	buf_release(&b);
}
