// What a warp does as one in products of tiles, and copies that arrive later.
#pragma once
#include "Emulator.h"
#include <map>
#include <vector>

namespace emulator {
struct Copy {
  void *to;
  const void *from;
  int bytes;
};

// The copies of a thread that have not arrived: those of a group that is still open, and the groups before it.
struct Copies {
  std::vector<Copy> open;
  std::vector<std::vector<Copy>> groups;
};
inline thread_local std::map<Place *, Copies> copies;

inline void copyLater(void *to, const void *from, int bytes) { copies[place].open.push_back({to, from, bytes}); }

inline void commitCopies() {
  Copies &mine = copies[place];
  mine.groups.push_back(std::move(mine.open));
  mine.open.clear();
}

// They arrive as late as they may, so that a read before the wait finds what was there.
inline void waitCopies(size_t left) {
  std::vector<std::vector<Copy>> &groups = copies[place].groups;
  while (groups.size() > left) {
    for (const Copy &copy : groups.front()) {
      memset(copy.to, 0, 16);
      memcpy(copy.to, copy.from, copy.bytes);
    }
    groups.erase(groups.begin());
  }
}

// Lane l holds two elements of row l / 4 of each matrix, or of column l / 4.
inline void loadMatrices(uint32_t *words, int count, const void *row, bool transposed) {
  uint64_t address = (uint64_t)row;
  memcpy(slot(lane()), &address, 8);
  syncWarp();
  for (int i = 0; i < count; i++) {
    uint16_t pair[2];
    for (int j = 0; j < 2; j++) {
      unsigned r = lane() / 4, c = lane() % 4 * 2 + j;
      if (transposed) std::swap(r, c);
      uint64_t from;
      memcpy(&from, slot(i * 8 + r), 8);
      memcpy(&pair[j], (const char *)from + c * 2, 2);
    }
    memcpy(&words[i], pair, 4);
  }
  syncWarp();
}

// d += a b of 16 x 16 and 16 x 8 elements.
template <class T, class Widen> void multiplyMatrices(float *d, const uint32_t *a, const uint32_t *b, Widen widen) {
  uint32_t mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  memcpy(slot(lane()), mine, sizeof mine);
  syncWarp();
  auto half = [&](unsigned owner, int word, int part) {
    T x;
    memcpy(&x, (const char *)slot(owner) + word * 4 + part * 2, 2);
    return widen(x);
  };
  float left[2][16], right[2][16];
  for (int k = 0; k < 16; k++)
    for (int i = 0; i < 2; i++) {
      unsigned owner = k % 8 / 2;
      left[i][k] = half(lane() / 4 * 4 + owner, k / 8 * 2 + i, k % 2);
      right[i][k] = half((lane() % 4 * 2 + i) * 4 + owner, 4 + k / 8, k % 2);
    }
  for (int i = 0; i < 4; i++) {
    float sum = 0;
    for (int k = 0; k < 16; k++) sum += left[i / 2][k] * right[i % 2][k];
    d[i] += sum;
  }
  syncWarp();
}
}  // namespace emulator
