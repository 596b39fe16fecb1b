#pragma once

// The text of the CUDA kernels, and of what they include, for whoever compiles them.
typedef struct tk_cuda_source {
  const char *name;   // "Rows.cu"
  const char *text;
} tk_cuda_source;

// The one at a position, with null members behind the last.
tk_cuda_source tk_cuda_source_at(int32_t position);
