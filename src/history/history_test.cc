#include <gtest/gtest.h>

#include <map>

#include "history/codec.h"
#include "history/render.h"
#include "json/print.h"

namespace escapement::history {
namespace {

// Keeps payloads by number, as the owner of an execution does.
class Payloads final : public PayloadWriter, public PayloadReader {
 public:
  std::uint32_t store(const json::Payload& payload) override {
    for (const auto& [number, known] : payloads_) {
      if (known.identity() == payload.identity()) return number;
    }
    const auto number = static_cast<std::uint32_t>(payloads_.size() + 1);
    payloads_.emplace(number, payload);
    return number;
  }
  base::Result<json::Payload> load(std::uint32_t number) override {
    const auto found = payloads_.find(number);
    if (found == payloads_.end()) return base::make_error(base::ErrorCode::corrupt, "no such payload");
    return found->second;
  }
  std::size_t count() const { return payloads_.size(); }

 private:
  std::map<std::uint32_t, json::Payload> payloads_;
};

Event entered(std::uint64_t id, std::uint64_t previous, const json::Payload& input) {
  return {id,
          previous,
          EventType::PassStateEntered,
          base::Timestamp::from_ms(1'700'000'000'123),
          {{FieldId::name, std::string("First")}, {FieldId::input, input}}};
}

TEST(HistoryCodec, EventsComeBackAsTheyWere) {
  Payloads payloads;
  const auto input = json::Payload::from_text("[1, 2]");
  std::string bytes;
  encode(bytes, entered(2, 0, input), payloads);
  encode(bytes, {300, 7, EventType::MapIterationStarted, base::Timestamp{-5}, {{FieldId::index, std::int64_t{9}}}},
         payloads);
  encode(bytes, {301, 300, EventType::PassStateExited, base::Timestamp{9}, {{FieldId::output, input}}}, payloads);
  EXPECT_EQ(payloads.count(), 1u);

  std::string_view rest = bytes;
  const auto first = decode(rest, payloads);
  const auto second = decode(rest, payloads);
  const auto third = decode(rest, payloads);
  ASSERT_TRUE(first && second && third);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(first->id, 2u);
  EXPECT_EQ(first->previous_id, 0u);
  EXPECT_EQ(std::get<json::Payload>(first->fields[1].value).text(), "[1, 2]");
  EXPECT_EQ(second->previous_id, 7u);
  EXPECT_EQ(second->timestamp.us, -5);
  EXPECT_EQ(std::get<std::int64_t>(second->fields[0].value), 9);
  EXPECT_EQ(third->previous_id, 300u);
}

TEST(HistoryCodec, BrokenBytesAreRefused) {
  Payloads payloads;
  std::string bytes;
  encode(bytes, entered(2, 1, json::Payload::from_text("{}")), payloads);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view cut = std::string_view(bytes).substr(0, size);
    EXPECT_FALSE(decode(cut, payloads)) << size;
  }
  std::string wrong_type = bytes;
  wrong_type[0] = 'z';
  std::string_view view = wrong_type;
  EXPECT_FALSE(decode(view, payloads));
}

TEST(HistoryRender, FollowsTheApiModel) {
  EXPECT_EQ(json::print(render(entered(2, 0, json::Payload::from_text("{}")), true)),
            R"({"timestamp":1.700000000123E9,"type":"PassStateEntered","id":2,"previousEventId":0,)"
            R"("stateEnteredEventDetails":{"name":"First","input":"{}","inputDetails":{"truncated":false}}})");
}

TEST(HistoryRender, LeavesExecutionDataOut) {
  const json::Value event = render(entered(2, 0, json::Payload::from_text("{}")), false);
  EXPECT_EQ(json::print(*event.find("stateEnteredEventDetails")), R"({"name":"First"})");
}

TEST(HistoryRender, AssignedVariablesAreAMapOfTexts) {
  const Event event{
      3, 2, EventType::PassStateExited, {}, {{FieldId::assigned_variables, json::Payload::from_text(R"({"x":"42"})")}}};
  EXPECT_EQ(json::print(*render(event, true).find("stateExitedEventDetails")),
            R"({"assignedVariables":{"x":"42"},"assignedVariablesDetails":{"truncated":false}})");
}

TEST(HistoryRender, TypesWithoutDetailsHaveNoDetailsMember) {
  const json::Value event = render({4, 3, EventType::LambdaFunctionStarted, {}, {}}, true);
  EXPECT_EQ(event.size(), 4u);
  const json::Value failed = render({4, 3, EventType::ExecutionFailed, {}, {}}, true);
  EXPECT_EQ(json::print(*failed.find("executionFailedEventDetails")), "{}");
}

}  // namespace
}  // namespace escapement::history
