// Building and taking apart stored records: varints (LEB128), length-prefixed bytes, big-endian keys.
// A reader never reads past its end; a broken record shows as `ok() == false` and zero values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace escapement::base {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      u8(static_cast<std::uint8_t>(v | 0x80));
      v >>= 7;
    }
    u8(static_cast<std::uint8_t>(v));
  }
  // Small for small magnitudes of either sign.
  void signed_varint(std::int64_t v) {
    varint(static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63));
  }
  void bytes(std::string_view v) {
    varint(v.size());
    out_.append(v);
  }
  void raw(std::string_view v) { out_.append(v); }
  // Big-endian, so that byte order is numeric order: for keys.
  void u16_be(std::uint16_t v) { big_endian(v, 2); }
  void u32_be(std::uint32_t v) { big_endian(v, 4); }
  void u64_be(std::uint64_t v) { big_endian(v, 8); }

 private:
  void big_endian(std::uint64_t v, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) u8(static_cast<std::uint8_t>(v >> shift));
  }
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  std::string_view rest() const { return bytes_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    return fail();
  }
  std::int64_t signed_varint() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  std::string_view bytes() { return raw(varint()); }
  std::string_view raw(std::uint64_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const std::string_view v = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return v;
  }
  std::uint16_t u16_be() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32_be() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64_be() { return big_endian(8); }

 private:
  std::uint64_t fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }
  std::uint64_t big_endian(std::size_t size) {
    if (bytes_.size() < size) return fail();
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < size; ++i) v = v << 8 | static_cast<unsigned char>(bytes_[i]);
    bytes_.remove_prefix(size);
    return v;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace escapement::base
