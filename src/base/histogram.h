// A histogram of durations: about 3 % resolution from 1 µs to hours, fixed memory. Any thread may record; a reader sees
// counts that are each exact but not of one instant.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/time.h"

namespace escapement::base {

class Histogram {
 public:
  void record(Duration d) {
    const std::uint64_t us = d.us > 0 ? static_cast<std::uint64_t>(d.us) : 0;
    buckets_[bucket_of(us)].fetch_add(1, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us, std::memory_order_relaxed);
    std::uint64_t max = max_us_.load(std::memory_order_relaxed);
    while (us > max && !max_us_.compare_exchange_weak(max, us, std::memory_order_relaxed)) {
    }
  }

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  Duration sum() const { return {static_cast<std::int64_t>(sum_us_.load(std::memory_order_relaxed))}; }
  Duration max() const { return {static_cast<std::int64_t>(max_us_.load(std::memory_order_relaxed))}; }

  // The upper end of the bucket that holds the given fraction (0..1) of all records; zero if there are none.
  Duration quantile(double fraction) const {
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(count()));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen > wanted) return {static_cast<std::int64_t>(upper_end(i))};
    }
    return max();
  }

  // How many records are at most `d`, within the resolution.
  std::uint64_t count_up_to(Duration d) const {
    const std::size_t last = bucket_of(static_cast<std::uint64_t>(d.us));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < last; ++i) seen += buckets_[i].load(std::memory_order_relaxed);
    return seen;
  }

  void reset() {
    for (auto& bucket : buckets_) bucket.store(0, std::memory_order_relaxed);
    count_.store(0, std::memory_order_relaxed);
    sum_us_.store(0, std::memory_order_relaxed);
    max_us_.store(0, std::memory_order_relaxed);
  }

 private:
  // 32 buckets for each power of two.
  static constexpr unsigned kSubBits = 5;
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

  static std::size_t bucket_of(std::uint64_t us) {
    if (us < (1u << kSubBits)) return us;
    const unsigned exponent = static_cast<unsigned>(std::bit_width(us)) - 1 - kSubBits;
    return (static_cast<std::size_t>(exponent + 1) << kSubBits) + ((us >> exponent) & ((1u << kSubBits) - 1));
  }
  static std::uint64_t upper_end(std::size_t bucket) {
    if (bucket < (1u << kSubBits)) return bucket;
    const unsigned exponent = static_cast<unsigned>(bucket >> kSubBits) - 1;
    const std::uint64_t mantissa = (1u << kSubBits) + (bucket & ((1u << kSubBits) - 1));
    return ((mantissa + 1) << exponent) - 1;
  }

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> sum_us_{0};
  std::atomic<std::uint64_t> max_us_{0};
};

}  // namespace escapement::base
