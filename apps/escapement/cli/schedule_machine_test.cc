#include "escapement/cli/schedule_machine.h"

#include <gtest/gtest.h>

#include "json/parse.h"

namespace escapement::cli {
namespace {

using client::Target;
using client::TargetKind;

const Target kFunction{TargetKind::function, "arn:aws:lambda:eu-central-1:123456789012:function:resize:live",
                       "resize:live"};

TEST(ScheduleMachine, LivesWhereItsTargetLives) {
  EXPECT_EQ(schedule_machine_name(kFunction), "schedule-function-resize-live");
  EXPECT_EQ(schedule_machine_arn(kFunction),
            "arn:aws:states:eu-central-1:123456789012:stateMachine:schedule-function-resize-live");
}

TEST(ScheduleMachine, KeepsLongNamesApart) {
  const std::string stem(80, 'a');
  const std::string one = schedule_machine_name({TargetKind::machine, {}, stem + "1"});
  const std::string two = schedule_machine_name({TargetKind::machine, {}, stem + "2"});
  EXPECT_LE(one.size(), 80u);
  EXPECT_NE(one, two);
}

TEST(ScheduleMachine, AsksForNoMoreThanItsTarget) {
  const auto definition = json::parse(schedule_definition(kFunction));
  ASSERT_TRUE(definition);
  const auto permissions = client::permissions_of(*definition, "123456789012", "eu-central-1");
  ASSERT_EQ(permissions.size(), 1u);
  EXPECT_EQ(permissions[0].action, "lambda:InvokeFunction");
  EXPECT_EQ(permissions[0].resources,
            (std::vector<std::string>{"arn:aws:lambda:eu-central-1:123456789012:function:resize",
                                      "arn:aws:lambda:eu-central-1:123456789012:function:resize:*"}));
}

}  // namespace
}  // namespace escapement::cli
