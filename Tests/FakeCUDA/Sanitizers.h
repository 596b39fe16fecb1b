// What sanitizers are told of the emulator's fibers: nothing where there are none.
#pragma once
#include <cstddef>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define EMULATOR_ADDRESS 1
#endif
#if __has_feature(thread_sanitizer)
#define EMULATOR_THREAD 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define EMULATOR_ADDRESS 1
#endif
#if defined(__SANITIZE_THREAD__)
#define EMULATOR_THREAD 1
#endif

#ifdef __clang__
#define UNSEEN __attribute__((noinline, disable_sanitizer_instrumentation))
#else
#define UNSEEN __attribute__((noinline))
#endif

#ifdef EMULATOR_ADDRESS
extern "C" void __sanitizer_start_switch_fiber(void **saved, const void *stack, size_t bytes);
extern "C" void __sanitizer_finish_switch_fiber(void *saved, const void **stack, size_t *bytes);
#endif
#ifdef EMULATOR_THREAD
extern "C" void *__tsan_get_current_fiber();
extern "C" void *__tsan_create_fiber(unsigned flags);
extern "C" void __tsan_destroy_fiber(void *fiber);
extern "C" void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#endif

namespace sanitizers {
struct Fiber {
  // Its place among the address sanitizer's stacks, and its name to the thread sanitizer.
  void *frames = nullptr, *name = nullptr;

  void end() {
#ifdef EMULATOR_THREAD
    if (name) __tsan_destroy_fiber(name);
    name = nullptr;
#endif
  }
};

// The thread of the processor that fibers run on.
struct Thread {
  void *frames = nullptr, *name = nullptr;
  const void *stack = nullptr;
  size_t bytes = 0;

  UNSEEN void leaveThread([[maybe_unused]] Fiber &fiber, [[maybe_unused]] void *stack, [[maybe_unused]] size_t bytes) {
#ifdef EMULATOR_ADDRESS
    __sanitizer_start_switch_fiber(&frames, stack, bytes);
#endif
#ifdef EMULATOR_THREAD
    if (!fiber.name) fiber.name = __tsan_create_fiber(0);
    name = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber.name, 0);
#endif
  }

  UNSEEN void enteredFiber([[maybe_unused]] Fiber &fiber) {
#ifdef EMULATOR_ADDRESS
    __sanitizer_finish_switch_fiber(fiber.frames, &stack, &bytes);
    fiber.frames = nullptr;
#endif
  }

  UNSEEN void leaveFiber([[maybe_unused]] Fiber &fiber, [[maybe_unused]] bool isLast) {
#ifdef EMULATOR_ADDRESS
    __sanitizer_start_switch_fiber(isLast ? nullptr : &fiber.frames, stack, bytes);
#endif
#ifdef EMULATOR_THREAD
    __tsan_switch_to_fiber(name, 0);
#endif
  }

  UNSEEN void enteredThread() {
#ifdef EMULATOR_ADDRESS
    __sanitizer_finish_switch_fiber(frames, nullptr, nullptr);
#endif
  }
};
}  // namespace sanitizers
