#include "Machine.h"
#include <array>
#include <iterator>
#include <mutex>
#include <utility>

// A place for a machine. The driver's functions do not say whose they are, so that each place has its own.
struct fake_cuda_machine {
  std::mutex mutex;
  std::unique_ptr<Machine> machine;
};

namespace {
fake_cuda_machine places[FAKE_CUDA_MACHINES];

template <int place, Call call, auto method> struct Route;
template <int place, Call call, class... A, int (Machine::*method)(A...)> struct Route<place, call, method> {
  static int enter(A... arguments) {
    static const char *const names[] = {
#define NAME(name, parameters) #name,
      TK_CUDA_FUNCTIONS(NAME) nullptr,
      TK_NVRTC_FUNCTIONS(NAME) nullptr,
      TK_CUBLASLT_FUNCTIONS(NAME) nullptr,
#undef NAME
    };
    std::lock_guard lock(places[place].mutex);
    Machine *machine = places[place].machine.get();
    if (!machine) return deinitialized;
    if (int error = machine->begin(call, names[call])) return error;
    return (machine->*method)(arguments...);
  }
};

const char *compilerWords(int result) {
  static const char *const words[] = {
    "NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
    "NVRTC_ERROR_INVALID_INPUT", "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION",
    "NVRTC_ERROR_COMPILATION", "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
    "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION", "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
    "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID", "NVRTC_ERROR_INTERNAL_ERROR"};
  return result >= 0 && result < (int)std::size(words) ? words[result] : "NVRTC_ERROR unknown";
}

using Find = void *(*)(const char *name);

template <int place> void *driverFunction(const char *name) {
#define FIND(function, parameters)                                                                 \
  if (!strcmp(name, #function)) return (void *)Route<place, call_##function, &Machine::function>::enter;
  TK_CUDA_FUNCTIONS(FIND)
  return nullptr;
}

template <int place> void *compilerFunction(const char *name) {
  TK_NVRTC_FUNCTIONS(FIND)
  if (!strcmp(name, "nvrtcGetErrorString")) return (void *)compilerWords;
  return nullptr;
}

size_t productsVersion() { return 130002; }
const char *productsWords(int status) {
  switch (status) {
    case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 7: return "CUBLAS_STATUS_INVALID_VALUE";
    case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "CUBLAS_STATUS_UNKNOWN";
  }
}

template <int place> void *productsFunction(const char *name) {
  TK_CUBLASLT_FUNCTIONS(FIND)
#undef FIND
  if (!strcmp(name, "cublasLtGetVersion")) return (void *)productsVersion;
  if (!strcmp(name, "cublasLtGetStatusString")) return (void *)productsWords;
  return nullptr;
}

using Table = std::array<Find, FAKE_CUDA_MACHINES>;
struct Tables {
  Table driver, compiler, products;
};
template <int... place> constexpr Tables tables(std::integer_sequence<int, place...>) {
  return {{driverFunction<place>...}, {compilerFunction<place>...}, {productsFunction<place>...}};
}
constexpr Tables finders = tables(std::make_integer_sequence<int, FAKE_CUDA_MACHINES>());

void *symbol(void *handle, const char *name, const Table &table) {
  auto place = (fake_cuda_machine *)handle;
  std::lock_guard lock(place->mutex);
  if (!place->machine || place->machine->missing == name) return nullptr;
  return table[place - places](name);
}
void *driverSymbol(void *handle, const char *name) { return symbol(handle, name, finders.driver); }
void *compilerSymbol(void *handle, const char *name) { return symbol(handle, name, finders.compiler); }
void *productsSymbol(void *handle, const char *name) { return symbol(handle, name, finders.products); }

int64_t count(const std::map<std::string, int64_t> &counts, const char *name) {
  int64_t sum = 0;
  for (auto &[key, count] : counts) sum += !name || key == name ? count : 0;
  return sum;
}
}  // namespace

int Machine::begin(Call call, const char *name) {
  calls[name]++;
  bool isOfWords = call == call_cuGetErrorName || call == call_cuGetErrorString;
  for (size_t i = 0; i < failures.size(); i++) {
    Failure &failure = failures[i];
    if (failure.name.empty() ? isOfWords : failure.name != name) continue;
    if (--failure.n > 0) continue;
    int error = failure.error;
    failures.erase(failures.begin() + i);
    return error;
  }
  return isLost && call < callsOfTheDriver && !isOfWords ? launchFailed : success;
}

fake_cuda_settings fake_cuda_usual(void) { return {1, 13000, 13000, 90, 4, (size_t)1 << 30, nullptr}; }

fake_cuda_machine *fake_cuda_create(fake_cuda_settings settings) {
  // A place is taken again as late as may be, so that who calls a machine that is gone does not meet another.
  static std::mutex mutex;
  static size_t next = 0;
  std::lock_guard lock(mutex);
  for (size_t i = 0; i < FAKE_CUDA_MACHINES; i++) {
    fake_cuda_machine &place = places[next++ % FAKE_CUDA_MACHINES];
    std::lock_guard lock(place.mutex);
    if (place.machine) continue;
    place.machine = std::make_unique<Machine>(settings);
    return &place;
  }
  return nullptr;
}

void fake_cuda_destroy(fake_cuda_machine *machine) {
  std::lock_guard lock(machine->mutex);
  machine->machine = nullptr;
}

tk_library fake_cuda_driver(fake_cuda_machine *machine) { return {machine, driverSymbol}; }
tk_library fake_cuda_compiler(fake_cuda_machine *machine) { return {machine, compilerSymbol}; }
tk_library fake_cuda_products(fake_cuda_machine *machine) { return {machine, productsSymbol}; }

void fake_cuda_fail(fake_cuda_machine *machine, const char *name, int64_t n, int32_t error) {
  std::lock_guard lock(machine->mutex);
  machine->machine->failures.push_back({name ? name : "", n, error});
}

void fake_cuda_lose(fake_cuda_machine *machine) {
  std::lock_guard lock(machine->mutex);
  machine->machine->isLost = true;
}

void fake_cuda_set_order(fake_cuda_machine *machine, int32_t order) {
  std::lock_guard lock(machine->mutex);
  machine->machine->order = (emulator::Order)order;
}

void fake_cuda_defer(fake_cuda_machine *machine) {
  std::lock_guard lock(machine->mutex);
  machine->machine->isDeferred = true;
}

int64_t fake_cuda_calls(fake_cuda_machine *machine, const char *name) {
  std::lock_guard lock(machine->mutex);
  return count(machine->machine->calls, name);
}

int64_t fake_cuda_launches(fake_cuda_machine *machine, const char *kernel) {
  std::lock_guard lock(machine->mutex);
  return count(machine->machine->launches, kernel);
}

fake_cuda_live fake_cuda_alive(fake_cuda_machine *machine) {
  std::lock_guard lock(machine->mutex);
  return machine->machine->live;
}
