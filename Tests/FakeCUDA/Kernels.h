// What Registry.h collects.
#pragma once
#include "Registry.h"
#include <map>

namespace registry {
struct Kernel {
  const char *source, *name;
  Launcher launcher;
  // Of its argument.
  size_t bytes;
};

// Null where there is none.
const Kernel *find(const std::string &source, const std::string &name);
}  // namespace registry
