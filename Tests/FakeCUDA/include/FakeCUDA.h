// A driver and a run-time compiler of CUDA for tests: the memory of its devices is the host's, and its kernels are run
// by the emulator. What a real one would refuse is refused, and what it was asked for is counted.
#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H

#include "TrainingRuntime+CUDA.h"

#ifdef __cplusplus
extern "C" {
#endif

// A machine with devices of its own. Its libraries' functions may be called from any thread.
typedef struct fake_cuda_machine fake_cuda_machine;

typedef struct fake_cuda_settings {
  int32_t devices;
  // Such as 13000 for 13.0.
  int32_t driver_version;
  int32_t compiler_version;
  // Such as 90 for 9.0.
  int32_t capability;
  int32_t multiprocessors;
  // The memory of each device, in bytes.
  size_t memory;
  // The function that neither library has, or null.
  const char *missing;
} fake_cuda_settings;

// One device of capability 9.0 with 4 multiprocessors and 1 GiB; driver and compiler are 13.0.
fake_cuda_settings fake_cuda_usual(void);

// Null when FAKE_CUDA_MACHINES live already.
#define FAKE_CUDA_MACHINES 32
fake_cuda_machine *fake_cuda_create(fake_cuda_settings settings);
// Frees everything; calls through the machine's libraries return CUDA_ERROR_DEINITIALIZED from now on.
void fake_cuda_destroy(fake_cuda_machine *machine);

tk_library fake_cuda_driver(fake_cuda_machine *machine);
tk_library fake_cuda_compiler(fake_cuda_machine *machine);
tk_library fake_cuda_products(fake_cuda_machine *machine);

// The n-th call from now (1 is the next) of a name, or of any where it is null, fails with this number and does
// nothing. Several may be set.
void fake_cuda_fail(fake_cuda_machine *machine, const char *name, int64_t n, int32_t error);
// From now on every call of the driver fails with CUDA_ERROR_LAUNCH_FAILED, as after a fault of a kernel.
void fake_cuda_lose(fake_cuda_machine *machine);
// The order in which threads and blocks of kernels get their turn: 0 forward, 1 backward, 2 scattered.
void fake_cuda_set_order(fake_cuda_machine *machine, int32_t order);
// From now on work that is put into a stream waits there until somebody waits for it, as it may on a GPU.
void fake_cuda_defer(fake_cuda_machine *machine);

// How often a function of a name was called, or all of them where it is null, whether they failed or not.
int64_t fake_cuda_calls(fake_cuda_machine *machine, const char *name);
// How many launches of kernels succeeded: of the name that the compiler was asked for, or of all where it is null.
int64_t fake_cuda_launches(fake_cuda_machine *machine, const char *kernel);

// What was made and not given back.
typedef struct fake_cuda_live {
  int64_t allocations, bytes, most_bytes, host_allocations, host_bytes, contexts, streams, events,
    modules, programs, products;
} fake_cuda_live;
fake_cuda_live fake_cuda_alive(fake_cuda_machine *machine);

// The kernels that can be run, in the order of their sources and names; with null members behind the last.
typedef struct fake_cuda_kernel {
  const char *source;
  const char *name;
} fake_cuda_kernel;
fake_cuda_kernel fake_cuda_kernel_at(int32_t position);

#ifdef __cplusplus
}
#endif

#endif
