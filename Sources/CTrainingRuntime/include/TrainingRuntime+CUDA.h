// CUDA's libraries, opened at run time: nothing of them is needed to build or to link.
#ifndef TRAINING_RUNTIME_CUDA_H
#define TRAINING_RUNTIME_CUDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A library that is open, or what stands in for one in tests.
typedef struct tk_library {
  void *handle;
  // The function of this name, or null.
  void *(*symbol)(void *handle, const char *name);
} tk_library;

#define TK_REASON 512

// Opens the first of a library's names that is there: what TRAININGKIT_<NAME>_LIBRARY says, which alone counts where it
// is set; the file name; folders of Python wheels below each entry of TRAININGKIT_CUDA_PATH; and
// /usr/local/cuda/lib64. Libraries stay open. Where there is none, the reason says what was looked for.
bool tk_open_cuda(tk_library *library, char reason[TK_REASON]);
bool tk_open_nvrtc(tk_library *library, char reason[TK_REASON]);
bool tk_open_cublaslt(tk_library *library, char reason[TK_REASON]);

// The functions of the driver that are used, in its own types: handles are pointers, device memory is a number. Every
// one of them returns 0 or the number of an error.
#define TK_CUDA_FUNCTIONS(X)                                                                       \
  X(cuInit, (unsigned flags))                                                                      \
  X(cuDriverGetVersion, (int *version))                                                            \
  X(cuDeviceGetCount, (int *count))                                                                \
  X(cuDeviceGet, (int *device, int ordinal))                                                       \
  X(cuDeviceGetName, (char *name, int length, int device))                                         \
  X(cuDeviceGetAttribute, (int *value, int attribute, int device))                                 \
  X(cuDeviceTotalMem_v2, (size_t *bytes, int device))                                              \
  X(cuDevicePrimaryCtxRetain, (void **context, int device))                                        \
  X(cuDevicePrimaryCtxRelease_v2, (int device))                                                    \
  X(cuCtxSetCurrent, (void *context))                                                              \
  X(cuMemAlloc_v2, (uint64_t *memory, size_t bytes))                                               \
  X(cuMemFree_v2, (uint64_t memory))                                                               \
  X(cuMemAllocHost_v2, (void **memory, size_t bytes))                                              \
  X(cuMemFreeHost, (void *memory))                                                                 \
  X(cuMemGetInfo_v2, (size_t *available, size_t *total))                                           \
  X(cuMemcpyHtoDAsync_v2, (uint64_t to, const void *from, size_t bytes, void *stream))             \
  X(cuMemcpyDtoHAsync_v2, (void *to, uint64_t from, size_t bytes, void *stream))                   \
  X(cuMemcpyDtoDAsync_v2, (uint64_t to, uint64_t from, size_t bytes, void *stream))                \
  X(cuStreamCreate, (void **stream, unsigned flags))                                               \
  X(cuStreamDestroy_v2, (void *stream))                                                            \
  X(cuStreamSynchronize, (void *stream))                                                           \
  X(cuStreamWaitEvent, (void *stream, void *event, unsigned flags))                                \
  X(cuEventCreate, (void **event, unsigned flags))                                                 \
  X(cuEventDestroy_v2, (void *event))                                                              \
  X(cuEventRecord, (void *event, void *stream))                                                    \
  X(cuEventQuery, (void *event))                                                                   \
  X(cuEventSynchronize, (void *event))                                                             \
  X(cuModuleLoadData, (void **module, const void *image))                                          \
  X(cuModuleUnload, (void *module))                                                                \
  X(cuModuleGetFunction, (void **function, void *module, const char *name))                        \
  X(cuFuncSetAttribute, (void *function, int attribute, int value))                                \
  X(cuLaunchKernel, (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,            \
    unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared, void *stream,           \
    void **parameters, void **extra))                                                              \
  X(cuGetErrorName, (int error, const char **name))                                                \
  X(cuGetErrorString, (int error, const char **words))

typedef struct tk_cuda {
#define TK_CUDA_MEMBER(name, parameters) int (*name) parameters;
  TK_CUDA_FUNCTIONS(TK_CUDA_MEMBER)
#undef TK_CUDA_MEMBER
} tk_cuda;

// Looks up all functions; null, or the name of the first that is missing.
const char *tk_cuda_load(tk_library library, tk_cuda *cuda);

// The functions of the run-time compiler.
#define TK_NVRTC_FUNCTIONS(X)                                                                      \
  X(nvrtcVersion, (int *major, int *minor))                                                        \
  X(nvrtcCreateProgram, (void **program, const char *text, const char *name, int headers,          \
    const char *const *header_texts, const char *const *header_names))                             \
  X(nvrtcDestroyProgram, (void **program))                                                         \
  X(nvrtcAddNameExpression, (void *program, const char *expression))                               \
  X(nvrtcCompileProgram, (void *program, int count, const char *const *options))                   \
  X(nvrtcGetLoweredName, (void *program, const char *expression, const char **name))               \
  X(nvrtcGetCUBINSize, (void *program, size_t *bytes))                                             \
  X(nvrtcGetCUBIN, (void *program, char *image))                                                   \
  X(nvrtcGetPTXSize, (void *program, size_t *bytes))                                               \
  X(nvrtcGetPTX, (void *program, char *text))                                                      \
  X(nvrtcGetProgramLogSize, (void *program, size_t *bytes))                                        \
  X(nvrtcGetProgramLog, (void *program, char *log))

typedef struct tk_nvrtc {
#define TK_NVRTC_MEMBER(name, parameters) int (*name) parameters;
  TK_NVRTC_FUNCTIONS(TK_NVRTC_MEMBER)
#undef TK_NVRTC_MEMBER
  const char *(*nvrtcGetErrorString)(int error);
} tk_nvrtc;

const char *tk_nvrtc_load(tk_library library, tk_nvrtc *nvrtc);

// An algorithm of cuBLASLt, in words of its own.
typedef struct tk_cublaslt_algorithm {
  uint64_t words[8];
} tk_cublaslt_algorithm;

// What the heuristic of cuBLASLt proposes, and what it needs.
typedef struct tk_cublaslt_choice {
  tk_cublaslt_algorithm algorithm;
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
} tk_cublaslt_choice;

// The functions of cuBLASLt. Handles, descriptions, layouts and preferences are pointers, its enumerations numbers.
#define TK_CUBLASLT_FUNCTIONS(X)                                                                   \
  X(cublasLtCreate, (void **handle))                                                               \
  X(cublasLtDestroy, (void *handle))                                                               \
  X(cublasLtMatmul, (void *handle, void *product, const void *alpha, const void *a, void *a_layout, \
    const void *b, void *b_layout, const void *beta, const void *c, void *c_layout, void *d,       \
    void *d_layout, const tk_cublaslt_algorithm *algorithm, void *workspace,                       \
    size_t workspace_bytes, void *stream))                                                         \
  X(cublasLtMatmulDescCreate, (void **product, int compute_type, int scale_type))                  \
  X(cublasLtMatmulDescDestroy, (void *product))                                                    \
  X(cublasLtMatmulDescSetAttribute, (void *product, int attribute, const void *value, size_t bytes)) \
  X(cublasLtMatrixLayoutCreate, (void **layout, int type, uint64_t rows, uint64_t columns,         \
    int64_t leading))                                                                              \
  X(cublasLtMatrixLayoutDestroy, (void *layout))                                                   \
  X(cublasLtMatrixLayoutSetAttribute, (void *layout, int attribute, const void *value, size_t bytes)) \
  X(cublasLtMatmulPreferenceCreate, (void **preference))                                           \
  X(cublasLtMatmulPreferenceDestroy, (void *preference))                                           \
  X(cublasLtMatmulPreferenceSetAttribute, (void *preference, int attribute, const void *value,     \
    size_t bytes))                                                                                 \
  X(cublasLtMatmulAlgoGetHeuristic, (void *handle, void *product, void *a_layout, void *b_layout,  \
    void *c_layout, void *d_layout, void *preference, int wanted, tk_cublaslt_choice *choices,     \
    int *count))

typedef struct tk_cublaslt {
#define TK_CUBLASLT_MEMBER(name, parameters) int (*name) parameters;
  TK_CUBLASLT_FUNCTIONS(TK_CUBLASLT_MEMBER)
#undef TK_CUBLASLT_MEMBER
  size_t (*cublasLtGetVersion)(void);
  const char *(*cublasLtGetStatusString)(int status);
} tk_cublaslt;

const char *tk_cublaslt_load(tk_library library, tk_cublaslt *cublaslt);

#endif
