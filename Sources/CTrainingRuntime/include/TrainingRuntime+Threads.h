// A thread of its own, and the lock and signal that it shares with others.
#ifndef TRAINING_RUNTIME_THREADS_H
#define TRAINING_RUNTIME_THREADS_H

#include <stdbool.h>

// Null when the system has no more.
typedef struct tk_monitor tk_monitor;
tk_monitor *tk_monitor_create(void);
void tk_monitor_destroy(tk_monitor *monitor);
void tk_monitor_lock(tk_monitor *monitor);
void tk_monitor_unlock(tk_monitor *monitor);
// Gives the lock back while waiting for a signal, which may come for nothing.
void tk_monitor_wait(tk_monitor *monitor);
void tk_monitor_signal(tk_monitor *monitor);

// Runs body(context) on a new thread; null when the system has no more. Every thread must be joined.
typedef struct tk_thread tk_thread;
tk_thread *tk_thread_start(
  __attribute__((swift_attr("@Sendable"))) void (*body)(void *), void *context);
void tk_thread_join(tk_thread *thread);

#endif
