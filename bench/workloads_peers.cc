// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a person would take instead of workloads/, with the same keys and sizes: Abseil's hash table and
 * B-tree, the standard library's hash table, and libc's search for a byte as the fastest reader of memory.
 * For bench/workloads.sh.
 *
 *	build/bench/workloads_peers absl_map|std_map|absl_btree|absl_join|memchr MEGABYTES
 *
 * Prints operations (for memchr 10^9 bytes) per second of CPU time of one thread.
 */
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"

extern "C" {
#include "base/random.h"
#include "base/scatter.h"
#include "base/zipf.h"
}

namespace {

double now()
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

/* The draws of workloads/, made while time is taken, as they are there. */
class Draw {
public:
	explicit Draw(uint64_t n) : zipf(new struct zipf)
	{
		zipf_init(zipf.get(), n, 0.99);
		scatter_init(&order, n, 1);
	}

	uint64_t operator()()
	{
		return scatter(&order, zipf_rank(zipf.get(), random_next(&seed)));
	}

private:
	std::unique_ptr<struct zipf> zipf;
	struct scatter order;
	uint64_t seed = 1;
};

uint64_t key_of(uint64_t number)
{
	return mix64(number + 1);
}

size_t size_of(uint64_t key)
{
	return size_t(8 * std::pow(512, double(mix64(key) % 64) / 63));
}

/* 95 % gets, of which every word is added up, and sets of all of a value: kvmap. */
template <typename Map> double map_rate(uint64_t megabytes)
{
	uint64_t keys = (megabytes << 20) / 720, sum = 0;
	size_t operations = 10000000;
	Draw draw(keys);
	Map map;

	for (uint64_t i = 0; i < keys; i++)
		map.emplace(key_of(i), std::string(size_of(key_of(i)), char(i)));
	double begin = now();
	for (size_t i = 0; i < operations; i++) {
		std::string &value = map.find(key_of(draw()))->second;

		if (mix64(i) % 100 < 95) {
			for (size_t at = 0; at + 8 <= value.size(); at += 8) {
				uint64_t word;

				memcpy(&word, value.data() + at, 8);
				sum += word;
			}
		} else {
			memset(value.data(), int(i), value.size());
		}
	}
	double seconds = now() - begin;

	if (sum == 42)
		puts("");
	return double(operations) / seconds;
}

/* Keys in ascending order, as btree loads them; lookups alone. */
double btree_rate(uint64_t megabytes)
{
	uint64_t pairs = (megabytes << 20) / 17, sum = 0, gap = UINT64_MAX / (pairs + 1);
	size_t lookups = 10000000;
	Draw draw(pairs);
	absl::btree_map<uint64_t, uint64_t> map;

	for (uint64_t i = 0; i < pairs; i++)
		map.emplace_hint(map.end(), i * gap + mix64(i) % gap, i);
	double begin = now();
	for (size_t k = 0; k < lookups; k++) {
		uint64_t i = draw();

		sum += map.find(i * gap + mix64(i) % gap)->second;
	}
	double seconds = now() - begin;

	if (sum == 42)
		puts("");
	return double(lookups) / seconds;
}

/* Four tuples probe for each that is built: hashjoin. */
double join_rate(uint64_t megabytes)
{
	struct tuple {
		uint64_t key, payload;
	};
	uint64_t n = (megabytes << 20) / (16 * 7), sum = 0;
	std::vector<tuple> r(n), s(4 * n);
	struct scatter order;

	scatter_init(&order, n, 1);
	for (uint64_t i = 0; i < n; i++)
		r[i] = { 1 + scatter(&order, i), mix64(i) };
	for (uint64_t i = 0; i < 4 * n; i++)
		s[i] = { 1 + mix64(i) % n, i };
	double begin = now();
	absl::flat_hash_map<uint64_t, uint64_t> table;

	table.reserve(n);
	for (const tuple &t : r)
		table.emplace(t.key, t.payload);
	for (const tuple &t : s) {
		auto found = table.find(t.key);

		if (found != table.end())
			sum += found->second + t.payload;
	}
	double seconds = now() - begin;

	if (sum == 42)
		puts("");
	return double(5 * n) / seconds;
}

double memchr_rate(uint64_t megabytes)
{
	size_t bytes = megabytes << 20;
	std::vector<char> memory(bytes, 1);
	double begin = now();

	for (int pass = 0; pass < 10; pass++) {
		if (memchr(memory.data(), 2 + pass, bytes))
			abort();
	}
	return 10 * double(bytes) / 1e9 / (now() - begin);
}

} /* namespace */

int main(int argc, char *argv[])
{
	std::string what = argc == 3 ? argv[1] : "";
	uint64_t megabytes = argc == 3 ? strtoull(argv[2], nullptr, 10) : 0;
	double rate = what == "absl_map" ? map_rate<absl::flat_hash_map<uint64_t, std::string>>(megabytes)
		      : what == "std_map" ? map_rate<std::unordered_map<uint64_t, std::string>>(megabytes)
		      : what == "absl_btree" ? btree_rate(megabytes)
		      : what == "absl_join"  ? join_rate(megabytes)
		      : what == "memchr"     ? memchr_rate(megabytes)
					     : 0;

	if (rate == 0)
		return 2;
	printf("%.6g\n", rate);
	return 0;
}
