#define _GNU_SOURCE
#include "TrainingRuntime+CUDA.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES_OF_PATH 1024

// A library as it is looked for.
typedef struct Wanted {
  // What it is called in sentences, and what may be done where it is missing.
  const char *title, *advice;
  // The variable that names its file.
  const char *variable;
  const char *files[4];
  // Where Python's wheels have it.
  const char *folders[3];
} Wanted;

static const Wanted cuda = {
  .title = "libcuda.so.1", .advice = "it comes with NVIDIA's driver",
  .variable = "TRAININGKIT_CUDA_LIBRARY", .files = {"libcuda.so.1"}};

static const Wanted nvrtc = {
  .title = "NVRTC", .advice = "pip install nvidia-cuda-nvrtc and name its site-packages in TRAININGKIT_CUDA_PATH",
  .variable = "TRAININGKIT_NVRTC_LIBRARY", .files = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"},
  .folders = {"nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib"}};

static const Wanted cublaslt = {
  .title = "cuBLASLt", .advice = "pip install nvidia-cublas and name its site-packages in TRAININGKIT_CUDA_PATH",
  .variable = "TRAININGKIT_CUBLASLT_LIBRARY", .files = {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"},
  .folders = {"nvidia/cu13/lib", "nvidia/cublas/lib"}};

static void *symbol(void *handle, const char *name) { return dlsym(handle, name); }

// Opens a file. Of files that are there and cannot be opened, the first reason is kept.
static void *open_file(const char *path, char reason[TK_REASON]) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle) return handle;
  const char *words = dlerror();
  if (words && !reason[0] && !strstr(words, "o such file")) snprintf(reason, TK_REASON, "%s", words);
  return NULL;
}

// Opens the first of the files in a folder: `length` bytes of a root, and what is below it.
static void *open_in(
  const Wanted *wanted, const char *root, size_t length, const char *folder, char reason[TK_REASON]) {
  for (size_t i = 0; wanted->files[i]; i++) {
    char path[MOST_BYTES_OF_PATH];
    int count = snprintf(path, sizeof path, "%.*s/%s%s%s", (int)length, root, folder, folder[0] ? "/" : "",
      wanted->files[i]);
    if (count >= (int)sizeof path) continue;
    void *handle = open_file(path, reason);
    if (handle) return handle;
  }
  return NULL;
}

static void *open_in_wheels(const Wanted *wanted, const char *roots, char reason[TK_REASON]) {
  while (*roots) {
    size_t length = strcspn(roots, ":");
    for (size_t i = 0; length && wanted->folders[i]; i++) {
      void *handle = open_in(wanted, roots, length, wanted->folders[i], reason);
      if (handle) return handle;
    }
    roots += length + (roots[length] == ':');
  }
  return NULL;
}

static void *open_first(const Wanted *wanted, char reason[TK_REASON]) {
  void *handle = NULL;
  for (size_t i = 0; !handle && wanted->files[i]; i++) handle = open_file(wanted->files[i], reason);
  const char *roots = getenv("TRAININGKIT_CUDA_PATH");
  if (!handle && roots) handle = open_in_wheels(wanted, roots, reason);
  const char *usual = "/usr/local/cuda/lib64";
  return handle ? handle : open_in(wanted, usual, strlen(usual), "", reason);
}

static bool open_wanted(const Wanted *wanted, tk_library *library, char reason[TK_REASON]) {
  char words[TK_REASON] = "";
  const char *named = getenv(wanted->variable);
  library->symbol = symbol;
  if (named && named[0]) {
    library->handle = dlopen(named, RTLD_NOW | RTLD_LOCAL);
    if (library->handle) return true;
    const char *error = dlerror();
    snprintf(reason, TK_REASON, "%s: %s", wanted->variable, error ? error : named);
    return false;
  }
  library->handle = open_first(wanted, words);
  if (library->handle) return true;
  if (words[0]) {
    snprintf(reason, TK_REASON, "%s cannot be opened: %.400s", wanted->title, words);
  } else {
    snprintf(reason, TK_REASON, "%s not found: %s, or set %s", wanted->title, wanted->advice, wanted->variable);
  }
  return false;
}

// NVRTC opens its built-in functions by their file name alone, which finds them beside it only where they are open.
static void open_builtins(void *handle) {
  Dl_info place;
  void *function = dlsym(handle, "nvrtcVersion");
  if (!function || !dladdr(function, &place)) return;
  const char *end = strrchr(place.dli_fname, '/');
  if (!end) return;
  char path[MOST_BYTES_OF_PATH];
  int folder = (int)(end - place.dli_fname) + 1;
  if (snprintf(path, sizeof path, "%.*s", folder, place.dli_fname) >= (int)sizeof path) return;
  DIR *entries = opendir(path);
  if (!entries) return;
  for (struct dirent *entry; (entry = readdir(entries));) {
    const char *name = entry->d_name;
    if (strncmp(name, "libnvrtc-builtins.so", 20) != 0) continue;
    if (snprintf(path, sizeof path, "%.*s%s", folder, place.dli_fname, name) < (int)sizeof path)
      dlopen(path, RTLD_NOW | RTLD_LOCAL);
  }
  closedir(entries);
}

bool tk_open_cuda(tk_library *library, char reason[TK_REASON]) { return open_wanted(&cuda, library, reason); }

bool tk_open_nvrtc(tk_library *library, char reason[TK_REASON]) {
  if (!open_wanted(&nvrtc, library, reason)) return false;
  open_builtins(library->handle);
  return true;
}

bool tk_open_cublaslt(tk_library *library, char reason[TK_REASON]) { return open_wanted(&cublaslt, library, reason); }
