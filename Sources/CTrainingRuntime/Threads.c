#include "TrainingRuntime+Threads.h"

#include <pthread.h>
#include <stdlib.h>

struct tk_monitor {
  pthread_mutex_t lock;
  pthread_cond_t signal;
};

tk_monitor *tk_monitor_create(void) {
  tk_monitor *monitor = malloc(sizeof *monitor);
  if (!monitor) return NULL;
  pthread_mutex_init(&monitor->lock, NULL);
  pthread_cond_init(&monitor->signal, NULL);
  return monitor;
}

void tk_monitor_destroy(tk_monitor *monitor) {
  pthread_cond_destroy(&monitor->signal);
  pthread_mutex_destroy(&monitor->lock);
  free(monitor);
}

void tk_monitor_lock(tk_monitor *monitor) { pthread_mutex_lock(&monitor->lock); }
void tk_monitor_unlock(tk_monitor *monitor) { pthread_mutex_unlock(&monitor->lock); }
void tk_monitor_wait(tk_monitor *monitor) { pthread_cond_wait(&monitor->signal, &monitor->lock); }
void tk_monitor_signal(tk_monitor *monitor) { pthread_cond_broadcast(&monitor->signal); }

struct tk_thread {
  pthread_t thread;
  void (*body)(void *);
  void *context;
};

static void *run(void *argument) {
  tk_thread *thread = argument;
  thread->body(thread->context);
  return NULL;
}

tk_thread *tk_thread_start(void (*body)(void *), void *context) {
  tk_thread *thread = malloc(sizeof *thread);
  if (!thread) return NULL;
  thread->body = body;
  thread->context = context;
  if (pthread_create(&thread->thread, NULL, run, thread) == 0) return thread;
  free(thread);
  return NULL;
}

void tk_thread_join(tk_thread *thread) {
  pthread_join(thread->thread, NULL);
  free(thread);
}
