#include "TrainingRuntime.h"

#include <pthread.h>
#include <stdatomic.h>

static _Thread_local void *thread_state;
static _Atomic(void (*)(void *)) release_state;
static pthread_key_t key;

// `release` must find no state, lest it use what it is about to free.
static void end_thread(void *state) {
  thread_state = NULL;
  atomic_load(&release_state)(state);
}

static void make_key(void) { pthread_key_create(&key, end_thread); }

void *tk_thread_state(void) { return thread_state; }

void tk_set_thread_state(void *state, void (*release)(void *)) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_key);
  atomic_store(&release_state, release);
  pthread_setspecific(key, state);
  thread_state = state;
}
