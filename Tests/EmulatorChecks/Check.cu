// Kernels that check the emulator.
#include "Device.cuh"

struct tk_cuda_check {
  const float *x;
  float *y;
  int32_t count;
};

template <class T> __global__ void doubled(tk_cuda_check a) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < a.count) a.y[i] = 2 * a.x[i];
}

// One block of 256 threads.
__global__ void summed(tk_cuda_check a) {
  float sum = blockSum(threadIdx.x < a.count ? a.x[threadIdx.x] : 0.f);
  if (threadIdx.x == 0) a.y[0] = sum;
}

// One block: the barrier before the sum is missing.
__global__ void racy(tk_cuda_check a) {
  __shared__ float values[256];
  values[threadIdx.x] = a.x[threadIdx.x];
  if (threadIdx.x == 128) {
    float sum = 0;
    for (int i = 0; i < 256; i++) sum += values[i];
    a.y[0] = sum;
  }
}

// Blocks that rely on those before them.
__global__ void chained(tk_cuda_check a) {
  if (threadIdx.x == 0) a.y[blockIdx.x] = blockIdx.x == 0 ? 1 : a.y[blockIdx.x - 1] + 1;
}

__global__ void beyond(tk_cuda_check a) { a.y[blockIdx.x * blockDim.x + threadIdx.x] = 1; }

// Half of a warp waits for the block, half for the warp.
__global__ void divergent(tk_cuda_check a) {
  if (threadIdx.x < 16) __syncthreads();
  else __syncwarp();
  a.y[threadIdx.x] = 1;
}

// Threads that end without a barrier that others wait at.
__global__ void deserted(tk_cuda_check a) {
  if (threadIdx.x >= 32) return;
  __syncthreads();
  a.y[threadIdx.x] = 1;
}

// Shared memory that a launch adds.
__global__ void reversed(tk_cuda_check a) {
  DYNAMIC_SHARED(float, values);
  values[threadIdx.x] = a.x[threadIdx.x];
  __syncthreads();
  a.y[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}
