// Checks of the fork-join pool, thread state and memory. `Pool timings` measures instead. Emulators
// that cannot fork a process with threads want `Pool without-fork`; the thread sanitizer wants
// TSAN_OPTIONS=die_after_fork=0:allocator_may_return_null=1.
#define _GNU_SOURCE
#include "TrainingRuntime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void expect(int truth, const char *what) {
  if (truth) return;
  printf("Pool: %s\n", what);
  failures++;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define ITEMS 5000

typedef struct { int visits[ITEMS]; int64_t grain, count; _Atomic int wrong; } record;

// Visits are plain ints, so that the thread sanitizer sees whether the pool orders them.
static void visit(void *context, int64_t begin, int64_t end) {
  record *r = context;
  int64_t full = begin + r->grain;
  if (begin % r->grain != 0 || end != (full < r->count ? full : r->count)) r->wrong++;
  for (int64_t i = begin; i < end; i++) r->visits[i]++;
}

static int visited_once(int64_t count, int64_t grain) {
  static _Thread_local record r;
  memset(&r, 0, sizeof r);
  r.grain = grain;
  r.count = count;
  tk_parallel_for(count, grain, visit, &r);
  for (int64_t i = 0; i < ITEMS; i++)
    if (r.visits[i] != (i < count)) return 0;
  return r.wrong == 0;
}

static void check_pieces(void) {
  for (int32_t threads = 1; threads <= 5; threads++) {
    tk_set_thread_count(threads);
    expect(tk_thread_count() == threads, "the thread count is what was set");
    for (int64_t count = 0; count < ITEMS; count += 1 + count / 3)
      for (int64_t grain = 1; grain <= 1024; grain *= 4)
        expect(visited_once(count, grain), "every item is visited once, in pieces of grain");
  }
  tk_set_thread_count(0);
  expect(tk_thread_count() == 1, "a count below 1 becomes 1");
  tk_set_thread_count(1000);
  expect(tk_thread_count() == 256, "a count above 256 becomes 256");
  tk_set_thread_count(3);
}

static void nest(void *context, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++)
    if (!visited_once(100, 7)) atomic_fetch_add((_Atomic int *)context, 1);
}

static void *call_often(void *wrong) {
  for (int i = 0; i < 200; i++)
    if (!visited_once(1000, 10)) atomic_fetch_add((_Atomic int *)wrong, 1);
  return NULL;
}

static void check_nesting_and_callers(void) {
  _Atomic int wrong = 0;
  for (int i = 0; i < 50; i++) tk_parallel_for(40, 1, nest, &wrong);
  expect(wrong == 0, "calls nest");
  pthread_t callers[4];
  for (int i = 0; i < 4; i++) pthread_create(&callers[i], NULL, call_often, &wrong);
  for (int i = 0; i < 100; i++) tk_set_thread_count(1 + i % 4);
  for (int i = 0; i < 4; i++) pthread_join(callers[i], NULL);
  expect(wrong == 0, "several threads may call while the count changes");
  tk_set_thread_count(3);
}

static void check_fork(void) {
  visited_once(1000, 1);
  pid_t child = fork();
  if (child == 0) _exit(visited_once(1000, 1) && visited_once(1000, 1) ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  expect(status == 0, "a child process has a pool");
}

static void check_idleness(void) {
  visited_once(1000, 1);
  usleep(50000);
  clock_t before = clock();
  usleep(100000);
  expect(clock() - before < CLOCKS_PER_SEC / 50, "an idle pool sleeps");
}

static _Atomic int released;

static void release(void *state) {
  if (tk_thread_state() == NULL) released += *(int *)state;
}

static void *hold_state(void *state) {
  if (tk_thread_state() != NULL) return NULL;
  tk_set_thread_state(state, release);
  return tk_thread_state();
}

static void check_thread_state(void) {
  int value = 7;
  pthread_t thread;
  void *held = NULL;
  pthread_create(&thread, NULL, hold_state, &value);
  pthread_join(thread, &held);
  expect(held == &value, "a thread keeps its state");
  expect(released == 7, "the state is released at the thread's end, and is null by then");
  expect(tk_thread_state() == NULL, "states are separate");
}

static void check_memory(void) {
  for (size_t bytes = 0; bytes < (size_t)1 << 25; bytes = bytes * 3 + 1) {
    char *memory = tk_allocate(bytes);
    expect(memory && (uintptr_t)memory % 64 == 0, "memory is aligned to 64 bytes");
    memset(memory, 1, bytes);
    tk_deallocate(memory, bytes);
  }
  expect(tk_allocate(SIZE_MAX) == NULL, "memory that does not exist is null");
  expect(tk_allocate(SIZE_MAX / 2) == NULL, "memory that does not exist is null");
}

static void meet(void *context, int64_t begin, int64_t end) {
  (void)begin, (void)end;
  _Atomic int *arrived = context;
  int turn = (atomic_fetch_add(arrived, 1) & ~1) + 2;
  while (atomic_load(arrived) < turn) {}
}

static void nothing(void *context, int64_t begin, int64_t end) {
  (void)context, (void)begin, (void)end;
}

static int ascending(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static void time_job(const char *name, tk_job job, int64_t count, unsigned idle) {
  enum { TRIALS = 2001 };
  static double times[TRIALS];
  _Atomic int arrived = 0;
  int trials = idle ? 201 : TRIALS;
  for (int i = 0; i < trials; i++) {
    if (idle) usleep(idle);
    double start = seconds();
    tk_parallel_for(count, 1, job, &arrived);
    times[i] = seconds() - start;
  }
  qsort(times, (size_t)trials, sizeof *times, ascending);
  printf("%-40s median %8.2f us, worst tenth %8.2f us\n", name, times[trials / 2] * 1e6,
         times[trials * 9 / 10] * 1e6);
}

static void print_timings(void) {
  tk_set_thread_count(2);
  time_job("one piece, inline", nothing, 1, 0);
  time_job("two empty pieces", nothing, 2, 0);
  time_job("64 empty pieces", nothing, 64, 0);
  time_job("two threads meet, hot", meet, 2, 0);
  time_job("two threads meet, after 2 ms idle", meet, 2, 2000);
  time_job("two empty pieces, after 2 ms idle", nothing, 2, 2000);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "timings") == 0) return print_timings(), 0;
  check_pieces();
  check_nesting_and_callers();
  if (argc < 2 || strcmp(argv[1], "without-fork") != 0) check_fork();
  check_idleness();
  check_thread_state();
  check_memory();
  if (failures == 0) printf("Pool: ok\n");
  return failures != 0;
}
