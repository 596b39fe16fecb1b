// CUDA's way of running on one thread of the processor: a fiber for each thread of a block, one block at a time.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

using std::memcpy;
using std::size_t;

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __restrict__ __restrict
#define __shared__ static thread_local

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

namespace emulator {
struct Place {
  dim3 thread, block, blockSize, gridSize;
};
extern thread_local Place *place;

// The order in which blocks, and the threads of a block, get their turn.
enum class Order { forward, backward, scattered };
extern thread_local Order order;

void syncBlock();
void syncWarp();
void *dynamicShared();
unsigned lane();
// Where a lane leaves a value for the others of its warp: 64 bytes.
void *slot(unsigned lane);

// Runs `body` once for every thread of the grid. Ends the program with a sentence where threads of a warp or a block
// wait for each other at different places.
void run(dim3 grid, dim3 block, size_t shared, const std::function<void()> &body);

template <class T> T exchanged(T value, unsigned source) {
  static_assert(sizeof(T) <= 64);
  memcpy(slot(lane()), &value, sizeof(T));
  syncWarp();
  T result;
  memcpy(&result, slot(source & 31), sizeof(T));
  syncWarp();
  return result;
}
}  // namespace emulator

#define threadIdx (emulator::place->thread)
#define blockIdx (emulator::place->block)
#define blockDim (emulator::place->blockSize)
#define gridDim (emulator::place->gridSize)

inline void __syncthreads() { emulator::syncBlock(); }
inline void __syncwarp(unsigned = ~0u) { emulator::syncWarp(); }
template <class T> T __shfl_sync(unsigned, T x, int source) { return emulator::exchanged(x, source); }
template <class T> T __shfl_xor_sync(unsigned, T x, int mask) {
  return emulator::exchanged(x, emulator::lane() ^ mask);
}
template <class T> T __shfl_down_sync(unsigned, T x, int distance) {
  unsigned source = emulator::lane() + distance;
  return emulator::exchanged(x, source > 31 ? emulator::lane() : source);
}
template <class T> T __shfl_up_sync(unsigned, T x, int distance) {
  unsigned lane = emulator::lane();
  return emulator::exchanged(x, lane < (unsigned)distance ? lane : lane - distance);
}
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline unsigned __umulhi(unsigned a, unsigned b) { return (uint64_t)a * b >> 32; }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
template <class T> T min(T a, T b) { return b < a ? b : a; }
template <class T> T max(T a, T b) { return a < b ? b : a; }
