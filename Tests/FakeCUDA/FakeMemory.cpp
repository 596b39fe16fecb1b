// The driver's functions that take, give back and copy memory.
#include "Machine.h"
#include <cstdlib>

namespace {
// What stands in memory that nobody has written.
constexpr int unwritten = 0xAB;

void *take(size_t bytes) {
  void *memory;
  // Exactly as much as was asked for, so that the address sanitizer sees who leaves it.
  if (posix_memalign(&memory, 256, bytes)) return nullptr;
  return memset(memory, unwritten, bytes);
}

template <class Value> bool isWithin(
  const std::map<uint64_t, Value> &blocks, uint64_t begin, size_t bytes, size_t (*size)(const Value &)) {
  auto next = blocks.upper_bound(begin);
  if (next == blocks.begin()) return false;
  auto &[address, value] = *--next;
  uint64_t offset = begin - address;
  return offset <= size(value) && bytes <= size(value) - offset;
}
}  // namespace

bool Machine::isDevice(uint64_t begin, size_t bytes) const {
  return isWithin<Allocation>(memory, begin, bytes, [](const Allocation &allocation) { return allocation.bytes; });
}

bool Machine::isPinned(const void *begin, size_t bytes) const {
  return isWithin<size_t>(hostMemory, (uint64_t)begin, bytes, [](const size_t &bytes) { return bytes; });
}

bool Machine::isHost(const void *begin, size_t bytes) const {
  if (!begin) return false;
  auto next = memory.lower_bound((uint64_t)begin + bytes);
  return next == memory.begin() || (--next, next->first + next->second.bytes <= (uint64_t)begin);
}

int Machine::cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  Context *context;
  if (int error = here(context)) return error;
  if (bytes == 0) return invalidValue;
  size_t used = 0;
  for (auto &[begin, allocation] : memory) used += allocation.context == context ? allocation.bytes : 0;
  if (bytes > settings.memory - used) return outOfMemory;
  void *block = take(bytes);
  if (!block) return outOfMemory;
  *address = (uint64_t)block;
  memory[*address] = {bytes, context};
  live.allocations++;
  live.bytes += bytes;
  live.most_bytes = std::max(live.most_bytes, live.bytes);
  return success;
}

int Machine::cuMemFree_v2(uint64_t address) {
  Context *context;
  if (int error = here(context)) return error;
  if (address == 0) return success;
  auto found = memory.find(address);
  if (found == memory.end()) return invalidValue;
  drainAll();
  live.allocations--;
  live.bytes -= found->second.bytes;
  memory.erase(found);
  free((void *)address);
  return success;
}

int Machine::cuMemAllocHost_v2(void **address, size_t bytes) {
  Context *context;
  if (int error = here(context)) return error;
  if (bytes == 0) return invalidValue;
  if (!(*address = take(bytes))) return outOfMemory;
  hostMemory[(uint64_t)*address] = bytes;
  live.host_allocations++;
  live.host_bytes += bytes;
  return success;
}

int Machine::cuMemFreeHost(void *address) {
  Context *context;
  if (int error = here(context)) return error;
  auto found = hostMemory.find((uint64_t)address);
  if (found == hostMemory.end()) return invalidValue;
  drainAll();
  live.host_allocations--;
  live.host_bytes -= found->second;
  hostMemory.erase(found);
  free(address);
  return success;
}

int Machine::cuMemGetInfo_v2(size_t *available, size_t *total) {
  Context *context;
  if (int error = here(context)) return error;
  *available = *total = settings.memory;
  for (auto &[begin, allocation] : memory) *available -= allocation.context == context ? allocation.bytes : 0;
  return success;
}

int Machine::cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
  if (!isDevice(to, bytes) || !isHost(from, bytes)) return invalidValue;
  if (isPinned(from, bytes)) return submit(stream, [=] { memcpy((void *)to, from, bytes); });
  // What is not pinned is read before the call returns.
  std::vector<char> copy((const char *)from, (const char *)from + bytes);
  return submit(stream, [=] { memcpy((void *)to, copy.data(), bytes); });
}

int Machine::cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
  if (!isDevice(from, bytes) || !isHost(to, bytes)) return invalidValue;
  int error = submit(stream, [=] { memcpy(to, (void *)from, bytes); });
  // What is not pinned is written before the call returns.
  return error || isPinned(to, bytes) ? error : cuStreamSynchronize(stream);
}

int Machine::cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  if (!isDevice(to, bytes) || !isDevice(from, bytes)) return invalidValue;
  return submit(stream, [=] { memmove((void *)to, (void *)from, bytes); });
}
