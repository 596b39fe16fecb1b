#include "Machine.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace {
// The devices that a thread has entered, by the number of their machine.
thread_local std::map<int64_t, Context *> current;
std::atomic<int64_t> machines;

struct Words {
  int error;
  const char *name, *words;
};
const Words list[] = {
  {success, "CUDA_SUCCESS", "no error"},
  {invalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
  {outOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
  {notInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
  {deinitialized, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
  {noDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
  {invalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
  {invalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
  {invalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
  {noBinaryForGPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
  {unsupportedPTX, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
   "the provided PTX was compiled with an unsupported toolchain."},
  {invalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
  {notFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
  {notReady, "CUDA_ERROR_NOT_READY", "device not ready"},
  {illegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
  {launchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
  {launchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
  {unknownError, "CUDA_ERROR_UNKNOWN", "unknown error"},
};
}  // namespace

Machine::Machine(fake_cuda_settings settings)
    : settings(settings), missing(settings.missing ? settings.missing : ""), number(machines++),
      contexts(settings.devices) {
  for (int i = 0; i < settings.devices; i++) {
    contexts[i].device = i;
    usualStreams.emplace_back(new Stream{&contexts[i], {}});
  }
}

Machine::~Machine() {
  for (auto &[address, allocation] : memory) free((void *)address);
  for (auto &[address, bytes] : hostMemory) free((void *)address);
}

int Machine::here(Context *&context) {
  if (!isInitialized) return notInitialized;
  auto found = current.find(number);
  if (found == current.end() || !found->second || found->second->users == 0) return invalidContext;
  context = found->second;
  return success;
}

int Machine::cuInit(unsigned flags) {
  if (flags != 0) return invalidValue;
  if (settings.devices == 0) return noDevice;
  isInitialized = true;
  return success;
}

int Machine::cuDriverGetVersion(int *version) {
  *version = settings.driver_version;
  return success;
}

int Machine::cuDeviceGetCount(int *count) {
  if (!isInitialized) return notInitialized;
  *count = settings.devices;
  return success;
}

int Machine::cuDeviceGet(int *device, int ordinal) {
  if (!isInitialized) return notInitialized;
  if (ordinal < 0 || ordinal >= settings.devices) return invalidDevice;
  *device = ordinal;
  return success;
}

int Machine::cuDeviceGetName(char *name, int length, int device) {
  if (device < 0 || device >= settings.devices) return invalidDevice;
  snprintf(name, length, "Emulated GPU %d", device);
  return success;
}

int Machine::mostShared() const {
  switch (settings.capability) {
    case 80: case 87: return 163 << 10;
    case 90: case 100: case 103: return 227 << 10;
    default: return 99 << 10;
  }
}

int Machine::cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (device < 0 || device >= settings.devices) return invalidDevice;
  switch (attribute) {
    case 1: case 2: case 3: *value = 1024; return success;
    case 4: *value = 64; return success;
    case 5: *value = 0x7fffffff; return success;
    case 6: case 7: *value = 65535; return success;
    case 8: *value = 48 << 10; return success;
    case 10: *value = 32; return success;
    case 16: *value = settings.multiprocessors; return success;
    case 38: *value = 50 << 20; return success;
    case 39: *value = 2048; return success;
    case 75: *value = settings.capability / 10; return success;
    case 76: *value = settings.capability % 10; return success;
    case 81: *value = mostShared() + 1024; return success;
    case 97: *value = mostShared(); return success;
    default: return invalidValue;
  }
}

int Machine::cuDeviceTotalMem_v2(size_t *bytes, int device) {
  if (device < 0 || device >= settings.devices) return invalidDevice;
  *bytes = settings.memory;
  return success;
}

int Machine::cuDevicePrimaryCtxRetain(void **context, int device) {
  if (!isInitialized) return notInitialized;
  if (device < 0 || device >= settings.devices) return invalidDevice;
  live.contexts += contexts[device].users++ == 0;
  *context = &contexts[device];
  return success;
}

int Machine::cuDevicePrimaryCtxRelease_v2(int device) {
  if (device < 0 || device >= settings.devices) return invalidDevice;
  if (contexts[device].users == 0) return invalidContext;
  drainAll();
  live.contexts -= --contexts[device].users == 0;
  return success;
}

int Machine::cuCtxSetCurrent(void *handle) {
  if (!isInitialized) return notInitialized;
  auto context = (Context *)handle;
  if (context && (context < contexts.data() || context >= contexts.data() + contexts.size() || context->users == 0))
    return invalidContext;
  current[number] = context;
  return success;
}

int Machine::cuStreamCreate(void **handle, unsigned flags) {
  Context *context;
  if (int error = here(context)) return error;
  if (flags > 1) return invalidValue;
  auto stream = new Stream{context, {}};
  streams[stream].reset(stream);
  live.streams++;
  *handle = stream;
  return success;
}

int Machine::cuStreamDestroy_v2(void *handle) {
  Context *context;
  if (int error = here(context)) return error;
  auto found = streams.find(handle);
  if (found == streams.end()) return invalidHandle;
  // Others may wait for it.
  drainAll();
  for (auto &[event, place] : events)
    if (place->stream == found->second.get()) place->stream = nullptr;
  streams.erase(found);
  live.streams--;
  return success;
}

int Machine::streamOf(void *handle, Stream *&stream) {
  Context *context;
  if (int error = here(context)) return error;
  if (!handle) {
    stream = usualStreams[context->device].get();
    return success;
  }
  auto found = streams.find(handle);
  if (found == streams.end() || found->second->context != context) return invalidHandle;
  stream = found->second.get();
  return success;
}

int Machine::cuStreamSynchronize(void *handle) {
  Stream *stream;
  if (int error = streamOf(handle, stream)) return error;
  drain(*stream);
  return success;
}

int Machine::submit(void *handle, std::function<void()> work) {
  Stream *stream;
  if (int error = streamOf(handle, stream)) return error;
  stream->work.push_back(std::move(work));
  if (!isDeferred) drain(*stream);
  return success;
}

void Machine::drain(Stream &stream, uint64_t place) {
  while (!stream.work.empty() && stream.done < place) {
    // It may wait for another stream, and so come back here.
    auto work = std::move(stream.work.front());
    stream.work.pop_front();
    work();
    stream.done++;
  }
}

void Machine::drainAll() {
  for (auto &[handle, stream] : streams) drain(*stream);
  for (auto &stream : usualStreams) drain(*stream);
}

int Machine::cuModuleLoadData(void **handle, const void *text) {
  Context *context;
  if (int error = here(context)) return error;
  Image image;
  if (!text || !image.read((const char *)text)) return invalidImage;
  int wanted = image.architecture, capability = settings.capability;
  if (image.isPTX) {
    if (image.compiler > settings.driver_version) return unsupportedPTX;
    if (image.isSpecific ? wanted != capability : wanted > capability) return noBinaryForGPU;
  } else {
    if (image.compiler / 1000 > settings.driver_version / 1000) return invalidImage;
    if (image.isSpecific && wanted != capability) return noBinaryForGPU;
    if (wanted / 10 != capability / 10 || wanted > capability) return noBinaryForGPU;
  }
  auto module = new Module{context, image, {}};
  modules[module].reset(module);
  live.modules++;
  *handle = module;
  return success;
}

int Machine::cuModuleUnload(void *handle) {
  Context *context;
  if (int error = here(context)) return error;
  drainAll();
  if (!modules.erase(handle)) return invalidHandle;
  live.modules--;
  return success;
}

int Machine::cuModuleGetFunction(void **function, void *handle, const char *name) {
  Context *context;
  if (int error = here(context)) return error;
  auto found = modules.find(handle);
  if (found == modules.end()) return invalidHandle;
  Module &module = *found->second;
  for (Image::Entry &entry : module.image.entries) {
    if (entry.lowered != name) continue;
    const registry::Kernel *kernel = registry::find(entry.source, entry.name);
    if (!kernel) return notFound;
    *function = &module.functions.insert({name, {module.context, kernel, 48 << 10}}).first->second;
    return success;
  }
  return notFound;
}

int Machine::cuFuncSetAttribute(void *handle, int attribute, int value) {
  Context *context;
  if (int error = here(context)) return error;
  // 8 is the shared memory that a launch may add, and 9 how much of the cache is shared memory.
  if (attribute == 9) return success;
  if (attribute != 8 || value < 0 || value > mostShared()) return invalidValue;
  ((Function *)handle)->shared = std::max(value, 48 << 10);
  return success;
}

int Machine::check(const Function &function, dim3 grid, dim3 block, size_t shared) const {
  if (grid.x < 1 || grid.y < 1 || grid.z < 1 || block.x < 1 || block.y < 1 || block.z < 1) return invalidValue;
  if (grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535) return invalidValue;
  if (block.x > 1024 || block.y > 1024 || block.z > 64) return invalidValue;
  if ((uint64_t)block.x * block.y * block.z > 1024 || shared > function.shared) return invalidValue;
  return success;
}

int Machine::cuLaunchKernel(
  void *handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
  unsigned blockZ, unsigned shared, void *stream, void **parameters, void **extra) {
  Context *context;
  if (int error = here(context)) return error;
  auto function = (Function *)handle;
  if (!function || function->context != context) return invalidHandle;
  if (!parameters || extra) return invalidValue;
  dim3 grid{gridX, gridY, gridZ}, block{blockX, blockY, blockZ};
  if (int error = check(*function, grid, block, shared)) return error;
  const registry::Kernel *kernel = function->kernel;
  std::vector<char> argument((char *)parameters[0], (char *)parameters[0] + kernel->bytes);
  int error = submit(stream, [=, this]() mutable {
    emulator::order = order;
    void *pointer = argument.data();
    kernel->launcher(grid, block, shared, &pointer);
  });
  launches[kernel->name] += error == success;
  return error;
}

int Machine::cuGetErrorName(int error, const char **name) {
  for (const Words &words : list) {
    if (words.error != error) continue;
    *name = words.name;
    return success;
  }
  *name = nullptr;
  return invalidValue;
}

int Machine::cuGetErrorString(int error, const char **sentence) {
  for (const Words &words : list) {
    if (words.error != error) continue;
    *sentence = words.words;
    return success;
  }
  *sentence = nullptr;
  return invalidValue;
}
