#include "Registry.h"
#include "FakeCUDA.h"
#include "Kernels.h"
#include <algorithm>
#include <vector>

namespace registry {
namespace {
using Key = std::pair<std::string, std::string>;

std::map<Key, Kernel> &kernels() {
  static std::map<Key, Kernel> kernels;
  return kernels;
}

// C++ does not care for spaces in a name.
std::string bare(std::string name) {
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  return name;
}
}  // namespace

bool add(const char *source, const char *name, Launcher launcher, size_t bytes) {
  return kernels().insert({Key(source, bare(name)), Kernel{source, name, launcher, bytes}}).second;
}

const Kernel *find(const std::string &source, const std::string &name) {
  auto found = kernels().find(Key(source, bare(name)));
  return found == kernels().end() ? nullptr : &found->second;
}
}  // namespace registry

fake_cuda_kernel fake_cuda_kernel_at(int32_t position) {
  static const auto list = [] {
    std::vector<fake_cuda_kernel> list;
    for (auto &[key, kernel] : registry::kernels()) list.push_back({kernel.source, kernel.name});
    return list;
  }();
  return position < (int32_t)list.size() ? list[position] : fake_cuda_kernel{nullptr, nullptr};
}
