// Memory of one evaluation: handed out in order, given back all at once.
//
// An evaluation makes many small values with tangled lifetimes (a closure holds the frame that holds the closure), all
// of which end with it. Nothing here has a destructor run.
//
// Threading: one thread. Errors: fail_out_of_memory() past `bytes_max`.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "query/jsonata/failure.h"

namespace escapement::query::jsonata {

class Arena {
 public:
  explicit Arena(std::size_t bytes_max) : bytes_left_(bytes_max) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    if (!chunks_.empty()) spare() = std::move(chunks_.front());
  }

  void* allocate(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > static_cast<std::size_t>(end_ - at_)) add_chunk(bytes);
    void* memory = at_;
    at_ += bytes;
    return memory;
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T))) T{std::forward<Args>(args)...};
  }

  template <typename T>
  T* make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    if (count > bytes_left_ / sizeof(T) + kChunkBytesMax / sizeof(T)) fail_out_of_memory();
    T* items = static_cast<T*>(allocate(count * sizeof(T)));
    for (std::size_t i = 0; i < count; ++i) new (items + i) T;
    return items;
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* memory = static_cast<char*>(allocate(text.size()));
    std::memcpy(memory, text.data(), text.size());
    return {memory, text.size()};
  }

 private:
  static constexpr std::size_t kFirstChunkBytes = 16 << 10;
  static constexpr std::size_t kChunkBytesMax = 1 << 20;

  // The first chunk outlives its evaluation, so that a small one asks the allocator for nothing.
  static std::unique_ptr<char[]>& spare() {
    static thread_local std::unique_ptr<char[]> chunk;
    return chunk;
  }

  void add_chunk(std::size_t bytes) {
    std::size_t size = kFirstChunkBytes;
    if (chunks_.empty() && bytes <= size) {
      chunks_.push_back(spare() ? std::move(spare()) : std::unique_ptr<char[]>(new char[size]));
    } else {
      if (chunks_.empty()) chunks_.push_back(spare() ? std::move(spare()) : std::unique_ptr<char[]>(new char[size]));
      next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kChunkBytesMax);
      size = std::max(bytes, next_chunk_bytes_);
      if (size > bytes_left_) fail_out_of_memory();
      chunks_.emplace_back(new char[size]);
    }
    bytes_left_ -= std::min(size, bytes_left_);
    at_ = chunks_.back().get();
    end_ = at_ + size;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::size_t bytes_left_;
  std::size_t next_chunk_bytes_ = kFirstChunkBytes;
};

}  // namespace escapement::query::jsonata
