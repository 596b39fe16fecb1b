// The kernels that the fake driver can run, by the name that NVRTC is asked for.
#pragma once
#include "Device.cuh"
#include <functional>
#include <string>

namespace registry {
using Launcher = std::function<void(dim3 grid, dim3 block, size_t shared, void **parameters)>;

// `bytes` are those of the argument.
bool add(const char *source, const char *name, Launcher launcher, size_t bytes);

// Every kernel takes one struct.
template <class Arguments> bool add(const char *source, const char *name, void (*kernel)(Arguments)) {
  Launcher launcher = [kernel](dim3 grid, dim3 block, size_t shared, void **parameters) {
    Arguments arguments = *(const Arguments *)parameters[0];
    emulator::run(grid, block, shared, [=] { kernel(arguments); });
  };
  return add(source, name, launcher, sizeof(Arguments));
}
}  // namespace registry

#define REGISTRY_PASTE2(a, b) a##b
#define REGISTRY_PASTE(a, b) REGISTRY_PASTE2(a, b)
// KERNEL(softmax<float>) in a file that defines SOURCE as "Rows.cu".
#define KERNEL(...)                                                                                \
  static const bool REGISTRY_PASTE(registered, __COUNTER__) =                                      \
    registry::add(SOURCE, #__VA_ARGS__, __VA_ARGS__);
