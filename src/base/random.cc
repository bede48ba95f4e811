#include "base/random.h"

#include <sys/random.h>

#include <string_view>

#include "base/assert.h"
#include "base/codec.h"

namespace escapement::base {
namespace {

std::string format_uuid(std::span<unsigned char, 16> bytes) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

}  // namespace

void secure_random(std::span<unsigned char> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    ESC_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::string random_uuid() {
  unsigned char bytes[16];
  secure_random(bytes);
  return format_uuid(bytes);
}

std::string random_text(std::size_t count, std::string_view alphabet) {
  // Bytes past the last whole multiple of the alphabet are drawn again, so that every character is equally likely.
  const unsigned limit = 256u - 256u % static_cast<unsigned>(alphabet.size());
  std::string text;
  while (text.size() < count) {
    unsigned char bytes[64];
    secure_random(bytes);
    for (const unsigned char byte : bytes) {
      if (byte < limit && text.size() < count) text.push_back(alphabet[byte % alphabet.size()]);
    }
  }
  return text;
}

std::uint64_t SplitMix::next() {
  state_ += 0x9e3779b97f4a7c15ull;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

std::string seeded_uuid(SplitMix& generator) {
  unsigned char bytes[16];
  for (int half = 0; half < 2; ++half) {
    const std::uint64_t bits = generator.next();
    for (int i = 0; i < 8; ++i) bytes[half * 8 + i] = static_cast<unsigned char>(bits >> (i * 8));
  }
  return format_uuid(bytes);
}

}  // namespace escapement::base
