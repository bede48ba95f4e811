#include "history/codec.h"

#include "base/bytes.h"

namespace escapement::history {
namespace {

// How a field's value is written. Numbers are stored: append only.
enum class Form : std::uint8_t { text = 0, number = 1, payload = 2 };

// A field begins with one byte: the form in the upper two bits, the field in the lower six.
constexpr std::uint8_t kFieldBits = 6;
constexpr std::uint8_t kFieldMask = (1u << kFieldBits) - 1;
static_assert(static_cast<std::uint8_t>(FieldId::assigned_variables) <= kFieldMask);

constexpr std::uint8_t kEventTypeMax = static_cast<std::uint8_t>(EventType::EvaluationFailed);
constexpr std::uint64_t kFieldsMax = 64;

base::Error corrupt() { return base::make_error(base::ErrorCode::corrupt, "a history event is not readable"); }

std::uint8_t tag(FieldId id, Form form) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(form) << kFieldBits | static_cast<std::uint8_t>(id));
}

void encode_field(base::ByteWriter& out, const Field& field, PayloadWriter& payloads) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    out.u8(tag(field.id, Form::text));
    out.bytes(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    out.u8(tag(field.id, Form::number));
    out.signed_varint(*number);
  } else {
    const auto& payload = std::get<json::Payload>(field.value);
    out.u8(tag(field.id, Form::payload));
    out.varint(payload.absent() ? 0 : payloads.store(payload));
  }
}

base::Result<Field> decode_field(base::ByteReader& in, PayloadReader& payloads) {
  const std::uint8_t first = in.u8();
  Field field{static_cast<FieldId>(first & kFieldMask), std::int64_t{0}};
  switch (static_cast<Form>(first >> kFieldBits)) {
    case Form::text:
      field.value = std::string(in.bytes());
      return field;
    case Form::number:
      field.value = in.signed_varint();
      return field;
    case Form::payload: {
      const auto number = static_cast<std::uint32_t>(in.varint());
      json::Payload payload;
      if (number != 0) {
        ESC_TRY(payload, payloads.load(number));
      }
      field.value = std::move(payload);
      return field;
    }
  }
  return corrupt();
}

}  // namespace

// An event's previous id is written as the distance back from its own id plus one, 0 standing for none: mostly one
// byte.
void encode(std::string& bytes, const Event& event, PayloadWriter& payloads) {
  base::ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(event.type));
  out.varint(event.id);
  out.varint(event.previous_id == 0 ? 0 : event.id - event.previous_id + 1);
  out.signed_varint(event.timestamp.us);
  out.varint(event.fields.size());
  for (const Field& field : event.fields) encode_field(out, field, payloads);
}

base::Result<Event> decode(std::string_view& bytes, PayloadReader& payloads) {
  base::ByteReader in(bytes);
  const std::uint8_t type = in.u8();
  if (type == 0 || type > kEventTypeMax) return corrupt();
  Event event;
  event.type = static_cast<EventType>(type);
  event.id = in.varint();
  const std::uint64_t distance = in.varint();
  if (distance > event.id) return corrupt();
  event.previous_id = distance == 0 ? 0 : event.id - (distance - 1);
  event.timestamp.us = in.signed_varint();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > kFieldsMax) return corrupt();
  event.fields.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    ESC_TRY(Field field, decode_field(in, payloads));
    event.fields.push_back(std::move(field));
  }
  if (!in.ok()) return corrupt();
  bytes = in.rest();
  return event;
}

}  // namespace escapement::history
