// How much of the thread's stack the room may use. Whoever recurses calls check_stack().
#pragma once

#include <cstddef>

#include "query/jsonata/failure.h"

namespace escapement::query::jsonata {

// How much larger frames are than in a release build: with the address sanitizer each local variable has a guard.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kFrameFactor = 4;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr std::size_t kFrameFactor = 4;
#else
inline constexpr std::size_t kFrameFactor = 1;
#endif
#else
inline constexpr std::size_t kFrameFactor = 1;
#endif

// While it lives, the frames below the one that made it may use `bytes`. Scopes nest; the outermost decides.
class StackScope {
 public:
  explicit StackScope(std::size_t bytes) : outer_(limit()) {
    if (outer_ == nullptr) limit() = static_cast<char*>(__builtin_frame_address(0)) - bytes * kFrameFactor;
  }
  StackScope(const StackScope&) = delete;
  StackScope& operator=(const StackScope&) = delete;
  ~StackScope() { limit() = outer_; }

  static char*& limit() {
    static thread_local char* address = nullptr;
    return address;
  }

 private:
  char* outer_;
};

inline void check_stack() {
  if (static_cast<char*>(__builtin_frame_address(0)) < StackScope::limit()) fail_out_of_stack();
}

}  // namespace escapement::query::jsonata
