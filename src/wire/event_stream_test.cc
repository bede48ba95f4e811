#include "wire/event_stream.h"

#include <gtest/gtest.h>

namespace escapement::wire {
namespace {

// The shape of InvokeWithResponseStream's events.
class EventStream : public testing::Test {
 protected:
  EventStream() {
    blob.type = ShapeType::blob;
    chunk.members.push_back(member("Payload", blob));
    complete.members.push_back(member("ErrorCode", text));
    complete.members.push_back(member("LogResult", text));
    text.type = ShapeType::string;
    events.members.push_back(member("PayloadChunk", chunk));
    events.members.push_back(member("InvokeComplete", complete));
    events.is_event_stream = true;
  }
  static MemberShape member(const char* name, const Shape& shape) {
    MemberShape made;
    made.name = made.wire_name = name;
    made.shape = &shape;
    return made;
  }
  static std::uint32_t number(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return value;
  }

  Shape blob, text, chunk, complete, events;
};

TEST_F(EventStream, MessagesCarryTheirLengthsHeadersAndBodies) {
  std::string out;
  append_event_stream(
      out,
      json::Value::array({json::Value::object({{"PayloadChunk", json::Value::object({{"Payload", "\x01raw"}})}}),
                          json::Value::object({{"InvokeComplete", json::Value::object({{"ErrorCode", "Unhandled"}})}}),
                          json::Value::object({{"Unknown", json::Value::object({{"a", 1}})}})}),
      events);
  const std::uint32_t first = number(out, 0);
  ASSERT_LT(first, out.size());
  const std::string_view message = std::string_view(out).substr(0, first);
  EXPECT_EQ(message.substr(12, 1 + 11 + 1 + 2 + 12), std::string("\x0b:event-type\x07\0\x0cPayloadChunk", 27));
  EXPECT_EQ(message.substr(12 + number(out, 4), 4), "\x01raw");
  EXPECT_EQ(12 + number(out, 4) + 4 + 4, first);
  const std::uint32_t second = number(out, first);
  EXPECT_EQ(first + second, out.size()) << "an event that the shape does not know is left out";
  EXPECT_NE(out.find(R"({"ErrorCode":"Unhandled"})", first), std::string::npos);
}

// Against the checksum bit by bit, which is itself held against its published check value.
TEST_F(EventStream, BothChecksumsAreCrc32) {
  std::string out;
  append_event_stream(
      out,
      json::Value::array({json::Value::object({{"PayloadChunk", json::Value::object(std::vector<json::Member>{})}})}),
      events);
  const auto crc = [](std::string_view bytes) {
    std::uint32_t value = 0xFFFFFFFFu;
    for (const char c : bytes) {
      value ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
    }
    return ~value;
  };
  ASSERT_EQ(crc("123456789"), 0xCBF43926u);
  EXPECT_EQ(number(out, 8), crc(std::string_view(out).substr(0, 8)));
  EXPECT_EQ(number(out, out.size() - 4), crc(std::string_view(out).substr(0, out.size() - 4)));
}

}  // namespace
}  // namespace escapement::wire
