#include "engine/ids.h"

#include <gtest/gtest.h>

#include "engine/execution_record.h"
#include "engine/keys.h"

namespace escapement::engine {
namespace {

const base::Timestamp kNow = base::Timestamp::from_seconds(1'790'000'000);

TEST(ExecutionIds, GrowEvenWhenTheClockStepsBack) {
  IdSequence sequence;
  ExecutionId last = sequence.next(7, kNow);
  EXPECT_EQ(last.partition(), 7);
  EXPECT_EQ(last.made().ms(), kNow.ms());
  for (int i = 0; i < 10'000; ++i) {
    const ExecutionId next = sequence.next(7, kNow - base::Duration::seconds(i));
    ASSERT_GT(next, last);
    ASSERT_LT(keys::execution(last), keys::execution(next));
    last = next;
  }
  IdSequence restarted;
  restarted.skip_past(last);
  EXPECT_GT(restarted.next(7, kNow - base::Duration::seconds(3'600)), last);
}

TEST(ExecutionIds, NamesLeadBackToIdsAndCannotBeMadeByHand) {
  const NameCodec names(12345);
  IdSequence sequence;
  for (int i = 0; i < 1'000; ++i) {
    const ExecutionId id = sequence.next(static_cast<store::PartitionId>(i), kNow);
    const std::string name = names.name_of(id);
    ASSERT_EQ(name.size(), 36u);
    ASSERT_EQ(names.id_of(name), id);
    std::string forged = name;
    forged[2] = forged[2] == '0' ? '1' : '0';
    ASSERT_FALSE(names.id_of(forged));
    ASSERT_FALSE(NameCodec(54321).id_of(name));
  }
  for (const char* name : {"", "mine", "0000000000000000-0000-0000-000000000", "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"})
    EXPECT_FALSE(names.id_of(name));
}

TEST(TaskTokensTest, OnlyWhatWasMadeIsAccepted) {
  const TaskTokens tokens("a key of some length");
  const TaskKey task{{77}, {3, 9}};
  const std::string token = tokens.token(task);
  EXPECT_EQ(*tokens.parse(token), task);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(forged == token || !tokens.parse(forged)) << i;
  }
  EXPECT_FALSE(TaskTokens("another key").parse(token));
  EXPECT_FALSE(tokens.parse(""));
}

TEST(ExecutionArns, BothFormsRoundTrip) {
  for (const char* text : {"arn:aws:states:eu-west-1:000000000000:execution:machine:name",
                           "arn:aws:states:eu-west-1:000000000000:express:machine:name:0f1e2d3c"}) {
    const auto arn = ExecutionArn::parse(text);
    ASSERT_TRUE(arn) << text;
    EXPECT_EQ(arn->to_string(), text);
  }
  for (const char* text :
       {"", "arn", "arn:aws:states:eu-west-1:0:stateMachine:machine", "arn:aws:states:eu-west-1:0:execution:machine",
        "arn:aws:states:eu-west-1:0:execution:machine:", "arn:aws:states:eu-west-1:0:execution:a:b:c"}) {
    EXPECT_FALSE(ExecutionArn::parse(text)) << text;
  }
}

TEST(ExecutionRecords, KeepEveryPart) {
  ExecutionRecord r;
  r.revision = 300;
  r.express = true;
  r.name = "n";
  r.version_arn = "v";
  r.alias_arn = "a";
  r.map_run_arn = "m";
  r.trace_header = "t";
  r.start_time = kNow;
  r.input = 1;
  r.parent_link = ParentLink::sync2;
  r.parent = {{9}, {1, 2}};
  r.retention_due = kNow;
  r.head.status = interpreter::Status::failed;
  r.head.next_event_id = 12;
  r.head.next_frame_id = 3;
  r.head.random_state = 0xfedcba9876543210ull;
  r.head.redrive_count = 1;
  r.head.redrive_time = kNow;
  r.head.stop_time = kNow;
  r.head.timeout_due = kNow;
  r.head.error = "";
  r.head.cause = "because";
  r.output = 2;
  r.next_payload = 5;
  r.spilled = true;
  r.has_rows = true;
  r.root_frame = "frame";
  r.payloads = {{1, "{}"}, {2, std::string(1'000, 'x')}};
  r.events = "events";
  const std::string bytes = r.encode();
  const auto back = ExecutionRecord::decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->encode(), bytes);
  EXPECT_EQ(back->head.error, "");
  EXPECT_EQ(back->payloads, r.payloads);
  EXPECT_EQ(back->parent, r.parent);
  for (std::size_t cut = 0; cut < bytes.size() - r.events.size(); ++cut)
    EXPECT_FALSE(ExecutionRecord::decode(bytes.substr(0, cut))) << cut;
}

}  // namespace
}  // namespace escapement::engine
