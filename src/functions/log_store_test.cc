#include "functions/log_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace escapement::functions {
namespace {

class LogStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/esc-logs-XXXXXX";
    directory = ::mkdtemp(name);
    open({});
  }
  void TearDown() override {
    store.reset();
    std::filesystem::remove_all(directory);
  }
  void open(LogStoreOptions options) {
    store.reset();
    store = *LogStore::open(directory, clock, options);
  }
  void line(std::string_view stream, std::string_view text) {
    store->append({.region = "us-east-1",
                   .group = "/aws/lambda/f",
                   .stream = stream,
                   .request_id = "r",
                   .time = clock.now(),
                   .text = text});
  }
  std::string all(const std::string& stream, std::uint64_t from = 0) {
    std::string text;
    EXPECT_TRUE(store->read("us-east-1", "/aws/lambda/f", stream, from,
                            [&](LogEvent&& event) { return text += event.text, true; }));
    return text;
  }

  base::VirtualClock clock{base::Timestamp::from_seconds(1'700'000'000)};
  std::filesystem::path directory;
  std::unique_ptr<LogStore> store;
};

TEST_F(LogStoreTest, WhatWasAppendedIsReadInOrderAndSurvivesReopening) {
  line("2024/[$LATEST]ab", "one\n");
  clock.advance(base::Duration::milliseconds(5));
  line("2024/[$LATEST]ab", "two\n");
  line("other", "three");
  EXPECT_EQ(all("2024/[$LATEST]ab"), "one\ntwo\n");
  open({});
  EXPECT_EQ(all("2024/[$LATEST]ab"), "one\ntwo\n");
  const auto streams = store->streams("us-east-1", "/aws/lambda/f");
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_EQ(streams[0].name, "2024/[$LATEST]ab");
  EXPECT_EQ(streams[0].last_event->ms() - streams[0].first_event->ms(), 5);
  EXPECT_EQ(store->groups("us-east-1").at(0).name, "/aws/lambda/f");
  EXPECT_TRUE(store->groups("eu-west-1").empty());
}

TEST_F(LogStoreTest, ReadingGoesOnFromAPosition) {
  for (const char* const text : {"a", "b", "c"}) line("s", text);
  std::uint64_t second = 0;
  int n = 0;
  ASSERT_TRUE(store->read("us-east-1", "/aws/lambda/f", "s", 0, [&](LogEvent&& event) {
    if (++n == 2) second = event.position;
    return n < 2;
  }));
  EXPECT_EQ(all("s", second), "bc");
}

TEST_F(LogStoreTest, StreamsAndGroupsAreBounded) {
  open({.segment_bytes_max = 1'000, .segments_per_stream_max = 2, .group_bytes_max = 20'000});
  for (int i = 0; i < 100; ++i) {
    line("s", std::string(100, 'x'));
    (void)store->has_group("us-east-1", "g");
  }
  EXPECT_LT(all("s").size(), 4'000u);
  for (int i = 0; i < 300; ++i) {
    line("s" + std::to_string(i), std::string(200, 'x'));
    (void)store->has_group("us-east-1", "g");
  }
  EXPECT_LT(store->groups("us-east-1").at(0).bytes, 25'000u);
}

TEST_F(LogStoreTest, ATornRecordAtTheEndIsIgnored) {
  line("s", "whole");
  open({});
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".log") std::ofstream(entry.path(), std::ios::app | std::ios::binary) << "torn";
  }
  EXPECT_EQ(all("s"), "whole");
}

TEST_F(LogStoreTest, NamesCannotLeaveTheFolder) {
  store->append(
      {.region = "..", .group = "../../x", .stream = "..", .request_id = "", .time = clock.now(), .text = "t"});
  EXPECT_TRUE(store->has_stream("..", "../../x", ".."));
  EXPECT_FALSE(std::filesystem::exists(directory.parent_path() / "x"));
  EXPECT_FALSE(store->create_group("..", "../../x"));
  EXPECT_TRUE(store->delete_group("..", "../../x"));
  EXPECT_FALSE(store->has_group("..", "../../x"));
}

}  // namespace
}  // namespace escapement::functions
