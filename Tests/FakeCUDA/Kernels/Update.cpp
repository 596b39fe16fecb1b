#define SOURCE "Update.cu"
#include "Registry.h"

// Names of one file may be those of others.
namespace {
#include "Update.cu"

#define UPDATE(name, ...)             \
  KERNEL(update<update_##name, float>)  \
  KERNEL(update<update_##name, double>) \
  KERNEL(update_rounded<update_##name>)
#include "Tables/Update.h"
}  // namespace
