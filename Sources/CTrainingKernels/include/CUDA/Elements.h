#pragma once

// How elements are stored.
typedef enum tk_dtype : int32_t {
  tk_float32, tk_float64, tk_float16, tk_bfloat16, tk_int32, tk_int64, tk_uint8, tk_bool
} tk_dtype;
