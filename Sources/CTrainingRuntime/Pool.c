#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "TrainingRuntime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

// The ticket is the one word that everybody agrees on: its high half numbers the job, its low half
// counts the pieces that nobody has claimed. A thread reads the job's fields, then claims a piece
// by taking one from the ticket it read. When that succeeds the fields belonged to this job,
// because they are rewritten only after its last piece; a thread that wakes up late fails and
// touches nothing. Nobody ever waits for a thread that holds no piece.

#define MAX_THREADS 256
#define SPINS 16384
#define PIECES(ticket) ((ticket) & UINT32_MAX)
#define NUMBER(ticket) ((ticket) >> 32)

static struct {
  _Alignas(64) _Atomic uint64_t ticket;
  _Atomic(tk_job) job;
  _Atomic(void *) context;
  _Atomic int64_t count, grain;
  _Atomic uint64_t pieces;
  _Alignas(64) _Atomic uint64_t unfinished;
  _Alignas(64) _Atomic int32_t sleepers;
  _Atomic bool caller_sleeps;
  pthread_mutex_t lock;
  pthread_cond_t posted, finished;
  // The rest belongs to whoever set `busy`.
  _Alignas(64) atomic_bool busy;
  _Atomic int32_t workers;
  pthread_t threads[MAX_THREADS];
} pool = {
  .lock = PTHREAD_MUTEX_INITIALIZER,
  .posted = PTHREAD_COND_INITIALIZER,
  .finished = PTHREAD_COND_INITIALIZER,
};

static _Atomic int32_t wanted_threads;
static _Thread_local bool works_alone;
static _Thread_local int32_t worker_index;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

// Runs pieces until none is unclaimed; returns the ticket that said so.
static uint64_t run_pieces(void) {
  uint64_t ran = 0;
  uint64_t ticket = atomic_load(&pool.ticket);
  while (PIECES(ticket) > 0) {
    tk_job job = atomic_load_explicit(&pool.job, memory_order_relaxed);
    void *context = atomic_load_explicit(&pool.context, memory_order_relaxed);
    int64_t count = atomic_load_explicit(&pool.count, memory_order_relaxed);
    int64_t grain = atomic_load_explicit(&pool.grain, memory_order_relaxed);
    uint64_t pieces = atomic_load_explicit(&pool.pieces, memory_order_relaxed);
    if (!atomic_compare_exchange_weak(&pool.ticket, &ticket, ticket - 1)) continue;
    int64_t begin = (int64_t)(pieces - PIECES(ticket)) * grain;
    job(context, begin, count - begin < grain ? count : begin + grain);
    ran++;
    ticket = atomic_load(&pool.ticket);
  }
  bool last = ran > 0 && atomic_fetch_sub(&pool.unfinished, ran) == ran;
  if (last && atomic_load(&pool.caller_sleeps)) {
    pthread_mutex_lock(&pool.lock);
    pthread_cond_signal(&pool.finished);
    pthread_mutex_unlock(&pool.lock);
  }
  return ticket;
}

static void await_another_job(uint64_t number) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (NUMBER(atomic_load_explicit(&pool.ticket, memory_order_acquire)) != number) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool.lock);
  atomic_fetch_add(&pool.sleepers, 1);
  while (NUMBER(atomic_load(&pool.ticket)) == number) pthread_cond_wait(&pool.posted, &pool.lock);
  atomic_fetch_sub(&pool.sleepers, 1);
  pthread_mutex_unlock(&pool.lock);
}

static void await_last_piece(void) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (atomic_load_explicit(&pool.unfinished, memory_order_acquire) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool.lock);
  atomic_store(&pool.caller_sleeps, true);
  while (atomic_load(&pool.unfinished) > 0) pthread_cond_wait(&pool.finished, &pool.lock);
  atomic_store(&pool.caller_sleeps, false);
  pthread_mutex_unlock(&pool.lock);
}

// A new ticket number wakes the workers up, with or without pieces to claim.
static void post(uint64_t pieces, int64_t wake) {
  uint64_t number = NUMBER(atomic_load(&pool.ticket)) + 1;
  atomic_store(&pool.unfinished, pieces);
  atomic_store(&pool.ticket, number << 32 | pieces);
  int32_t sleepers = atomic_load(&pool.sleepers);
  if (sleepers == 0) return;
  pthread_mutex_lock(&pool.lock);
  if (wake >= sleepers) pthread_cond_broadcast(&pool.posted);
  else
    for (int64_t i = 0; i < wake; i++) pthread_cond_signal(&pool.posted);
  pthread_mutex_unlock(&pool.lock);
}

// The number of workers is read after the ticket, because it is written before.
static void *work(void *index) {
  worker_index = (int32_t)(intptr_t)index + 1;
  for (;;) {
    uint64_t number = NUMBER(run_pieces());
    if ((int32_t)(intptr_t)index >= atomic_load(&pool.workers)) return NULL;
    await_another_job(number);
  }
}

static void forget_workers_in_child(void) {
  atomic_store(&pool.ticket, 0);
  atomic_store(&pool.sleepers, 0);
  atomic_store(&pool.workers, 0);
  atomic_store(&pool.caller_sleeps, false);
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.posted, NULL);
  pthread_cond_init(&pool.finished, NULL);
  atomic_store(&pool.busy, false);
}

static void watch_forks(void) { pthread_atfork(NULL, NULL, forget_workers_in_child); }

static void resize(int32_t workers) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch_forks);
  int32_t running = atomic_load(&pool.workers);
  atomic_store(&pool.workers, workers);
  if (running > workers) post(0, MAX_THREADS);
  for (; running > workers; running--) pthread_join(pool.threads[running - 1], NULL);
  for (; running < workers; running++) {
    pthread_t *thread = &pool.threads[running];
    if (pthread_create(thread, NULL, work, (void *)(intptr_t)running) == 0) continue;
    atomic_store(&pool.workers, running);
    atomic_store(&wanted_threads, running + 1);
    return;
  }
}

static void run_alone(int64_t count, int64_t grain, tk_job job, void *context) {
  for (int64_t begin = 0; begin < count; begin += grain)
    job(context, begin, count - begin < grain ? count : begin + grain);
}

void tk_parallel_for(int64_t count, int64_t grain, tk_job job, void *context) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  if (count <= grain) return job(context, 0, count);
  int32_t threads = tk_thread_count();
  uint64_t pieces = (uint64_t)((count - 1) / grain + 1);
  if (threads == 1 || works_alone || pieces > UINT32_MAX || atomic_exchange(&pool.busy, true))
    return run_alone(count, grain, job, context);
  if (atomic_load(&pool.workers) != threads - 1) resize(threads - 1);
  atomic_store_explicit(&pool.job, job, memory_order_relaxed);
  atomic_store_explicit(&pool.context, context, memory_order_relaxed);
  atomic_store_explicit(&pool.count, count, memory_order_relaxed);
  atomic_store_explicit(&pool.grain, grain, memory_order_relaxed);
  atomic_store_explicit(&pool.pieces, pieces, memory_order_relaxed);
  post(pieces, (int64_t)pieces - 1);
  run_pieces();
  await_last_piece();
  atomic_store(&pool.busy, false);
}

void tk_work_alone(void) { works_alone = true; }

int32_t tk_worker_index(void) { return worker_index; }

static int32_t available_cores(void) {
#if defined(__linux__)
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
#endif
  return (int32_t)sysconf(_SC_NPROCESSORS_ONLN);
}

int32_t tk_thread_count(void) {
  int32_t threads = atomic_load_explicit(&wanted_threads, memory_order_relaxed);
  if (threads > 0) return threads;
  const char *text = getenv("TRAININGKIT_THREADS");
  tk_set_thread_count(text && *text ? (int32_t)strtol(text, NULL, 10) : available_cores());
  return atomic_load_explicit(&wanted_threads, memory_order_relaxed);
}

void tk_set_thread_count(int32_t count) {
  atomic_store(&wanted_threads, count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : count);
}
