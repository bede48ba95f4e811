#include "functions/function_reference.h"

#include <gtest/gtest.h>

#include <sys/wait.h>

#include "functions/function_error.h"

namespace escapement::functions {
namespace {

std::string shape(std::string_view text) {
  const auto reference = parse_function_reference(text);
  if (!reference) return "error";
  return reference->region + "|" + reference->account + "|" + reference->name + "|" + reference->qualifier;
}

TEST(FunctionReference, EveryPartBeforeTheNameMayBeLeftOut) {
  EXPECT_EQ(shape("f"), "||f|");
  EXPECT_EQ(shape("f:1"), "||f|1");
  EXPECT_EQ(shape("f:$LATEST"), "||f|$LATEST");
  EXPECT_EQ(shape("function:f:live"), "||f|live");
  EXPECT_EQ(shape("123456789012:function:f"), "|123456789012|f|");
  EXPECT_EQ(shape("arn:aws:lambda:us-east-1:123456789012:function:f"), "us-east-1|123456789012|f|");
  EXPECT_EQ(shape("arn:aws:lambda:us-gov-west-1:123456789012:function:f:2024-01-02"),
            "us-gov-west-1|123456789012|f|2024-01-02");
  EXPECT_EQ(shape("arn:aws:lambda:us-east-1:123456789012:function"), "us-east-1|123456789012|function|");
}

TEST(FunctionReference, OthersAreRefused) {
  for (const char* const text :
       {"", "a b", "f:$latest", "f:1:2", "arn:aws:sqs:us-east-1:123456789012:q", "f/../g", "arn:aws:lambda"})
    EXPECT_EQ(shape(text), "error") << text;
}

TEST(FunctionError, EndsAreWordedAsAwsDoes) {
  EXPECT_EQ(describe_exit(0), "Runtime exited without providing a reason");
  EXPECT_EQ(describe_exit(127 << 8), "Runtime exited with error: exit status 127");
  EXPECT_EQ(describe_exit(SIGKILL), "Runtime exited with error: signal: killed");
  EXPECT_EQ(describe_exit(SIGSEGV), "Runtime exited with error: signal: segmentation fault");
  EXPECT_EQ(sandbox_error("r", "T", "a \"b\""), R"({"errorType":"T","errorMessage":"RequestId: r Error: a \"b\""})");
}

}  // namespace
}  // namespace escapement::functions
