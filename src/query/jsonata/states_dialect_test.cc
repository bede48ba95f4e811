// The dialect of Step Functions. The answers are AWS's: from its documentation, from recorded executions, or measured.
#include <gtest/gtest.h>

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonata/jsonata.h"

namespace escapement::query::jsonata {
namespace {

std::string evaluate(std::string_view text, std::string_view states = "{}") {
  const auto expression = Expression::compile(text, Options::for_states());
  if (!expression) return "compile" + expression.error().aws_tail();
  base::SplitMix generator(7);
  Environment environment{base::Timestamp::from_ms(0), generator};
  const json::Value value = *json::parse(states);
  const Binding binding{"states", &value};
  const auto result = expression->evaluate(nullptr, {&binding, 1}, environment);
  if (!result) return "error" + result.error().aws_tail();
  return *result ? json::print(**result) : "undefined";
}

TEST(JsonataStates, PartitionCutsAnArray) {
  EXPECT_EQ(evaluate("$partition([0,1,2,3], 3)"), "[[0,1,2],[3]]");
  EXPECT_EQ(evaluate("$partition([0], 5)"), "[[0]]");
  EXPECT_EQ(evaluate("$partition([0,1], 1)"), "[[0],[1]]");
  EXPECT_EQ(evaluate("$partition([0,1,2], 2.9)"), "[[0,1],[2]]");
  EXPECT_EQ(evaluate("$partition([0,1], 0)"), "undefined");
  EXPECT_EQ(evaluate("$partition([], 2)"), "undefined");
  EXPECT_EQ(evaluate("$partition([1], -1)").substr(0, 7), "error. ");
}

TEST(JsonataStates, RangeIncludesItsEndAndUnwrapsOneItem) {
  EXPECT_EQ(evaluate("$range(0, 10, 2)"), "[0,2,4,6,8,10]");
  EXPECT_EQ(evaluate("$range(0, 9, 3)"), "[0,3,6,9]");
  EXPECT_EQ(evaluate("$range(5, 1, -2)"), "[5,3,1]");
  EXPECT_EQ(evaluate("$range(-1.7, 2, 1)"), "[-1,0,1,2]");
  EXPECT_EQ(evaluate("$range(1, 9, 9)"), "1");
  EXPECT_EQ(evaluate("$range(1, 9, 0)"), "undefined");
  EXPECT_EQ(evaluate("$range(1, 9, -1)"), "undefined");
  EXPECT_EQ(evaluate("$count($range(1, 200000, 1))"), "200000");
  EXPECT_EQ(evaluate("$range(1, 100000000, 1)"),
            "error: Expression evaluation memory limit exceeded: Check for excessive memory usage");
}

TEST(JsonataStates, HashRandomUuidParse) {
  EXPECT_EQ(evaluate("$hash('input', 'SHA-1')"), R"("140f86aae51ab9e1cda9b4254fe98a74eb54c1a1")");
  EXPECT_EQ(evaluate("$hash('input')"), "undefined");
  EXPECT_EQ(evaluate("$random(42)"), "0.7275636800328681");
  EXPECT_EQ(evaluate("$random(42) = $random(42)"), "true");
  EXPECT_EQ(evaluate("$random() = $random()"), "false");
  EXPECT_EQ(evaluate("$length($uuid())"), "36");
  EXPECT_EQ(evaluate(R"($parse('{"a":[1,{"b":2}]}').a.b)"), "2");
  EXPECT_EQ(evaluate("$parse('[1,')").substr(0, 6), "error.");
}

TEST(JsonataStates, EvalIsNoFunction) {
  EXPECT_EQ(evaluate("$eval('1+1')"), "error. T1006: Attempted to invoke a non-function");
  EXPECT_EQ(evaluate("$randomSeeded($states.input.fst)"), "error. T1006: Attempted to invoke a non-function");
}

TEST(JsonataStates, NumbersThatJsonCannotHoldAreNamed) {
  EXPECT_EQ(evaluate("1/0"), R"("Infinity")");
  EXPECT_EQ(evaluate("-1/0"), R"("-Infinity")");
  EXPECT_EQ(evaluate("[1/0]"), R"(["Infinity"])");
  EXPECT_EQ(evaluate("{'k': 0/0}"), R"({"k":"NaN"})");
  EXPECT_EQ(evaluate("$parseInteger('abc', '0')"), R"("NaN")");
}

TEST(JsonataStates, DepthIsAwss) {
  const auto terms = [](int count) {
    std::string text = "1";
    for (int i = 1; i < count; ++i) text += "+1";
    return text;
  };
  EXPECT_EQ(evaluate(terms(100)), "100");
  EXPECT_EQ(evaluate(terms(101)),
            "error: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as "
            "tail-recursive. Depth=101 max=100");
  EXPECT_EQ(evaluate(std::string(99, '(') + "1" + std::string(99, ')')), "1");
  EXPECT_EQ(evaluate(std::string(100, '(') + "1" + std::string(100, ')')).substr(0, 6), "error:");
  constexpr std::string_view kRecursive = "($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(";
  EXPECT_EQ(evaluate(std::string(kRecursive) + "31))"), "31");
  EXPECT_EQ(evaluate(std::string(kRecursive) + "40))").substr(0, 6), "error:");
}

TEST(JsonataStates, MemoryIsAwss) {
  EXPECT_EQ(evaluate("$count([1..873782])"), "873782");
  EXPECT_EQ(evaluate("$count([1..873783])"),
            "error: Expression evaluation memory limit exceeded: Check for excessive memory usage");
  constexpr std::string_view kDoubling =
      "($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', ";
  EXPECT_EQ(evaluate(std::string(kDoubling) + "22)))"), "4194304");
  EXPECT_EQ(evaluate(std::string(kDoubling) + "23)))").substr(0, 25), "error: Expression evaluat");
}

TEST(JsonataStates, StatesIsABindingLikeAnyOther) {
  EXPECT_EQ(evaluate("$states.input.value >= 20 and $states.input.value < 30", R"({"input":{"value":25}})"), "true");
  EXPECT_EQ(evaluate("$merge([$states.input.a, $states.input.b])", R"({"input":{"a":{"x":1},"b":{"y":2}}})"),
            R"({"x":1,"y":2})");
  EXPECT_EQ(evaluate("$states.input.missing"), "undefined");
}

}  // namespace
}  // namespace escapement::query::jsonata
