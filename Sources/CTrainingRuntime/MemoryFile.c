#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "TrainingRuntime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int32_t tk_file_open(const char *folder) {
#if defined(O_TMPFILE)
  int unnamed = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  // Not every file system has files without a name.
  if (unnamed >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return unnamed;
#endif
  // mkstemp puts a name of its own in place of the six X.
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/.trainingkit-XXXXXX", folder);
  if (length < 0 || (size_t)length >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int file = mkstemp(path);
  if (file < 0) return -1;
  unlink(path);
  fcntl(file, F_SETFD, FD_CLOEXEC);
  return file;
}

// Room on the disk for all of it, so that no page can lack it when it is written.
static bool reserve(int32_t file, int64_t begin, int64_t bytes) {
#if defined(__APPLE__)
  fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, bytes, 0};
  return fcntl(file, F_PREALLOCATE, &store) == 0 && ftruncate(file, begin + bytes) == 0;
#else
  int error;
  do error = posix_fallocate(file, begin, bytes);
  while (error == EINTR);
  errno = error;
  return error == 0;
#endif
}

void *tk_file_map(int32_t file, int64_t begin, size_t bytes) {
  if (bytes > INT64_MAX / 2 || begin > INT64_MAX / 2) return NULL;
  void *pages = MAP_FAILED;
  if (reserve(file, begin, (int64_t)bytes))
    pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, begin);
  if (pages != MAP_FAILED) return pages;
  // What was reserved before there was no more.
  while (ftruncate(file, begin) != 0 && errno == EINTR) {}
  return NULL;
}

void tk_file_close(int32_t file) { close(file); }

bool tk_file_write(int32_t file, const void *bytes, size_t count) {
  const char *from = bytes;
  while (count > 0) {
    ssize_t written = write(file, from, count);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) {
      from += written;
      count -= (size_t)written;
    }
  }
  return fsync(file) == 0;
}
