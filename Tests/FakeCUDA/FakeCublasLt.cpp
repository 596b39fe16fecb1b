// cuBLASLt: plain loops, and all that the real one asks of its arguments.
#include "Machine.h"

namespace {
enum Result { done = 0, noLibrary = 1, wrongValue = 7, executionFailed = 13, notSupported = 15 };
enum Type { float32 = 0, float64 = 1, half = 2, bfloat = 14 };
constexpr uint64_t magic = 0xC0B1A5;

int bytesOf(int type) { return type == float64 ? 8 : type == float32 ? 4 : 2; }

template <class Value> bool read(Value &value, const void *from, size_t bytes) {
  if (!from || bytes != sizeof(Value)) return false;
  memcpy(&value, from, bytes);
  return true;
}

double element(const void *memory, int type, int64_t at) {
  switch (type) {
    case float32: return ((const float *)memory)[at];
    case float64: return ((const double *)memory)[at];
    case half: return widen(((const float16 *)memory)[at]);
    default: return widen(((const bfloat16 *)memory)[at]);
  }
}

void store(void *memory, int type, int64_t at, double value) {
  switch (type) {
    case float32: ((float *)memory)[at] = (float)value; break;
    case float64: ((double *)memory)[at] = value; break;
    case half: ((float16 *)memory)[at] = toHalf((float)value); break;
    default: ((bfloat16 *)memory)[at] = toBFloat((float)value);
  }
}

// Bytes from the first element to behind the last.
int64_t extent(const MatrixLayout &layout) {
  return ((layout.batch - 1) * layout.stride + (layout.columns - 1) * layout.leading + layout.rows)
    * bytesOf(layout.type);
}

bool isRight(const MatrixLayout &layout) {
  return layout.rows > 0 && layout.columns > 0 && layout.leading >= layout.rows && layout.batch > 0
    && layout.stride >= 0;
}

// Whether the matrices make a product.
int checkProduct(const MatrixProduct &product, const MatrixLayout &a, const MatrixLayout &b, const MatrixLayout &c,
                 const MatrixLayout &d) {
  for (auto layout : {&a, &b, &c, &d})
    if (!isRight(*layout) || layout->batch != d.batch) return wrongValue;
  auto rows = [](const MatrixLayout &layout, bool turned) { return turned ? layout.columns : layout.rows; };
  auto columns = [](const MatrixLayout &layout, bool turned) { return turned ? layout.rows : layout.columns; };
  if (rows(a, product.turnsA) != d.rows || columns(b, product.turnsB) != d.columns) return wrongValue;
  if (columns(a, product.turnsA) != rows(b, product.turnsB)) return wrongValue;
  if (c.rows != d.rows || c.columns != d.columns || c.type != d.type) return wrongValue;
  // Matrices of a result lie apart.
  if (d.batch > 1 && d.stride < (d.columns - 1) * d.leading + d.rows) return wrongValue;
  bool isHalf = a.type == half || a.type == bfloat;
  bool isKnown = product.isWide ? a.type == float64 : a.type == float32 || isHalf;
  isKnown &= d.type == a.type || (isHalf && d.type == float32);
  return a.type == b.type && isKnown ? done : notSupported;
}

uint64_t alignmentOf(uint64_t address) { return address & -address; }
}  // namespace

int Machine::cublasLtCreate(void **handle) {
  Context *context;
  if (here(context)) return noLibrary;
  auto library = new ProductLibrary{context};
  productLibraries[library].reset(library);
  live.products++;
  *handle = library;
  return done;
}

int Machine::cublasLtDestroy(void *handle) {
  drainAll();
  bool isThere = productLibraries.erase(handle);
  live.products -= isThere;
  return isThere ? done : noLibrary;
}

int Machine::cublasLtMatmulDescCreate(void **handle, int computeType, int scaleType) {
  bool isWide = computeType == 70;
  if ((computeType != 68 && !isWide) || scaleType != (isWide ? float64 : float32)) return wrongValue;
  auto product = new MatrixProduct{isWide};
  products[product].reset(product);
  live.products++;
  *handle = product;
  return done;
}

int Machine::cublasLtMatmulDescDestroy(void *handle) {
  bool isThere = products.erase(handle);
  live.products -= isThere;
  return isThere ? done : wrongValue;
}

int Machine::cublasLtMatmulDescSetAttribute(void *handle, int attribute, const void *value, size_t bytes) {
  auto found = products.find(handle);
  int32_t number;
  if (found == products.end() || !read(number, value, bytes)) return wrongValue;
  if ((attribute != 3 && attribute != 4) || number < 0 || number > 1) return wrongValue;
  (attribute == 3 ? found->second->turnsA : found->second->turnsB) = number;
  return done;
}

int Machine::cublasLtMatrixLayoutCreate(
  void **handle, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  if (type != float32 && type != float64 && type != half && type != bfloat) return wrongValue;
  auto layout = new MatrixLayout{type, (int64_t)rows, (int64_t)columns, leading};
  layouts[layout].reset(layout);
  live.products++;
  *handle = layout;
  return done;
}

int Machine::cublasLtMatrixLayoutDestroy(void *handle) {
  bool isThere = layouts.erase(handle);
  live.products -= isThere;
  return isThere ? done : wrongValue;
}

int Machine::cublasLtMatrixLayoutSetAttribute(void *handle, int attribute, const void *value, size_t bytes) {
  auto found = layouts.find(handle);
  if (found == layouts.end()) return wrongValue;
  int32_t count;
  if (attribute == 5 && read(count, value, bytes) && count > 0) return found->second->batch = count, done;
  return attribute == 6 && read(found->second->stride, value, bytes) ? done : wrongValue;
}

int Machine::cublasLtMatmulPreferenceCreate(void **handle) {
  auto preference = new ProductPreference;
  preferences[preference].reset(preference);
  live.products++;
  *handle = preference;
  return done;
}

int Machine::cublasLtMatmulPreferenceDestroy(void *handle) {
  bool isThere = preferences.erase(handle);
  live.products -= isThere;
  return isThere ? done : wrongValue;
}

int Machine::cublasLtMatmulPreferenceSetAttribute(void *handle, int attribute, const void *value, size_t bytes) {
  auto found = preferences.find(handle);
  if (found == preferences.end()) return wrongValue;
  ProductPreference &preference = *found->second;
  if (attribute == 1) return read(preference.workspace, value, bytes) ? done : wrongValue;
  uint32_t number;
  if (!read(number, value, bytes)) return wrongValue;
  if (attribute == 3) return number < 8 ? done : wrongValue;
  if (attribute < 5 || attribute > 8 || number == 0 || number & (number - 1)) return wrongValue;
  preference.alignments[attribute - 5] = number;
  return done;
}

int Machine::cublasLtMatmulAlgoGetHeuristic(
  void *library, void *product, void *a, void *b, void *c, void *d, void *preference, int wanted,
  tk_cublaslt_choice *choices, int *count) {
  if (!productLibraries.count(library)) return noLibrary;
  if (!products.count(product) || !preferences.count(preference) || wanted < 1) return wrongValue;
  for (void *layout : {a, b, c, d})
    if (!layouts.count(layout)) return wrongValue;
  if (int error = checkProduct(*products[product], *layouts[a], *layouts[b], *layouts[c], *layouts[d])) return error;
  ProductPreference &wishes = *preferences[preference];
  choices[0] = {};
  auto words = choices[0].algorithm.words;
  words[0] = magic;
  // The algorithm is for these extents, and for what is aligned so.
  words[1] = (uint64_t)layouts[d]->rows * 1000003 + layouts[d]->columns * 10007 + layouts[d]->batch;
  for (int i = 0; i < 4; i++) words[2 + i] = wishes.alignments[i];
  // Long sums are cut into parts.
  bool isCut = (products[product]->turnsA ? layouts[a]->rows : layouts[a]->columns) >= 64;
  choices[0].workspace = isCut && wishes.workspace >= 1024 ? 1024 : 0;
  words[6] = choices[0].workspace;
  *count = 1;
  return done;
}

int Machine::cublasLtMatmul(
  void *library, void *product, const void *alpha, const void *a, void *aLayout, const void *b, void *bLayout,
  const void *beta, const void *c, void *cLayout, void *d, void *dLayout,
  const tk_cublaslt_algorithm *algorithm, void *workspace, size_t workspaceBytes, void *stream) {
  if (!productLibraries.count(library)) return noLibrary;
  if (isLost) return executionFailed;
  if (!products.count(product) || !alpha || !beta || !algorithm) return wrongValue;
  for (void *layout : {aLayout, bLayout, cLayout, dLayout})
    if (!layouts.count(layout)) return wrongValue;
  MatrixProduct own = *products[product];
  MatrixLayout left = *layouts[aLayout], right = *layouts[bLayout], result = *layouts[dLayout];
  if (int error = checkProduct(own, left, right, *layouts[cLayout], result)) return error;
  auto words = algorithm->words;
  if (words[0] != magic || words[1] != (uint64_t)result.rows * 1000003 + result.columns * 10007 + result.batch)
    return wrongValue;
  const void *memory[] = {a, b, c, d};
  const MatrixLayout *lie[] = {&left, &right, layouts[cLayout].get(), &result};
  for (int i = 0; i < 4; i++)
    if (alignmentOf((uint64_t)memory[i]) < words[2 + i] || !isDevice((uint64_t)memory[i], extent(*lie[i])))
      return wrongValue;
  bool isUsable = (uint64_t)workspace % 256 == 0 && isDevice((uint64_t)workspace, workspaceBytes);
  if (words[6] > workspaceBytes || (words[6] && !isUsable)) return wrongValue;
  double scale = own.isWide ? *(const double *)alpha : *(const float *)alpha;
  double kept = own.isWide ? *(const double *)beta : *(const float *)beta;
  size_t needed = words[6];
  int error = submit(stream, [=] {
    if (needed) memset(workspace, 0xEE, needed);
    int64_t depth = own.turnsA ? left.rows : left.columns;
    for (int64_t k = 0; k < result.batch; k++)
      for (int64_t j = 0; j < result.columns; j++)
        for (int64_t i = 0; i < result.rows; i++) {
          double sum = 0;
          for (int64_t l = 0; l < depth; l++) {
            int64_t x = k * left.stride + (own.turnsA ? i * left.leading + l : l * left.leading + i);
            int64_t y = k * right.stride + (own.turnsB ? l * right.leading + j : j * right.leading + l);
            sum += element(a, left.type, x) * element(b, right.type, y);
          }
          int64_t at = k * result.stride + j * result.leading + i;
          double before = kept == 0 ? 0 : kept * element(c, result.type, at);
          store(d, result.type, at, scale * sum + before);
        }
  });
  launches["cublasLtMatmul"] += error == 0;
  return error ? executionFailed : done;
}
