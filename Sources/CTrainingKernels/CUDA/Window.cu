#include "Device.cuh"
#include "CUDA/Window.h"

template <class T> DEVICE T fromBits(uint64_t bits) { return (T)bits; }
template <> DEVICE float16 fromBits<float16>(uint64_t bits) { return float16{(uint16_t)bits}; }

// columns[plane, kernel row, kernel column, output row, output column] = what the window sees there; T has as many
// bytes as an element.
template <class T> __global__ void unfold(tk_cuda_window a) {
  int places = a.kernel_height * a.kernel_width, outputs = a.out_height * a.out_width;
  int64 block = blockIdx.x / a.tiles, plane = block / places;
  int place = (int)(block - plane * places), first = (int)(blockIdx.x - block * a.tiles) * a.tile;
  int top = place / a.kernel_width * a.dilation_height - a.pad_top;
  int left = place % a.kernel_width * a.dilation_width - a.pad_left;
  const T *image = (const T *)a.x + plane * a.height * a.width;
  T *column = (T *)a.y + block * outputs, padding = fromBits<T>(a.padding);
  int last = min(first + a.tile, outputs);
#pragma unroll 4
  for (int i = first + threadIdx.x; i < last; i += blockDim.x) {
    int row = (uint32_t)i / (uint32_t)a.out_width;
    int y = row * a.stride_height + top, x = (i - row * a.out_width) * a.stride_width + left;
    bool isInside = y >= 0 && y < a.height && x >= 0 && x < a.width;
    column[i] = isInside ? image[(int64)y * a.width + x] : padding;
  }
}

// Which output sees an input at a distance from the window's first place, or -1.
DEVICE int outputAt(int distance, int stride, int outputs) {
  if (distance < 0) return -1;
  int output = stride == 1 ? distance : distance / stride;
  return output < outputs && output * stride == distance ? output : -1;
}

// images[plane, y, x] = the sum of what saw that pixel, in the order of the kernel's places.
template <class T> __global__ void fold(tk_cuda_window a) {
  int places = a.kernel_height * a.kernel_width, pixels = a.height * a.width;
  int64 outputs = (int64)a.out_height * a.out_width, plane = blockIdx.x / a.tiles;
  int first = (int)(blockIdx.x - plane * a.tiles) * a.tile, last = min(first + a.tile, pixels);
  const T *columns = (const T *)a.x + plane * places * outputs;
  T *image = (T *)a.y + plane * pixels;
  for (int i = first + threadIdx.x; i < last; i += blockDim.x) {
    int y = (uint32_t)i / (uint32_t)a.width, x = i - y * a.width;
    Compute<T> sum = 0;
    for (int kernelRow = 0; kernelRow < a.kernel_height; kernelRow++) {
      int row = outputAt(y + a.pad_top - kernelRow * a.dilation_height, a.stride_height, a.out_height);
      if (row < 0) continue;
#pragma unroll 4
      for (int kernelColumn = 0; kernelColumn < a.kernel_width; kernelColumn++) {
        int distance = x + a.pad_left - kernelColumn * a.dilation_width;
        int column = outputAt(distance, a.stride_width, a.out_width);
        if (column < 0) continue;
        int64 place = kernelRow * a.kernel_width + kernelColumn;
        sum += compute(columns[place * outputs + (int64)row * a.out_width + column]);
      }
    }
    image[i] = rounded<T>(sum);
  }
}
