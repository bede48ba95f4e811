#include "wire/event_stream.h"

#include <array>
#include <cstdint>

#include "wire/json_form.h"

namespace escapement::wire {
namespace {

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
    table[i] = value;
  }
  return table;
}();

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFu] ^ (crc >> 8);
  return ~crc;
}

void append_u32(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xFF));
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr char kStringType = 7;
  out.push_back(static_cast<char>(name.size()));
  out.append(name);
  out.push_back(kStringType);
  out.push_back(static_cast<char>(value.size() >> 8));
  out.push_back(static_cast<char>(value.size() & 0xFF));
  out.append(value);
}

void append_message(std::string& out, std::string_view event, std::string_view content_type, std::string_view body) {
  constexpr std::size_t kFixedBytes = 16;  // both lengths and both checksums
  std::string headers;
  append_header(headers, ":event-type", event);
  append_header(headers, ":content-type", content_type);
  append_header(headers, ":message-type", "event");
  const std::size_t start = out.size();
  append_u32(out, kFixedBytes + headers.size() + body.size());
  append_u32(out, headers.size());
  append_u32(out, crc32(std::string_view(out).substr(start)));
  out.append(headers).append(body);
  append_u32(out, crc32(std::string_view(out).substr(start)));
}

}  // namespace

void append_event_stream(std::string& out, const json::Value& events, const Shape& shape) {
  for (const json::Value& event : events.items()) {
    for (const json::Member& member : event.members()) {
      const MemberShape* const known = shape.find_member(member.key);
      if (known == nullptr) continue;
      const auto& parts = known->shape->members;
      if (parts.size() == 1 && parts.front().shape->type == ShapeType::blob) {
        const json::Value* const blob = member.value.find(parts.front().name);
        append_message(out, member.key, "application/octet-stream",
                       blob != nullptr && blob->is_string() ? std::string_view(blob->as_string()) : std::string_view());
        continue;
      }
      std::string body;
      append_json(body, member.value, *known->shape);
      append_message(out, member.key, "application/json", body);
    }
  }
}

}  // namespace escapement::wire
