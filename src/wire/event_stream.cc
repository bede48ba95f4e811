#include "wire/event_stream.h"

#include <zlib.h>

#include <cstdint>

#include "base/bytes.h"
#include "wire/json_form.h"

namespace escapement::wire {
namespace {

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::uint8_t kStringType = 7;
  base::ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(name.size()));
  out.append(name);
  writer.u8(kStringType);
  writer.u16_be(static_cast<std::uint16_t>(value.size()));
  out.append(value);
}

void append_message(std::string& out, std::string_view event, std::string_view content_type, std::string_view body) {
  constexpr std::size_t kFixedBytes = 16;  // both lengths and both checksums
  std::string headers;
  append_header(headers, ":event-type", event);
  append_header(headers, ":content-type", content_type);
  append_header(headers, ":message-type", "event");
  const std::size_t start = out.size();
  base::ByteWriter writer(out);
  writer.u32_be(static_cast<std::uint32_t>(kFixedBytes + headers.size() + body.size()));
  writer.u32_be(static_cast<std::uint32_t>(headers.size()));
  writer.u32_be(checksum(std::string_view(out).substr(start)));
  out.append(headers).append(body);
  writer.u32_be(checksum(std::string_view(out).substr(start)));
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
