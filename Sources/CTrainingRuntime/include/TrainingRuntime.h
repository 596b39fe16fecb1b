// What touches the system: the fork-join pool and per-thread state.
#ifndef TRAINING_RUNTIME_H
#define TRAINING_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Builds that knew the folder before a header was new see it by a change of this one.
#include "TrainingRuntime+CUDA.h"

typedef void (*tk_job)(void *context, int64_t begin, int64_t end);

// Runs job over [0, count) in pieces of `grain` items (the last may be shorter) and returns when
// all are done. Pieces are claimed by the caller and the pool's workers from one counter; which
// thread runs a piece is unspecified, and the pieces themselves do not depend on the thread count.
// A call from inside a job, or while another thread's job is running, runs its pieces in order on
// the calling thread alone.
void tk_parallel_for(int64_t count, int64_t grain,
  __attribute__((swift_attr("@Sendable"))) tk_job job, void *context);

// From now on the calling thread runs the pieces of its jobs alone, and so takes the pool from nobody.
void tk_work_alone(void);

// Which of the threads that share a job the calling one is: 0 for the caller, and less than the
// thread count for all.
int32_t tk_worker_index(void);

// Threads that share a job, the caller among them: the machine's cores unless TRAININGKIT_THREADS
// or tk_set_thread_count says otherwise (1 … 256; values outside are clamped).
int32_t tk_thread_count(void);
void tk_set_thread_count(int32_t count);

// One pointer a thread, null at first; when the thread ends, `release` (set once for all) is called
// on it.
void *tk_thread_state(void);
void tk_set_thread_state(void *state,
  __attribute__((swift_attr("@Sendable"))) void (*release)(void *));

// Whether large memory that is taken from now on is asked to lie in huge pages: unless TRAININGKIT_HUGE_PAGES is 0 or
// tk_set_huge_pages says otherwise.
bool tk_huge_pages(void);
void tk_set_huge_pages(bool used);
// Memory with 64-byte alignment, in huge pages where large and the system has them; null when there
// is none.
void *tk_allocate(size_t bytes);
void tk_deallocate(void *memory, size_t bytes);

// Pages that read as zeros and cannot be written; they take no memory before they are read.
void *tk_map_zeros(size_t bytes);
// The bytes of a page, which addresses and sizes below are multiples of.
size_t tk_page_size(void);
// Addresses whose pages hold zeros and take no memory before they are written; null when there are none.
void *tk_reserve(size_t bytes);
// Gives the memory of pages back and keeps their addresses; false when the system refuses.
bool tk_discard(void *pages, size_t bytes);
void tk_unmap(void *pages, size_t bytes);
// What the address sanitizer, where there is one, takes for a mistake to touch, and what not.
void tk_forbid(void *memory, size_t bytes);
void tk_permit(void *memory, size_t bytes);

// A file without a name in a folder, which is gone when it is closed or the process ends; -1 with
// errno when there is none.
int32_t tk_file_open(const char *folder);
// Pages that lie in the file from a byte on, for all of which the disk has room; null when it has
// not.
void *tk_file_map(int32_t file, int64_t begin, size_t bytes);
void tk_file_close(int32_t file);
// Appends bytes and waits until they are on the disk; false when the system refuses.
bool tk_file_write(int32_t file, const void *bytes, size_t count);

// Bytes that the process could still take without swapping, within the limits of its container; 0
// where the system does not say.
int64_t tk_available_memory(void);

#endif
