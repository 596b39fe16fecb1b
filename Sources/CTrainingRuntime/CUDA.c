#include "TrainingRuntime+CUDA.h"

#define LOAD_AS(type, member, name)                                                                \
  if (!(functions->member = (type)library.symbol(library.handle, name))) return name;
#define LOAD(name, parameters) LOAD_AS(int(*) parameters, name, #name)

const char *tk_cuda_load(tk_library library, tk_cuda *functions) {
  TK_CUDA_FUNCTIONS(LOAD)
  return NULL;
}

const char *tk_nvrtc_load(tk_library library, tk_nvrtc *functions) {
  TK_NVRTC_FUNCTIONS(LOAD)
  LOAD_AS(const char *(*)(int), nvrtcGetErrorString, "nvrtcGetErrorString")
  return NULL;
}

const char *tk_cublaslt_load(tk_library library, tk_cublaslt *functions) {
  TK_CUBLASLT_FUNCTIONS(LOAD)
  LOAD_AS(size_t(*)(void), cublasLtGetVersion, "cublasLtGetVersion")
  LOAD_AS(const char *(*)(int), cublasLtGetStatusString, "cublasLtGetStatusString")
  return NULL;
}
