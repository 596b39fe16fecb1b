// The kernels of TrainingKit: pure functions over ranges. No memory is taken, no thread is started,
// nothing can fail. A range [begin, end) counts what the function's comment says; calls on disjoint
// ranges may run at the same time, and their results do not depend on how the whole was cut.
#ifndef TRAINING_KERNELS_H
#define TRAINING_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TK_MAX_RANK 8

#include "CUDA/Elements.h"

// What arithmetic is done in. float16 and bfloat16 are storage: they widen to real32.
typedef enum tk_compute : int32_t { tk_real32, tk_real64, tk_integer64 } tk_compute;

// The points that a kernel visits, in row-major order; the last axis moves fastest.
typedef struct tk_space { int32_t rank; int64_t shape[TK_MAX_RANK]; } tk_space;

// A strided array over a space. Strides count elements and may be zero or negative.
typedef struct tk_operand { void *data; tk_dtype dtype; int64_t strides[TK_MAX_RANK]; } tk_operand;

// Whether a result of so many bytes is better written past the caches. Functions that see rows or
// elements alone are told so as `far`; of a result in a space, kernels know it by themselves.
static inline bool tk_is_far(int64_t bytes) { return bytes >= (int64_t)16 << 20; }

#include "TrainingKernels+ISA.h"
#include "TrainingKernels+Pointwise.h"
#include "TrainingKernels+Reduction.h"
#include "TrainingKernels+Statistics.h"
#include "TrainingKernels+Rows.h"
#include "TrainingKernels+Norms.h"
#include "TrainingKernels+BatchNorm.h"
#include "TrainingKernels+Gemm.h"
#include "TrainingKernels+Attention.h"
#include "TrainingKernels+Gather.h"
#include "TrainingKernels+Sort.h"
#include "TrainingKernels+Window.h"
#include "TrainingKernels+Convolution.h"
#include "TrainingKernels+Random.h"
#include "TrainingKernels+Update.h"
#include "TrainingKernels+CUDA.h"

#include "CUDA/Reduction.h"
#include "CUDA/Scan.h"
#include "CUDA/Statistics.h"
#include "CUDA/Gather.h"
#include "CUDA/Sort.h"
#include "CUDA/Window.h"
#include "CUDA/Random.h"
#include "CUDA/Attention.h"
#include "CUDA/Convolution.h"
#include "CUDA/Gemm.h"
#include "CUDA/BatchNorm.h"
#include "CUDA/Norms.h"
#include "CUDA/Rows.h"
#include "CUDA/Space.h"
#include "CUDA/Pointwise.h"
#include "CUDA/Copy.h"
#include "CUDA/Update.h"
#include "TrainingKernels+CUDASpace.h"

#endif
