// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pool rdma when a process of the job is killed: nothing of it is under way when it is buried, its lane is
 * another's, and so are its slots. The NIC is none (tests/fake_verbs.h): a store is under way for as long as
 * the test wants.
 */
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/pager/pool_rdma_box.h"
#include "backend/pager/pools.h"
#include "tests/fake_verbs.h"

#define FIRST	    POOL_SERVER_FIRST_SLOT
#define MANY	    POOL_RUNS	    /* runs of a batch */
#define QUEUE	    (4 * POOL_RUNS) /* what the keeper has under way at most */
#define NR_SLOTS    (2 * FIRST + 2 * QUEUE)
#define STORE_BOXES (RDMA_BOXES - 1)

static struct pool_ctx pool;

static struct rdma_shared *shared(void)
{
	return pool.shared;
}

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	memset(wire.memory, 0, sizeof(wire.memory));
	wire.holds = false;
	wire.nr_held = wire.nr_done = 0;
	pool = (struct pool_ctx){ .nr_slots = NR_SLOTS, .fd = -1 };
	pool.shared = mmap(NULL, POOL_SHARED_BYTES, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pool_make(&pool, "rdma:target=127.0.0.1,timeout=600s", &err) == 0)
		return 0;
	print_error("%s\n", err.msg);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	wire_pass();
	pool_close(&pool);
	return munmap(pool.shared, POOL_SHARED_BYTES);
}

/* --- batches: so many runs of a page each, from slot FIRST + at on ------------------------------------------ */

struct batch {
	uint32_t at, nr;
	unsigned char byte;
};

static int transfer(const struct batch *b, char *pages,
		    int (*fn)(struct pool_ctx *, const struct pool_run *, size_t))
{
	struct pool_run runs[MANY];

	for (uint32_t i = 0; i < b->nr; i++)
		runs[i] = (struct pool_run){ FIRST + b->at + i, 1, pages + i * POOL_PAGE };
	return fn(&pool, runs, b->nr);
}

static int store(const struct batch *b)
{
	static char pages[MANY * POOL_PAGE];

	memset(pages, b->byte, b->nr * POOL_PAGE);
	return transfer(b, pages, pool.pool->store);
}

static void expect(const struct batch *b)
{
	static char pages[MANY * POOL_PAGE], wanted[POOL_PAGE];

	memset(wanted, b->byte, sizeof(wanted));
	assert_int_equal(transfer(b, pages, pool.pool->load), 0);
	for (uint32_t i = 0; i < b->nr; i++) {
		if (memcmp(pages + i * POOL_PAGE, wanted, POOL_PAGE) != 0)
			fail_msg("slot %u: %#x, not %#x", FIRST + b->at + i,
				 (unsigned char)pages[i * POOL_PAGE], b->byte);
	}
}

/* --- a process of the job ------------------------------------------------------------------------------------ */

struct process {
	pid_t pid;
	uint32_t owner;
};

static void __attribute__((noreturn)) live(const struct batch *batches, size_t nr, int told)
{
	struct err err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pool.state = NULL;
	if (pool.pool->open(&pool, &err) != 0)
		_exit(2);
	for (size_t i = 0; i < nr; i++) {
		if (store(&batches[i]) != 0)
			_exit(3);
	}
	/* As it was at the fork: what isn't held arrives. */
	if (!wire.holds && pool.pool->settle(&pool) != 0)
		_exit(5);
	if (write(told, &pool.owner, sizeof(pool.owner)) != sizeof(pool.owner))
		_exit(4);
	for (;;)
		pause();
}

/* Returns when it has asked for all of its stores; where these are not held, they have arrived. */
static struct process start(const struct batch *batches, size_t nr)
{
	struct process p;
	int told[2];

	assert_int_equal(pipe(told), 0);
	p.pid = fork();
	if (p.pid == 0)
		live(batches, nr, told[1]);
	close(told[1]);
	assert_int_equal(read(told[0], &p.owner, sizeof(p.owner)), sizeof(p.owner));
	close(told[0]);
	return p;
}

static void end(const struct process *p)
{
	kill(p->pid, SIGKILL);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
}

static bool has_lane(uint32_t owner)
{
	for (uint32_t i = 0; i < RDMA_LANES; i++) {
		if ((uint32_t)shared()->lanes[i] == owner)
			return true;
	}
	return false;
}

static void wait_until_held(unsigned int nr)
{
	while (wire_held() != nr)
		usleep(100);
}

/* --- its burial, in a thread of its own ---------------------------------------------------------------------- */

struct burial {
	uint32_t owner;
	pthread_t thread;
	_Atomic pid_t tid;
	atomic_bool over;
};

static void *bury(void *arg)
{
	struct burial *b = arg;

	b->tid = (pid_t)syscall(SYS_gettid);
	pool.pool->bury(&pool, b->owner);
	b->over = true;
	return NULL;
}

/* Does it sleep in futex(2)? proc(5): /proc/PID/task/TID/syscall. */
static bool is_waiting(const struct burial *b)
{
	char path[64], line[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)b->tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return line[0] >= '0' && line[0] <= '9' && strtol(line, NULL, 10) == SYS_futex;
}

/* Returns when it waits, or is over. */
static void begin_burial(struct burial *b, const struct process *p)
{
	*b = (struct burial){ .owner = p->owner };
	assert_int_equal(pthread_create(&b->thread, NULL, bury, b), 0);
	while (!b->over && !is_waiting(b))
		usleep(100);
}

static void end_burial(struct burial *b)
{
	assert_int_equal(pthread_join(b->thread, NULL), 0);
	assert_true(b->over);
}

/* --- tests ----------------------------------------------------------------------------------------------------- */

static void stores_under_way_are_waited_for(void **state)
{
	const struct batch other = { 100, 50, 'o' }, killed[] = { { 0, 10, 'a' }, { 10, 20, 'b' } },
			   next = { 0, 30, 'n' };
	struct process neighbour, p;
	struct burial b;

	(void)state;
	neighbour = start(&other, 1);
	wire_hold();
	p = start(killed, 2);
	wait_until_held(30);
	end(&p);
	begin_burial(&b, &p);
	assert_false(b.over);
	assert_true(has_lane(p.owner));
	assert_int_equal(wire_held(), 30);
	wire_pass();
	end_burial(&b);
	assert_false(has_lane(p.owner));

	/* Its lane and its slots are another's; what it stored can't come after that. */
	p = start(&next, 1);
	pool.pool->bury(&pool, neighbour.owner + 1000); /* nobody's */
	end(&p);
	pool.pool->bury(&pool, p.owner);
	expect(&next);
	expect(&other);
	end(&neighbour);
	pool.pool->bury(&pool, neighbour.owner);
	assert_false(has_lane(neighbour.owner));
	assert_null(pool.pool->lost(&pool));
}

/* What the queue has no room for is not begun any more: nobody writes it later. */
static void stores_not_begun_are_taken_back(void **state)
{
	const struct batch first[STORE_BOXES] = { { 0, MANY, 'a' },
						  { MANY, MANY, 'b' },
						  { 2 * MANY, MANY, 'c' } };
	const struct batch second = { 3 * MANY, MANY, 'd' }, late = { QUEUE, 7, 'e' },
			   never = { QUEUE, 7, 0 };
	struct process one, two, p;
	struct burial b;

	(void)state;
	wire_hold();
	one = start(first, STORE_BOXES);
	two = start(&second, 1);
	wait_until_held(QUEUE);
	p = start(&late, 1);
	end(&p);
	begin_burial(&b, &p);
	assert_true(b.over);
	end_burial(&b);
	assert_int_equal(wire_held(), QUEUE);
	assert_false(has_lane(p.owner));
	wire_pass();
	end(&one);
	end(&two);
	pool.pool->bury(&pool, one.owner);
	pool.pool->bury(&pool, two.owner);
	expect(&never);
	for (size_t i = 0; i < STORE_BOXES; i++)
		expect(&first[i]);
	expect(&second);
}

/* As often as there are lanes, and more: none is left behind. */
static void lanes_come_free(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RDMA_LANES + 5; i++) {
		const struct batch batch = { i, 1, (unsigned char)i };
		struct process p = start(&batch, 1);

		end(&p);
		pool.pool->bury(&pool, p.owner);
		expect(&batch);
	}
}

/* One that was killed before the board knew of it: with the next that is buried. */
static void a_lane_nobody_told_of_comes_free(void **state)
{
	const struct batch batch = { 0, 4, 'a' }, others = { 4, 4, 'b' };
	struct process killed = start(&batch, 1), other = start(&others, 1);

	(void)state;
	pool.pool->bury(&pool, other.owner + 1000);
	assert_true(has_lane(killed.owner));
	end(&killed);
	pool.pool->bury(&pool, other.owner + 1000);
	assert_false(has_lane(killed.owner));
	assert_true(has_lane(other.owner));
	end(&other);
	pool.pool->bury(&pool, other.owner);
	expect(&batch);
	expect(&others);
}

/* A server that is lost meanwhile ends the wait, and the lane stays taken: its stores may still be somewhere. */
static void a_lost_server_ends_the_wait(void **state)
{
	const struct batch batch = { 0, 4, 'a' };
	struct process p;
	struct burial b;

	(void)state;
	wire_hold();
	p = start(&batch, 1);
	wait_until_held(4);
	end(&p);
	begin_burial(&b, &p);
	assert_false(b.over);
	wire_event(RDMA_CM_EVENT_DISCONNECTED);
	end_burial(&b);
	assert_true(has_lane(p.owner));
	assert_non_null(strstr(pool.pool->lost(&pool), "it closed the connection"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stores_under_way_are_waited_for),
		TEST(stores_not_begun_are_taken_back),
		TEST(lanes_come_free),
		TEST(a_lane_nobody_told_of_comes_free),
		TEST(a_lost_server_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
