// What the functions of a machine's libraries work on.
#pragma once
#include "FakeCUDA.h"
#include "Kernels.h"
#include <deque>
#include <memory>
#include <set>
#include <vector>

enum Call {
#define CALL(name, parameters) call_##name,
  TK_CUDA_FUNCTIONS(CALL) callsOfTheDriver,
  TK_NVRTC_FUNCTIONS(CALL) callsOfBoth,
  TK_CUBLASLT_FUNCTIONS(CALL) callsOfAll,
#undef CALL
};

// The numbers of the driver's errors.
enum Status {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  notInitialized = 3,
  deinitialized = 4,
  noDevice = 100,
  invalidDevice = 101,
  invalidImage = 200,
  invalidContext = 201,
  noBinaryForGPU = 209,
  unsupportedPTX = 222,
  invalidHandle = 400,
  notFound = 500,
  notReady = 600,
  illegalAddress = 700,
  launchOutOfResources = 701,
  launchFailed = 719,
  unknownError = 999
};

// What a compiler makes and a driver loads: lines of text.
struct Image {
  struct Entry {
    std::string lowered, source, name;
  };
  bool isPTX = false;
  int architecture = 0;
  // Code for this architecture alone, as in sm_90a.
  bool isSpecific = false;
  int compiler = 0;
  std::vector<Entry> entries;

  std::string text() const;
  // False where the text is none of an image.
  bool read(const char *text);
};

struct Context {
  int device = 0, users = 0;
};

struct Stream {
  Context *context;
  std::deque<std::function<void()>> work;
  // How many pieces of work were ever done.
  uint64_t done = 0;
};

// A place in a stream: it is there when so much of the stream's work is done.
struct Event {
  Context *context;
  // Null before it is recorded, and where its stream is gone.
  Stream *stream = nullptr;
  uint64_t place = 0;

  bool isReached() const { return !stream || stream->done >= place; }
};

struct Function {
  Context *context;
  const registry::Kernel *kernel;
  size_t shared;
};

struct Module {
  Context *context;
  Image image;
  std::map<std::string, Function> functions;
};

struct Allocation {
  size_t bytes;
  Context *context;
};

struct Program {
  std::string text, name, log;
  std::map<std::string, std::string> headers;
  // The kernels asked for, and their names in the code.
  std::map<std::string, std::string> expressions;
  bool isCompiled = false;
  Image image;
};

// What cuBLASLt is asked to make.
struct ProductLibrary {
  Context *context;
};

struct MatrixProduct {
  bool isWide, turnsA = false, turnsB = false;
};

struct MatrixLayout {
  int type;
  int64_t rows, columns, leading, batch = 1, stride = 0;
};

struct ProductPreference {
  uint64_t workspace = 0;
  uint32_t alignments[4] = {256, 256, 256, 256};
};

class Machine {
public:
  explicit Machine(fake_cuda_settings settings);
  ~Machine();
  Machine(const Machine &) = delete;

  // Counts a call. What it returns is the call's error, if it is to fail.
  int begin(Call call, const char *name);

#define CALL(name, parameters) int name parameters;
  TK_CUDA_FUNCTIONS(CALL)
  TK_NVRTC_FUNCTIONS(CALL)
  TK_CUBLASLT_FUNCTIONS(CALL)
#undef CALL

  struct Failure {
    std::string name;
    int64_t n;
    int error;
  };

  fake_cuda_settings settings;
  std::string missing;
  std::vector<Failure> failures;
  std::map<std::string, int64_t> calls, launches;
  bool isLost = false, isDeferred = false;
  emulator::Order order = emulator::Order::forward;
  fake_cuda_live live = {};

private:
  int here(Context *&context);
  int submit(void *stream, std::function<void()> work);
  int streamOf(void *handle, Stream *&stream);
  int eventOf(void *handle, Event *&event);
  void drain(Stream &stream, uint64_t place = ~(uint64_t)0);
  void drainAll();
  // Whether these bytes are of one allocation, or are none of any.
  bool isDevice(uint64_t begin, size_t bytes) const;
  bool isHost(const void *begin, size_t bytes) const;
  bool isPinned(const void *begin, size_t bytes) const;
  int check(const Function &function, dim3 grid, dim3 block, size_t shared) const;
  int mostShared() const;
  Program *program(void *handle);
  int imageOf(void *handle, bool isPTX, std::string &text);
  int sizeOfImage(void *handle, bool isPTX, size_t *bytes);
  int copyImage(void *handle, bool isPTX, char *target);

  const int64_t number;
  bool isInitialized = false;
  std::vector<Context> contexts;
  std::vector<std::unique_ptr<Stream>> usualStreams;
  std::map<void *, std::unique_ptr<Stream>> streams;
  std::map<void *, std::unique_ptr<Event>> events;
  std::map<void *, std::unique_ptr<Module>> modules;
  std::map<void *, std::unique_ptr<Program>> programs;
  std::map<void *, std::unique_ptr<ProductLibrary>> productLibraries;
  std::map<void *, std::unique_ptr<MatrixProduct>> products;
  std::map<void *, std::unique_ptr<MatrixLayout>> layouts;
  std::map<void *, std::unique_ptr<ProductPreference>> preferences;
  std::map<uint64_t, Allocation> memory;
  std::map<uint64_t, size_t> hostMemory;
};
