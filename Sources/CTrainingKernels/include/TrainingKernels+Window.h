#pragma once

// A window that slides over images [count, channels, height, width]; columns are
// [count, channels, kernel_height, kernel_width, out_height, out_width]; both contiguous.
typedef struct tk_window {
  int64_t count, channels, height, width;
  int64_t kernel_height, kernel_width, stride_height, stride_width;
  int64_t dilation_height, dilation_width;
  int64_t pad_top, pad_left, out_height, out_width;
} tk_window;

// `padding` as the bits of an element; integers saturate.
uint64_t tk_padding_bits(tk_dtype dtype, double padding);
// columns = what each window sees, `padding` outside the image (integers saturate); a range counts
// (image, channel) pairs.
void tk_unfold(const tk_window *window, tk_dtype dtype, double padding, const void *images,
  void *columns, int64_t begin, int64_t end);
// images = the sum of the columns that saw each pixel; a range counts (image, channel) pairs.
void tk_fold(const tk_window *window, tk_dtype dtype, const void *columns, void *images,
  int64_t begin, int64_t end);
