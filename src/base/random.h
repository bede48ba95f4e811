// Randomness. `SecureRandom` is for tokens, keys and ids that must not be guessed; `SplitMix` is a small seeded
// generator for decisions that must repeat from a recorded seed (jitter, MathRandom, simulation).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace escapement::base {

// Fills `out` from the kernel's generator. Any thread.
void secure_random(std::span<unsigned char> out);

// A random UUID (version 4), lower case with hyphens, from secure_random.
std::string random_uuid();

// `count` characters drawn evenly from `alphabet`, from secure_random.
std::string random_text(std::size_t count, std::string_view alphabet);

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"). One thread.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  // In [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

// A UUID (version 4 form) whose bits come from `generator`.
std::string seeded_uuid(SplitMix& generator);

}  // namespace escapement::base
