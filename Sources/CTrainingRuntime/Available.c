#include "TrainingRuntime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#if defined(__APPLE__)
#include <mach/mach.h>
#include <mach/mach_host.h>

int64_t tk_available_memory(void) {
  vm_statistics64_data_t statistics;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  vm_size_t page = 0;
  mach_port_t host = mach_host_self();
  if (host_page_size(host, &page) != KERN_SUCCESS) return 0;
  if (host_statistics64(host, HOST_VM_INFO64, (host_info64_t)&statistics, &count) != KERN_SUCCESS)
    return 0;
  return (int64_t)(statistics.free_count + statistics.inactive_count) * (int64_t)page;
}

#else

// The number behind `key` at the start of a line, or -1. An empty key reads the first number.
static int64_t number_in(const char *path, const char *key) {
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  char line[256];
  int64_t number = -1;
  size_t length = strlen(key);
  while (number < 0 && fgets(line, sizeof line, file))
    if (strncmp(line, key, length) == 0 && sscanf(line + length, "%" SCNd64, &number) != 1)
      number = -1;
  fclose(file);
  return number;
}

static int64_t least(int64_t a, int64_t b) { return b >= 0 && b < a ? b : a; }

#define PATH_SIZE 4096

// What a control group leaves: its limit less what it uses, file pages that can be dropped aside;
// -1 where it has no limit.
static int64_t left_in(const char *folder, const char *limit, const char *used, const char *key) {
  char path[PATH_SIZE + 64];
  snprintf(path, sizeof path, "%s/%s", folder, limit);
  int64_t most = number_in(path, "");
  snprintf(path, sizeof path, "%s/%s", folder, used);
  int64_t now = number_in(path, "");
  if (most < 0 || now < 0) return -1;
  snprintf(path, sizeof path, "%s/memory.stat", folder);
  int64_t droppable = number_in(path, key);
  int64_t left = most - now + (droppable > 0 ? droppable : 0);
  return left > 0 ? left : 1;
}

// The process's own control group and those above it, in the unified hierarchy.
static int64_t left_in_groups(void) {
  char line[PATH_SIZE], folder[PATH_SIZE] = "/sys/fs/cgroup";
  FILE *file = fopen("/proc/self/cgroup", "r");
  size_t root = strlen(folder);
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, "0::/", 4) != 0) continue;
    line[strcspn(line, "\n")] = 0;
    snprintf(folder + root, sizeof folder - root, "%s", line + 3);
  }
  if (file) fclose(file);
  int64_t left = INT64_MAX;
  for (;;) {
    left = least(left, left_in(folder, "memory.max", "memory.current", "inactive_file "));
    char *last = strrchr(folder, '/');
    if (strlen(folder) <= root || !last) return left;
    *last = 0;
  }
}

int64_t tk_available_memory(void) {
  int64_t kilobytes = number_in("/proc/meminfo", "MemAvailable:");
  if (kilobytes < 0) return 0;
  int64_t older = left_in("/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                          "memory.usage_in_bytes", "total_inactive_file ");
  return least(least(kilobytes * 1024, left_in_groups()), older);
}

#endif
