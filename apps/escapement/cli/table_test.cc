#include "escapement/cli/table.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "escapement/cli/history_view.h"
#include "json/parse.h"

namespace escapement::cli {
namespace {

TEST(Table, AlignsColumns) {
  Table table({"NAME", "N"});
  table.add({Cell("a"), number_cell("10")});
  table.add({Cell("longer"), number_cell("7")});
  EXPECT_EQ(table.render(Terminal{}), "NAME     N\na       10\nlonger   7\n");
}

TEST(Table, CutsTheLastColumnToTheTerminal) {
  Table table({"A", "B"});
  table.add({Cell("x"), Cell("0123456789abcdef")});
  EXPECT_EQ(table.render(Terminal{true, false, 15}), "A  B\nx  0123456789a…\n");
}

TEST(Table, ColoursOnlyWhereTheTerminalHasThem) {
  Table table({});
  table.add({Cell("ok", Style::green)});
  EXPECT_EQ(table.render(Terminal{}), "ok\n");
  EXPECT_EQ(table.render(Terminal{true, true, 0}), "\x1b[32mok\x1b[0m\n");
}

TEST(Table, LetsNoControlCharacterThrough) {
  Table table({});
  table.add({Cell("a\x1b[2Jb\nc\xc2\x9b")});
  EXPECT_EQ(table.render(Terminal{}), "a\\x1b[2Jb\\nc\\x9b\n");
}

TEST(Terminal, CountsCodePoints) {
  EXPECT_EQ(display_width("Zürich…"), 7u);
  EXPECT_EQ(clipped("Zürich", 4), "Zür…");
  EXPECT_EQ(clipped("Zürich", 6), "Zürich");
}

TEST(HistoryView, ShowsWhatHappened) {
  const auto event = json::parse(
      R"({"timestamp":1700000001.5,"type":"TaskFailed","id":6,"previousEventId":5,
          "taskFailedEventDetails":{"resourceType":"lambda","resource":"invoke","error":"Boom","cause":"it broke"}})");
  ASSERT_TRUE(event);
  const std::vector<Cell> row = history_row(*event, base::Timestamp::from_seconds(1'700'000'000), false);
  ASSERT_EQ(row.size(), kHistoryHeadings.size());
  EXPECT_EQ(row[0].text, "6");
  EXPECT_EQ(row[2].text, "+1.500 s");
  EXPECT_EQ(row[3].text, "TaskFailed");
  EXPECT_EQ(row[3].style, Style::red);
  EXPECT_EQ(row[4].text, "lambda:invoke  Boom: it broke");
}

TEST(HistoryView, ShowsDataOnlyWhenAsked) {
  const auto event = json::parse(
      R"({"timestamp":1,"type":"PassStateEntered","id":2,"stateEnteredEventDetails":{"name":"P","input":"{}"}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(history_row(*event, {}, false)[4].text, "P");
  EXPECT_EQ(history_row(*event, {}, true)[4].text, "P  input={}");
}

}  // namespace
}  // namespace escapement::cli
