// The stored form of frames.
#include "interpreter/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace escapement::interpreter {
namespace {

class Payloads final : public history::PayloadWriter, public history::PayloadReader {
 public:
  std::uint32_t store(const json::Payload& payload) override {
    payloads_.push_back(payload);
    return static_cast<std::uint32_t>(payloads_.size());
  }
  base::Result<json::Payload> load(std::uint32_t number) override {
    if (number > payloads_.size()) return base::make_error(base::ErrorCode::corrupt, "no such payload");
    return payloads_[number - 1];
  }

 private:
  std::vector<json::Payload> payloads_;
};

Frame full_frame() {
  Frame frame;
  frame.id = 300;
  frame.parent = 7;
  frame.attempt = 3;
  frame.phase = Phase::backing_off;
  frame.state = 2;
  frame.index = 293;
  frame.last_event = 1'000'000;
  frame.entered_event = 999'000;
  frame.before_entered = 998'000;
  frame.entered = base::Timestamp::from_seconds(1'750'000'000);
  frame.due = base::Timestamp::from_seconds(1'750'000'060);
  frame.input = json::Payload::from_text("[1,  2]");
  frame.output = json::Payload::from_text("\"out\"");
  frame.retries = {0, 2};
  frame.variables = {{"x", json::Payload::from_text("42")}};
  TaskInFlight& task = frame.task.emplace();
  task.parameters = json::Payload::from_text("{}");
  task.role_arn = "arn:aws:iam::000000000000:role/other";
  task.timeout_seconds = 60;
  task.heartbeat_due = base::Timestamp{5};
  task.settled = true;
  Children& children = frame.children.emplace();
  children = {.first = 301, .count = 9, .started = 4, .finished = 2, .concurrency = 2};
  children.items = json::Payload::from_text("[]");
  frame.map_run_arn = "arn:run";
  frame.runnable = {1, 2, 3};
  return frame;
}

TEST(FrameCodec, FramesComeBackAsTheyWere) {
  Payloads payloads;
  std::string bytes;
  encode(bytes, full_frame(), payloads);
  const auto frame = decode_frame(bytes, payloads);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->id, 300u);
  EXPECT_EQ(frame->phase, Phase::backing_off);
  EXPECT_EQ(frame->before_entered, 998'000u);
  EXPECT_EQ(frame->due, base::Timestamp::from_seconds(1'750'000'060));
  EXPECT_EQ(frame->input.text(), "[1,  2]");
  EXPECT_EQ(frame->retries, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(frame->variables.at(0).value.text(), "42");
  EXPECT_TRUE(frame->task->settled);
  EXPECT_FALSE(frame->task->timeout_due);
  EXPECT_EQ(frame->task->heartbeat_due, base::Timestamp{5});
  EXPECT_EQ(frame->children->started, 4u);
  EXPECT_TRUE(frame->children->input.absent());
  EXPECT_EQ(frame->map_run_arn, "arn:run");
  EXPECT_EQ(frame->runnable, (std::vector<FrameId>{1, 2, 3}));

  std::string again;
  Payloads others;
  encode(again, *frame, others);
  EXPECT_EQ(again, bytes);
}

TEST(FrameCodec, AWaitingFrameIsSmall) {
  Payloads payloads;
  Frame frame;
  frame.phase = Phase::waiting;
  frame.attempt = 1;
  frame.last_event = 2;
  frame.entered_event = 2;
  frame.entered = base::Timestamp::from_seconds(1'750'000'000);
  frame.due = base::Timestamp::from_seconds(1'750'000'060);
  frame.input = json::Payload::from_text("{}");
  std::string bytes;
  encode(bytes, frame, payloads);
  EXPECT_LE(bytes.size(), 32u);
}

TEST(FrameCodec, BrokenBytesAreRefused) {
  Payloads payloads;
  std::string bytes;
  encode(bytes, full_frame(), payloads);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_frame(std::string_view(bytes).substr(0, size), payloads)) << size;
  }
  EXPECT_FALSE(decode_frame(bytes + "x", payloads));
}

}  // namespace
}  // namespace escapement::interpreter
