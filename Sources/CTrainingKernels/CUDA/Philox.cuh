// Philox 4x32-10 (Salmon et al. 2011): a block of four words.
#pragma once

struct PhiloxBlock { uint32_t words[4]; };

DEVICE PhiloxBlock philox(uint64_t key, uint64_t counter) {
  uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
  uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = 0, c3 = 0;
#pragma unroll
  for (int round = 0; round < 10; round++, key0 += 0x9e3779b9, key1 += 0xbb67ae85) {
    uint64_t product0 = (uint64_t)0xd2511f53 * c0, product1 = (uint64_t)0xcd9e8d57 * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
    c1 = (uint32_t)product1;
    c3 = (uint32_t)product0;
  }
  return {{c0, c1, c2, c3}};
}
