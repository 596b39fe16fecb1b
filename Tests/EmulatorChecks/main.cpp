// Without an argument: what the emulator, the fake driver and the fake compiler do. With the name of a kernel: runs it,
// for faults that end the program.
extern "C" {
#include "TrainingRuntime+CUDA.h"
}
#include "FakeCUDA.h"
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

static int failures = 0;
static void expect(bool holds, const char *sentence, int line) {
  if (holds) return;
  printf("%d: does not hold: %s\n", line, sentence);
  failures++;
}
#define EXPECT(...) expect(__VA_ARGS__, #__VA_ARGS__, __LINE__)

struct Arguments {
  uint64_t x, y;
  int32_t count;
};

static const char *const text = "#include \"Device.cuh\"\n";

// A machine with an open device.
struct Session {
  fake_cuda_machine *machine;
  tk_cuda cuda;
  tk_nvrtc nvrtc;
  void *context = nullptr, *stream = nullptr, *module = nullptr;

  explicit Session(fake_cuda_settings settings = fake_cuda_usual()) : machine(fake_cuda_create(settings)) {
    EXPECT(!tk_cuda_load(fake_cuda_driver(machine), &cuda));
    EXPECT(!tk_nvrtc_load(fake_cuda_compiler(machine), &nvrtc));
    EXPECT(cuda.cuMemAlloc_v2(nullptr, 1) == 3);
    EXPECT(cuda.cuInit(0) == 0);
    EXPECT(cuda.cuMemAlloc_v2(nullptr, 1) == 201);
    EXPECT(cuda.cuDevicePrimaryCtxRetain(&context, 0) == 0);
    EXPECT(cuda.cuCtxSetCurrent(context) == 0);
    EXPECT(cuda.cuStreamCreate(&stream, 1) == 0);
  }
  ~Session() { fake_cuda_destroy(machine); }

  int compile(void *&program, const char *name, const char *architecture, const char *text = ::text) {
    const char *headers[] = {"Device.cuh"}, *texts[] = {"#ifndef __CUDACC_RTC__\n#include \"Emulator.h\"\n#endif\n"};
    EXPECT(nvrtc.nvrtcCreateProgram(&program, text, "Check.cu", 1, texts, headers) == 0);
    EXPECT(nvrtc.nvrtcAddNameExpression(program, name) == 0);
    std::string option = std::string("--gpu-architecture=") + architecture;
    const char *options[] = {option.c_str(), "--std=c++17"};
    return nvrtc.nvrtcCompileProgram(program, 2, options);
  }

  int load(const char *name, void *&function, const char *architecture = "sm_90a") {
    void *program;
    EXPECT(compile(program, name, architecture) == 0);
    size_t bytes = 0;
    EXPECT(nvrtc.nvrtcGetCUBINSize(program, &bytes) == 0);
    bool isPTX = bytes == 0;
    if (isPTX) EXPECT(nvrtc.nvrtcGetPTXSize(program, &bytes) == 0);
    std::vector<char> image(bytes);
    EXPECT((isPTX ? nvrtc.nvrtcGetPTX : nvrtc.nvrtcGetCUBIN)(program, image.data()) == 0);
    const char *lowered = nullptr;
    EXPECT(nvrtc.nvrtcGetLoweredName(program, name, &lowered) == 0);
    int error = cuda.cuModuleLoadData(&module, image.data());
    if (!error) EXPECT(cuda.cuModuleGetFunction(&function, module, lowered) == 0);
    EXPECT(nvrtc.nvrtcDestroyProgram(&program) == 0);
    return error;
  }

  int launch(void *function, unsigned grid, unsigned block, Arguments arguments, unsigned shared = 0) {
    void *parameter = &arguments;
    int error = cuda.cuLaunchKernel(function, grid, 1, 1, block, 1, 1, shared, stream, &parameter, nullptr);
    memset(&arguments, 0xEE, sizeof arguments);
    return error;
  }

  // What a kernel makes of 1, 2, 3 …
  std::vector<float> run(const char *name, unsigned grid, unsigned block, size_t count, int order,
                         unsigned shared = 0) {
    void *function = nullptr;
    uint64_t x, y;
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++) values[i] = i + 1;
    fake_cuda_set_order(machine, order);
    EXPECT(load(name, function) == 0);
    EXPECT(cuda.cuMemAlloc_v2(&x, count * 4) == 0);
    EXPECT(cuda.cuMemAlloc_v2(&y, count * 4) == 0);
    EXPECT(cuda.cuMemcpyHtoDAsync_v2(x, values.data(), count * 4, stream) == 0);
    values.assign(count, 0);
    EXPECT(cuda.cuMemcpyHtoDAsync_v2(y, values.data(), count * 4, stream) == 0);
    EXPECT(launch(function, grid, block, {x, y, (int32_t)count}, shared) == 0);
    EXPECT(cuda.cuMemcpyDtoHAsync_v2(values.data(), y, count * 4, stream) == 0);
    EXPECT(cuda.cuStreamSynchronize(stream) == 0);
    EXPECT(cuda.cuMemFree_v2(x) == 0 && cuda.cuMemFree_v2(y) == 0);
    EXPECT(cuda.cuModuleUnload(module) == 0);
    return values;
  }
};

static void checkKernels() {
  Session session;
  for (int order = 0; order < 3; order++) {
    for (int deferred = 0; deferred < 2; deferred++) {
      Session session;
      if (deferred) fake_cuda_defer(session.machine);
      EXPECT(session.run("doubled<float>", 3, 128, 300, order)[299] == 600);
      EXPECT(session.run("summed", 1, 256, 200, order)[0] == 20100);
      EXPECT(session.run("reversed", 1, 64, 64, order, 256)[0] == 64);
      fake_cuda_live live = fake_cuda_alive(session.machine);
      EXPECT(live.allocations == 0 && live.bytes == 0 && live.modules == 0 && live.programs == 0);
      EXPECT(live.contexts == 1 && live.streams == 1 && live.most_bytes == 2400);
      EXPECT(fake_cuda_launches(session.machine, "summed") == 1);
      EXPECT(fake_cuda_launches(session.machine, nullptr) == 3);
      EXPECT(fake_cuda_calls(session.machine, "cuMemFree_v2") == 6);
    }
  }
  // A race shows in one order or another.
  std::vector<float> sums;
  for (int order = 0; order < 3; order++) sums.push_back(session.run("racy", 1, 256, 256, order)[0]);
  EXPECT(!(sums[0] == sums[1] && sums[1] == sums[2]));
  EXPECT(session.run("chained", 8, 32, 8, 0)[7] == 8);
  EXPECT(session.run("chained", 8, 32, 8, 1)[7] != 8);
}

static void checkMemory() {
  fake_cuda_settings settings = fake_cuda_usual();
  settings.memory = 1 << 20;
  Session session(settings);
  tk_cuda &cuda = session.cuda;
  uint64_t a, b;
  size_t available, total;
  EXPECT(cuda.cuMemAlloc_v2(&a, 1 << 19) == 0);
  EXPECT(cuda.cuMemAlloc_v2(&b, (1 << 19) + 1) == 2);
  EXPECT(cuda.cuMemAlloc_v2(&b, 0) == 1);
  EXPECT(cuda.cuMemGetInfo_v2(&available, &total) == 0 && available == 1 << 19 && total == 1 << 20);
  char host[64] = "text";
  EXPECT(cuda.cuMemcpyDtoHAsync_v2(host, a, 64, session.stream) == 0 && (unsigned char)host[63] == 0xAB);
  EXPECT(cuda.cuMemcpyHtoDAsync_v2(a + (1 << 19) - 64, host, 64, session.stream) == 0);
  EXPECT(cuda.cuMemcpyHtoDAsync_v2(a + (1 << 19) - 63, host, 64, session.stream) == 1);
  EXPECT(cuda.cuMemcpyHtoDAsync_v2((uint64_t)host, host, 8, session.stream) == 1);
  EXPECT(cuda.cuMemcpyHtoDAsync_v2(a, (void *)(a + 64), 8, session.stream) == 1);
  EXPECT(cuda.cuMemcpyDtoHAsync_v2((void *)(a + 64), a, 8, session.stream) == 1);
  EXPECT(cuda.cuMemcpyDtoDAsync_v2(a, (uint64_t)host, 8, session.stream) == 1);
  EXPECT(cuda.cuMemcpyDtoDAsync_v2(a, a + 64, 64, session.stream) == 0);
  EXPECT(cuda.cuMemcpyHtoDAsync_v2(a, host, 8, host) == 400);
  EXPECT(cuda.cuMemFree_v2(a + 1) == 1 && cuda.cuMemFree_v2(a) == 0 && cuda.cuMemFree_v2(a) == 1);
  // Pinned memory is read and written when the stream comes to it.
  void *pinned;
  fake_cuda_defer(session.machine);
  EXPECT(cuda.cuMemAllocHost_v2(&pinned, 8) == 0 && cuda.cuMemAlloc_v2(&a, 8) == 0);
  memcpy(pinned, "1234567", 8);
  EXPECT(cuda.cuMemcpyHtoDAsync_v2(a, pinned, 8, session.stream) == 0);
  memcpy(pinned, "7654321", 8);
  EXPECT(cuda.cuMemcpyDtoHAsync_v2(host, a, 8, session.stream) == 0 && !strcmp(host, "7654321"));
  EXPECT(cuda.cuMemFreeHost(pinned) == 0 && cuda.cuMemFreeHost(pinned) == 1 && cuda.cuMemFree_v2(a) == 0);
  fake_cuda_live live = fake_cuda_alive(session.machine);
  EXPECT(live.host_allocations == 0 && live.host_bytes == 0 && live.allocations == 0);
}

static void checkLaunches() {
  Session session;
  void *function = nullptr;
  EXPECT(session.load("summed", function) == 0);
  EXPECT(session.launch(function, 0, 32, {}) == 1);
  EXPECT(session.launch(function, 1, 1025, {}) == 1);
  EXPECT(session.launch(function, 1, 32, {}, (48 << 10) + 1) == 1);
  EXPECT(session.cuda.cuFuncSetAttribute(function, 8, (227 << 10) + 1) == 1);
  EXPECT(session.cuda.cuFuncSetAttribute(function, 8, 227 << 10) == 0);
  uint64_t y;
  EXPECT(session.cuda.cuMemAlloc_v2(&y, 4) == 0);
  EXPECT(session.launch(function, 1, 32, {y, y, 0}, 227 << 10) == 0);
  EXPECT(session.launch(function, 0x80000000u, 32, {}) == 1);
  EXPECT(session.launch(nullptr, 1, 32, {}) == 400);
  int error = -1;
  std::thread([&] { error = session.launch(function, 1, 32, {y, y, 0}); }).join();
  EXPECT(error == 201);
}

static void checkCompiler() {
  Session session;
  void *program, *function;
  size_t bytes = 0;
  EXPECT(session.compile(program, "nothing<float>", "sm_90a") == 6);
  EXPECT(session.nvrtc.nvrtcGetProgramLogSize(program, &bytes) == 0);
  std::string log(bytes, 0);
  EXPECT(session.nvrtc.nvrtcGetProgramLog(program, log.data()) == 0);
  EXPECT(log.find("nothing<float>") != log.npos);
  EXPECT(session.compile(program, "summed", "sm_90a", "#include \"Other.h\"\n") == 6);
  EXPECT(session.compile(program, "summed", "sm_90a", "#error no\n") == 6);
  EXPECT(session.compile(program, "summed", "sm_91") == 5);
  EXPECT(!strcmp(session.nvrtc.nvrtcGetErrorString(5), "NVRTC_ERROR_INVALID_OPTION"));
  EXPECT(session.load("doubled<float>", function, "sm_80") == 209);
  EXPECT(session.load("doubled<float>", function, "sm_90") == 0);
  EXPECT(session.load("doubled<float>", function, "compute_80") == 0);
  EXPECT(session.load("doubled<float>", function, "compute_100") == 209);
  EXPECT(session.cuda.cuModuleLoadData(&program, "ELF") == 200);
  fake_cuda_settings settings = fake_cuda_usual();
  settings.compiler_version = 13010;
  Session newer(settings);
  EXPECT(newer.load("doubled<float>", function, "sm_90a") == 0);
  EXPECT(newer.load("doubled<float>", function, "compute_80") == 222);
}

static void checkFaults() {
  fake_cuda_settings settings = fake_cuda_usual();
  settings.missing = "cuStreamCreate";
  fake_cuda_machine *machine = fake_cuda_create(settings);
  tk_cuda cuda;
  EXPECT(!strcmp(tk_cuda_load(fake_cuda_driver(machine), &cuda), "cuStreamCreate"));
  fake_cuda_destroy(machine);
  Session session;
  uint64_t a;
  fake_cuda_fail(session.machine, "cuMemAlloc_v2", 2, 2);
  EXPECT(session.cuda.cuMemAlloc_v2(&a, 8) == 0 && session.cuda.cuMemAlloc_v2(&a, 8) == 2);
  EXPECT(session.cuda.cuMemAlloc_v2(&a, 8) == 0);
  fake_cuda_fail(session.machine, nullptr, 1, 999);
  const char *words;
  EXPECT(session.cuda.cuGetErrorName(2, &words) == 0 && !strcmp(words, "CUDA_ERROR_OUT_OF_MEMORY"));
  EXPECT(session.cuda.cuGetErrorString(12345, &words) == 1 && !words);
  EXPECT(session.cuda.cuStreamSynchronize(session.stream) == 999);
  EXPECT(session.cuda.cuStreamSynchronize(session.stream) == 0);
  fake_cuda_lose(session.machine);
  EXPECT(session.cuda.cuStreamSynchronize(session.stream) == 719 && session.cuda.cuMemFree_v2(a) == 719);
  settings = fake_cuda_usual();
  settings.devices = 0;
  machine = fake_cuda_create(settings);
  EXPECT(!tk_cuda_load(fake_cuda_driver(machine), &cuda) && cuda.cuInit(0) == 100);
  fake_cuda_destroy(machine);
  EXPECT(cuda.cuInit(0) == 4);
}

// Several threads, each with a machine, and several with one.
static void checkThreads() {
  Session shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&shared, i] {
      Session own;
      for (int turn = 0; turn < 3; turn++) EXPECT(own.run("summed", 1, 256, 200, i % 3)[0] == 20100);
      EXPECT(shared.cuda.cuCtxSetCurrent(shared.context) == 0);
      uint64_t a;
      for (int turn = 0; turn < 20; turn++)
        EXPECT(shared.cuda.cuMemAlloc_v2(&a, 64) == 0 && shared.cuda.cuMemFree_v2(a) == 0);
    });
  }
  for (auto &thread : threads) thread.join();
  EXPECT(fake_cuda_alive(shared.machine).allocations == 0);
}

int main(int count, char **arguments) {
  if (count > 1) {
    Session().run(arguments[1], 2, 64, 100, 0);
    return 0;
  }
  checkKernels();
  checkMemory();
  checkLaunches();
  checkCompiler();
  checkFaults();
  checkThreads();
  printf("emulator: %s\n", failures ? "red" : "all checks hold");
  return failures != 0;
}
