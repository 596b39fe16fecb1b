#include "Machine.h"
#include <sstream>

namespace {
enum Result {
  done = 0,
  programCreationFailure = 2,
  invalidInput = 3,
  invalidProgram = 4,
  invalidOption = 5,
  compilation = 6,
  noNamesAfterCompilation = 8,
  noLoweredNamesBeforeCompilation = 9,
  nameNotValid = 10
};

// What a compiler of the fake reads of a text: directives.
struct Reader {
  const Program &program;
  std::set<std::string> files;
  std::string log;

  void error(const std::string &file, int line, const std::string &words) {
    log += file + "(" + std::to_string(line) + "): error: " + words + "\n\n";
  }

  // Reads a file, and what it includes.
  void read(const std::string &file, const std::string &text) {
    if (!files.insert(file).second) return;
    std::istringstream lines(text);
    // Of the conditions that are open, whether their text is left out. Only those of the compiler's own name are
    // known; of others all text is read.
    struct Condition { bool isLeftOut, isKnown; };
    std::vector<Condition> conditions;
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      number++;
      size_t hash = line.find_first_not_of(" \t");
      if (hash == std::string::npos || line[hash] != '#') continue;
      std::istringstream words(line.substr(hash + 1));
      std::string directive, first;
      words >> directive >> first;
      bool isOfCompiler = first == "__CUDACC_RTC__";
      if (directive == "if") conditions.push_back({false, false});
      if (directive == "ifdef") conditions.push_back({false, isOfCompiler});
      if (directive == "ifndef") conditions.push_back({isOfCompiler, isOfCompiler});
      if (directive == "else" && !conditions.empty() && conditions.back().isKnown)
        conditions.back().isLeftOut ^= true;
      if (directive == "endif" && !conditions.empty()) conditions.pop_back();
      bool isLeftOut = false;
      for (Condition condition : conditions) isLeftOut |= condition.isLeftOut;
      if (isLeftOut) continue;
      if (directive == "error") error(file, number, "#error directive:" + line.substr(hash + 6));
      if (directive == "include") include(file, number, first);
    }
  }

  void include(const std::string &file, int line, const std::string &what) {
    // A macro that names the file is not followed.
    if (what.size() < 2 || (what[0] != '"' && what[0] != '<')) return;
    std::string name = what.substr(1, what.size() - 2);
    auto found = program.headers.find(name);
    if (found == program.headers.end()) {
      error(file, line, "cannot open source file " + what);
    } else {
      read(name, found->second);
    }
  }

  // The kernel of this name in one of the files, or null.
  const registry::Kernel *kernel(const std::string &name) const {
    for (const std::string &file : files)
      if (auto kernel = registry::find(file, name)) return kernel;
    return nullptr;
  }
};

// "sm_90a", "compute_100": false where it is none.
bool readArchitecture(const std::string &word, Image &image) {
  bool isPTX = word.rfind("compute_", 0) == 0;
  if (!isPTX && word.rfind("sm_", 0) != 0) return false;
  std::string rest = word.substr(isPTX ? 8 : 3);
  size_t digits = rest.find_first_not_of("0123456789");
  std::string end = digits == std::string::npos ? "" : rest.substr(digits);
  if (digits == 0 || rest.empty() || (!end.empty() && end != "a" && end != "f")) return false;
  image.isPTX = isPTX;
  image.architecture = atoi(rest.c_str());
  image.isSpecific = end == "a";
  static const std::set<int> known = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};
  return known.count(image.architecture) > 0;
}

const char *const optionNames[] = {
  "--std=", "-std=", "--gpu-architecture=", "-arch=", "-default-device", "--device-as-default-execution-space",
  "-device-int128", "--device-int128",
  "--fmad=", "-fmad=", "--ptxas-options=", "-Xptxas", "-D", "--define-macro=", "--use_fast_math", "-lineinfo",
  "--generate-line-info", "-G", "--device-debug", "--extra-device-vectorization", "-no-source-include",
  "--minimal", "--no-cache", "--split-compile=", "--ftz=", "--prec-div=", "--prec-sqrt=", "--maxrregcount=",
  "--disable-warnings", "-w", "--diag-suppress="};

bool isOption(const std::string &option) {
  for (std::string known : optionNames)
    if (option == known || (option.rfind(known, 0) == 0 && (known.back() == '=' || known == "-D"))) return true;
  return false;
}

// As a compiler would mangle it: letters and digits that tell it from all others.
std::string lowered(const std::string &name) {
  std::string bare;
  for (char letter : name) bare += isalnum((unsigned char)letter) ? letter : '_';
  return "_Z" + std::to_string(name.size()) + bare + std::to_string(std::hash<std::string>()(name));
}
}  // namespace

int Machine::nvrtcVersion(int *major, int *minor) {
  *major = settings.compiler_version / 1000;
  *minor = settings.compiler_version % 1000 / 10;
  return done;
}

int Machine::nvrtcCreateProgram(
  void **handle, const char *text, const char *name, int headers, const char *const *texts,
  const char *const *names) {
  if (!handle || !text || headers < 0 || (headers > 0 && (!texts || !names))) return invalidInput;
  auto program = new Program{text, name ? name : "default_program", "", {}, {}, false, {}};
  for (int i = 0; i < headers; i++) program->headers[names[i]] = texts[i];
  programs[program].reset(program);
  live.programs++;
  *handle = program;
  return done;
}

int Machine::nvrtcDestroyProgram(void **handle) {
  if (!handle || !programs.erase(*handle)) return invalidProgram;
  live.programs--;
  *handle = nullptr;
  return done;
}

Program *Machine::program(void *handle) {
  auto found = programs.find(handle);
  return found == programs.end() ? nullptr : found->second.get();
}

int Machine::nvrtcAddNameExpression(void *handle, const char *expression) {
  Program *program = this->program(handle);
  if (!program) return invalidProgram;
  if (!program->log.empty() || program->isCompiled) return noNamesAfterCompilation;
  program->expressions[expression] = lowered(expression);
  return done;
}

int Machine::nvrtcCompileProgram(void *handle, int count, const char *const *options) {
  Program *program = this->program(handle);
  if (!program) return invalidProgram;
  program->image = {};
  program->image.compiler = settings.compiler_version;
  readArchitecture("compute_75", program->image);
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    size_t equal = option.find('=');
    bool isKnown = isOption(option);
    if (isKnown && (option.rfind("--gpu-architecture=", 0) == 0 || option.rfind("-arch=", 0) == 0))
      isKnown = readArchitecture(option.substr(equal + 1), program->image);
    if (isKnown) continue;
    program->log = "nvrtc: error: invalid value or option: " + option + "\n";
    return invalidOption;
  }
  Reader reader{*program, {}, ""};
  reader.read(program->name, program->text);
  for (auto &[name, code] : program->expressions) {
    if (auto kernel = reader.kernel(name)) {
      program->image.entries.push_back({code, kernel->source, kernel->name});
    } else {
      reader.error(program->name, 1, "name expression " + name + " is none of the registered kernels");
    }
  }
  program->log = reader.log;
  program->isCompiled = reader.log.empty();
  return program->isCompiled ? done : compilation;
}

int Machine::nvrtcGetLoweredName(void *handle, const char *expression, const char **name) {
  Program *program = this->program(handle);
  if (!program) return invalidProgram;
  if (!program->isCompiled) return noLoweredNamesBeforeCompilation;
  auto found = program->expressions.find(expression);
  if (found == program->expressions.end()) return nameNotValid;
  *name = found->second.c_str();
  return done;
}

// What a program was compiled to. PTX there is always, code only for an architecture of devices.
int Machine::imageOf(void *handle, bool isPTX, std::string &text) {
  Program *program = this->program(handle);
  if (!program || !program->isCompiled) return invalidProgram;
  Image image = program->image;
  if (image.isPTX && !isPTX) return done;
  image.isPTX = isPTX;
  text = image.text();
  return done;
}

int Machine::sizeOfImage(void *handle, bool isPTX, size_t *bytes) {
  std::string text;
  if (int error = imageOf(handle, isPTX, text)) return error;
  *bytes = text.empty() ? 0 : text.size() + 1;
  return done;
}

int Machine::copyImage(void *handle, bool isPTX, char *target) {
  std::string text;
  if (int error = imageOf(handle, isPTX, text)) return error;
  if (text.empty()) return invalidProgram;
  memcpy(target, text.c_str(), text.size() + 1);
  return done;
}

int Machine::nvrtcGetCUBINSize(void *handle, size_t *bytes) { return sizeOfImage(handle, false, bytes); }
int Machine::nvrtcGetCUBIN(void *handle, char *image) { return copyImage(handle, false, image); }
int Machine::nvrtcGetPTXSize(void *handle, size_t *bytes) { return sizeOfImage(handle, true, bytes); }
int Machine::nvrtcGetPTX(void *handle, char *text) { return copyImage(handle, true, text); }

int Machine::nvrtcGetProgramLogSize(void *handle, size_t *bytes) {
  Program *program = this->program(handle);
  if (!program) return invalidProgram;
  *bytes = program->log.size() + 1;
  return done;
}

int Machine::nvrtcGetProgramLog(void *handle, char *log) {
  Program *program = this->program(handle);
  if (!program) return invalidProgram;
  memcpy(log, program->log.c_str(), program->log.size() + 1);
  return done;
}
