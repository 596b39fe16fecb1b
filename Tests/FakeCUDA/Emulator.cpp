#include "Emulator.h"
#include "Sanitizers.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <vector>

// Saves the registers that a call keeps, and goes on with another stack.
extern "C" void emulator_switch(void **saved, void *next);
#if defined(__APPLE__)
#define SYMBOL "_emulator_switch"
#define TYPE ""
#elif defined(__x86_64__)
#define SYMBOL "emulator_switch"
#define TYPE ".type emulator_switch,@function\n"
#else
#define SYMBOL "emulator_switch"
#define TYPE ".type emulator_switch,%function\n"
#endif
#if defined(__x86_64__)
__asm__(".text\n.globl " SYMBOL "\n" TYPE SYMBOL ":\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl " SYMBOL "\n" TYPE SYMBOL ":\n"
        "sub sp, sp, #176\n"
        "stp x19, x20, [sp]\nstp x21, x22, [sp, #16]\nstp x23, x24, [sp, #32]\n"
        "stp x25, x26, [sp, #48]\nstp x27, x28, [sp, #64]\nstp x29, x30, [sp, #80]\n"
        "stp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\nstp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n"
        "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
        "ldp x19, x20, [sp]\nldp x21, x22, [sp, #16]\nldp x23, x24, [sp, #32]\n"
        "ldp x25, x26, [sp, #48]\nldp x27, x28, [sp, #64]\nldp x29, x30, [sp, #80]\n"
        "ldp d8, d9, [sp, #96]\nldp d10, d11, [sp, #112]\nldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n"
        "add sp, sp, #176\nret\n");
#endif

namespace emulator {
namespace {
enum class State { running, atBlock, atWarp, done };

struct Fiber {
  void *stack = nullptr;
  Place place;
  State state = State::running;
  sanitizers::Fiber known;
};

constexpr size_t stackBytes = 64 * 1024, slotBytes = 64, mostThreads = 1024;

// One for each thread of the processor that runs kernels.
struct Machine {
  std::vector<Fiber> fibers;
  std::vector<char> shared, slots;
  char *stacks = nullptr;
  void *scheduler = nullptr;
  Fiber *current = nullptr;
  const std::function<void()> *body = nullptr;
  sanitizers::Thread known;

  ~Machine() {
    for (Fiber &fiber : fibers) fiber.known.end();
    if (stacks) munmap(stacks, mostThreads * stackBytes);
  }
};
thread_local Machine machine;

// Never returns from the last of its calls, which sanitizers must not count.
UNSEEN void wait(State state) {
  Fiber *fiber = machine.current;
  fiber->state = state;
  machine.known.leaveFiber(fiber->known, state == State::done);
  emulator_switch(&fiber->stack, machine.scheduler);
  machine.known.enteredFiber(fiber->known);
}

UNSEEN void enter() {
  machine.known.enteredFiber(machine.current->known);
  (*machine.body)();
  wait(State::done);
  abort();
}

void resume(Fiber &fiber) {
  machine.current = &fiber;
  place = &fiber.place;
  char *stack = machine.stacks + (&fiber - machine.fibers.data()) * stackBytes;
  machine.known.leaveThread(fiber.known, stack, stackBytes);
  emulator_switch(&machine.scheduler, fiber.stack);
  machine.known.enteredThread();
}

[[noreturn]] void fail(const char *sentence) {
  fprintf(stderr, "emulator: %s\n", sentence);
  abort();
}

void prepare(Fiber &fiber, size_t index) {
  char *top = machine.stacks + (index + 1) * stackBytes;
  fiber.state = State::running;
#if defined(__x86_64__)
  void **stack = (void **)top;
  *--stack = nullptr;
  *--stack = (void *)enter;
  stack -= 6;
  memset(stack, 0, 48);
  fiber.stack = stack;
#else
  char *stack = top - 176;
  memset(stack, 0, 176);
  ((void **)stack)[11] = (void *)enter;
  fiber.stack = stack;
#endif
}

size_t position(size_t turn, size_t count) {
  switch (order) {
    case Order::forward: return turn;
    case Order::backward: return count - 1 - turn;
    // 97 is prime, so that it meets everyone where it does not divide the count.
    case Order::scattered: return count % 97 ? (turn * 97 + 31) % count : turn;
  }
  return turn;
}

// Gives every fiber that can run its turn. Returns how many have ended in it.
size_t giveTurns() {
  size_t ended = 0, count = machine.fibers.size();
  for (size_t turn = 0; turn < count; turn++) {
    Fiber &fiber = machine.fibers[position(turn, count)];
    if (fiber.state != State::running) continue;
    resume(fiber);
    ended += fiber.state == State::done;
  }
  return ended;
}

// Lets warps go on whose threads all wait for it. Returns whether any could.
bool releaseWarps() {
  bool moved = false;
  size_t count = machine.fibers.size();
  for (size_t begin = 0; begin < count; begin += 32) {
    size_t end = std::min(count, begin + 32), waiting = 0, ended = 0, others = 0;
    for (size_t i = begin; i < end; i++) {
      waiting += machine.fibers[i].state == State::atWarp;
      ended += machine.fibers[i].state == State::done;
      others += machine.fibers[i].state == State::atBlock;
    }
    if (waiting == 0) continue;
    if (others > 0) fail("some threads of a warp wait for the warp, others for the block");
    if (waiting + ended < end - begin) continue;
    for (size_t i = begin; i < end; i++) {
      if (machine.fibers[i].state == State::atWarp) machine.fibers[i].state = State::running;
    }
    moved = true;
  }
  return moved;
}

void releaseBlock(size_t left) {
  size_t waiting = 0;
  for (Fiber &fiber : machine.fibers) waiting += fiber.state == State::atBlock;
  if (waiting == 0) return;
  if (waiting < left) return;
  if (left < machine.fibers.size()) fail("some threads wait for a block whose others have ended");
  for (Fiber &fiber : machine.fibers) fiber.state = State::running;
}

void runBlock() {
  size_t left = machine.fibers.size();
  while (left > 0) {
    left -= giveTurns();
    if (!releaseWarps()) releaseBlock(left);
  }
}
}  // namespace

thread_local Place *place;
thread_local Order order = Order::forward;

void syncBlock() { wait(State::atBlock); }
void syncWarp() { wait(State::atWarp); }
void *dynamicShared() { return (void *)(((uintptr_t)machine.shared.data() + 15) & ~(uintptr_t)15); }

unsigned lane() {
  dim3 thread = place->thread, size = place->blockSize;
  return (thread.x + thread.y * size.x + thread.z * size.x * size.y) % 32;
}

void *slot(unsigned lane) {
  size_t index = machine.current - machine.fibers.data();
  return machine.slots.data() + (index / 32 * 32 + lane) * slotBytes;
}

void run(dim3 grid, dim3 block, size_t shared, const std::function<void()> &body) {
  size_t count = (size_t)block.x * block.y * block.z;
  if (count > mostThreads) fail("more than 1024 threads in a block");
  if (!machine.stacks) {
    void *pages = mmap(nullptr, mostThreads * stackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) fail("no memory for stacks");
    machine.stacks = (char *)pages;
  }
  machine.body = &body;
  machine.slots.assign((count + 31) / 32 * 32 * slotBytes, 0);
  if (machine.fibers.size() > count) {
    for (size_t i = count; i < machine.fibers.size(); i++) machine.fibers[i].known.end();
  }
  machine.fibers.resize(count);
  size_t blocks = (size_t)grid.x * grid.y * grid.z;
  for (size_t turn = 0; turn < blocks; turn++) {
    size_t number = position(turn, blocks);
    dim3 place{(unsigned)(number % grid.x), (unsigned)(number / grid.x % grid.y), (unsigned)(number / grid.x / grid.y)};
    // What a block before it left is not there to read.
    machine.shared.assign(shared + 16, (char)0xAB);
    for (size_t i = 0; i < count; i++) {
      unsigned index = (unsigned)i;
      machine.fibers[i].place = {
          {index % block.x, index / block.x % block.y, index / block.x / block.y}, place, block, grid};
      prepare(machine.fibers[i], i);
    }
    runBlock();
  }
}
}  // namespace emulator
