#include "escapement/cli/when.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace escapement::cli {
namespace {

using base::Duration;
using base::Timestamp;

class LocalTimeTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
};

Timestamp utc(std::string_view text) { return base::parse_rfc3339(text).value(); }

TEST(ParseDuration, ReadsUnitsAndTheirSums) {
  EXPECT_EQ(parse_duration("90s").value(), Duration::seconds(90));
  EXPECT_EQ(parse_duration("90").value(), Duration::seconds(90));
  EXPECT_EQ(parse_duration("1h30m").value(), Duration::seconds(5'400));
  EXPECT_EQ(parse_duration("500ms").value(), Duration::milliseconds(500));
  EXPECT_EQ(parse_duration("1.5h").value(), Duration::seconds(5'400));
  EXPECT_EQ(parse_duration("2d").value(), Duration::seconds(2 * 86'400));
  EXPECT_EQ(parse_duration("0s").value(), Duration{});
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "-5s", "5x", "5 s", "1h30", "1e3s", "nan", "inf", "99999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST_F(LocalTimeTest, ReadsAbsoluteTimes) {
  const Timestamp now = utc("2026-06-01T10:00:00Z");
  EXPECT_EQ(parse_when("2026-12-01T14:00:05Z", now).value(), utc("2026-12-01T14:00:05Z"));
  EXPECT_EQ(parse_when("2026-12-01T14:00:05.250+02:00", now).value(), utc("2026-12-01T12:00:05.25Z"));
  EXPECT_EQ(parse_when("2026-12-01 14:00:05", now).value(), utc("2026-12-01T13:00:05Z"));
  EXPECT_EQ(parse_when("2026-07-01T14:00", now).value(), utc("2026-07-01T12:00:00Z"));
  EXPECT_EQ(parse_when("2026-07-01", now).value(), utc("2026-06-30T22:00:00Z"));
}

TEST_F(LocalTimeTest, TakesTheNextClockTime) {
  const Timestamp now = utc("2026-06-01T10:00:00Z");  // noon in Berlin
  EXPECT_EQ(parse_when("14:00:05", now).value(), utc("2026-06-01T12:00:05Z"));
  EXPECT_EQ(parse_when("11:59", now).value(), utc("2026-06-02T09:59:00Z"));
}

TEST_F(LocalTimeTest, KnowsTheChangesOfTheClocks) {
  const Timestamp now = utc("2026-01-01T00:00:00Z");
  EXPECT_FALSE(parse_when("2026-03-29 02:30:00", now));
  EXPECT_EQ(parse_when("2026-10-25 02:30:00", now).value(), utc("2026-10-25T00:30:00Z"));
}

TEST_F(LocalTimeTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "tomorrow", "25:00", "14:60", "2026-13-01", "2026-02-30", "2026-12-01 14:00:05x", "14:00:"}) {
    EXPECT_FALSE(parse_when(text, utc("2026-06-01T10:00:00Z"))) << text;
  }
}

TEST_F(LocalTimeTest, ShowsLocalTime) {
  EXPECT_EQ(format_local(utc("2026-12-01T13:00:05.25Z")), "2026-12-01 14:00:05.250");
}

TEST(FormatDuration, GrowsCoarserWithLength) {
  EXPECT_EQ(format_duration(Duration::milliseconds(950)), "950 ms");
  EXPECT_EQ(format_duration(Duration::milliseconds(4'210)), "4.21 s");
  EXPECT_EQ(format_duration(Duration::seconds(200)), "3 min 20 s");
  EXPECT_EQ(format_duration(Duration::seconds(7'500)), "2 h 5 min");
  EXPECT_EQ(format_duration(Duration::seconds(3 * 86'400 + 4 * 3'600)), "3 d 4 h");
}

}  // namespace
}  // namespace escapement::cli
