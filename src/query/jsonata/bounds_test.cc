// Expressions that mean harm end with an error, in time, and within the thread's stack.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonata/jsonata.h"
#include "query/jsonata/stack.h"

namespace escapement::query::jsonata {
namespace {

std::string code_of(std::string_view text, const Options& options = {}, const json::Value* input = nullptr) {
  const auto expression = Expression::compile(text, options);
  if (!expression) return expression.error().code;
  base::SplitMix generator(7);
  Environment environment{base::Timestamp::from_ms(0), generator};
  const auto result = expression->evaluate(input, {}, environment);
  return result ? "none" : result.error().code;
}

// Runs `body` on a thread with `stack_bytes` of stack.
template <typename Body>
void on_small_stack(std::size_t stack_bytes, Body body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* argument) -> void* {
                  (*static_cast<Body*>(argument))();
                  return nullptr;
                },
                &body),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

Options small() {
  Options options;
  options.steps_max = 1'000'000;
  options.memory_bytes_max = 32 << 20;
  options.string_bytes_max = 1 << 20;
  return options;
}

TEST(JsonataBounds, LoopsEnd) {
  EXPECT_EQ(code_of("($inf := function() { $inf() }; $inf())", small()), "U1001");
  EXPECT_EQ(code_of("($f := function($x) { $f($x + 1) }; $f(1))", small()), "U1001");
  EXPECT_EQ(
      code_of("$map([1..1000], function($a) { $map([1..1000], function($b) { $map([1..1000], function($c) { 1 }) }) })",
              small()),
      "U1001");
  EXPECT_EQ(code_of("[1..1000].([1..1000].([1..1000].($)))", small()), "U1001");
}

TEST(JsonataBounds, RecursionEndsBeforeTheStackDoes) {
  on_small_stack((512 << 10) * kFrameFactor, [] {
    EXPECT_EQ(code_of("($f := function($n) { 1 + $f($n) }; $f(1))"), "U1001");
    EXPECT_EQ(code_of("($f := function($n) { [$f($n)] }; $f(1))"), "U1001");
    EXPECT_EQ(code_of("($f := function($n) { $map([1], $f) & '' }; $f(1))"), "U1001");
    EXPECT_EQ(code_of("($f := function($n) { $sort([1,2], function($a,$b) { $f(1) & '' }) }; $f(1))"), "U1001");
    EXPECT_EQ(code_of("($f := function($n) { $eval('$f(1) & 1') & 1 }; $f(1))"), "U1001");
    for (const char* open : {"(", "[", "{'a':", "-", "$f(", "a[", "a.(", "function($x){", "1+", "|a|"}) {
      std::string text;
      for (int i = 0; i < 100'000; ++i) text += open;
      EXPECT_NE(code_of(text), "none") << open;
    }
    std::string chain = "a";
    for (int i = 0; i < 200'000; ++i) chain += ".a";
    EXPECT_EQ(code_of(chain), "U1001");
    // A value nested far deeper than the stack reaches: made by a loop, then walked.
    const std::string nest = "($f := function($x, $n) { $n = 0 ? $x : $f([[$x]], $n - 1) }; $v := $f([1,[2]], 20000); ";
    for (const char* walk : {"$v)", "$string($v))", "$v = $v)", "$boolean($v))", "$v.**)", "{'a':$v} ~> |a|{}|)",
                             "$v.a)", "$distinct([$v, [$v]]))"}) {
      EXPECT_EQ(code_of(nest + walk), "U1001") << walk;
    }
  });
}

TEST(JsonataBounds, MemoryIsHeld) {
  EXPECT_EQ(code_of("($p := function($s) { $p($s & $s) }; $p('xxxxxxxx'))", small()), "U1001");
  EXPECT_EQ(code_of("($p := function($a) { $p($append($a, $a)) }; $p([1..100]))", small()), "U1001");
  EXPECT_EQ(code_of("$pad('x', 1000000000)", small()), "U1001");
  EXPECT_EQ(code_of("$formatInteger(1e18, 'I')", small()), "U1001");
  EXPECT_EQ(code_of("[1..10000000].[$]", small()), "U1001");
  EXPECT_EQ(code_of("[1..10000001]"), "D2014");
  Options options = small();
  options.sequence_max = 1'000;
  EXPECT_EQ(code_of("[1..1001]", options), "D2015");
  EXPECT_EQ(code_of("$append([1..600], [1..600])", options), "D2015");
}

TEST(JsonataBounds, RegularExpressionsCannotRunAway) {
  const std::string many_a(200, 'a');
  EXPECT_EQ(code_of("$contains('" + many_a + "!', /^(a+)+$/)", small()), "U1001");
  EXPECT_EQ(code_of("$match('" + many_a + "!', /^(a|aa)+$/)", small()), "U1001");
  EXPECT_EQ(code_of("$contains('x', /" + std::string(5'000, '(') + std::string(5'000, ')') + "/)"), "S0303");
  EXPECT_EQ(code_of("$contains('x', /((((a{900}){900}){900}){900})/)"), "S0303");
}

TEST(JsonataBounds, QuadraticWorkIsCharged) {
  std::string items = "[";
  for (int i = 0; i < 20'000; ++i) items += "{\"id\":" + std::to_string(i) + "},";
  items.back() = ']';
  const json::Value input = *json::parse(items);
  EXPECT_EQ(code_of("$distinct($)", small(), &input), "U1001");
  EXPECT_EQ(code_of("$distinct($.id)", small(), &input), "none");
  EXPECT_EQ(code_of("$^(>id)[0]", small(), &input), "none");
}

// Token soup from a seed: every text compiles to an error or to an expression that ends, with the same answer each
// time.
TEST(JsonataBounds, EvaluationOfAnythingEndsAndRepeats) {
  constexpr std::string_view kTokens[] = {"a",
                                          "b",
                                          "$x",
                                          "$",
                                          "$$",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          ".",
                                          "..",
                                          ",",
                                          ";",
                                          ":",
                                          ":=",
                                          "+",
                                          "-",
                                          "*",
                                          "**",
                                          "/",
                                          "%",
                                          "=",
                                          "!=",
                                          "<",
                                          ">",
                                          "&",
                                          "and",
                                          "or",
                                          "in",
                                          "~>",
                                          "?",
                                          "?:",
                                          "??",
                                          "^(",
                                          "@$v",
                                          "#$i",
                                          "|",
                                          "1",
                                          "2.5",
                                          "1e3",
                                          "'s'",
                                          "true",
                                          "null",
                                          "function($x){",
                                          "$f:=",
                                          "$map(",
                                          "$string(",
                                          "$sum(",
                                          "$eval(",
                                          "$match(",
                                          "/a+/",
                                          "[1..9]",
                                          "[]",
                                          "$sort(",
                                          "$reduce(",
                                          "$each(",
                                          "$formatNumber(",
                                          "'#,##0.0'",
                                          "$fromMillis(",
                                          "'[Y0001]'",
                                          "$replace(",
                                          "$clone(",
                                          "$spread(",
                                          "$zip(",
                                          "$toMillis("};
  const json::Value input = *json::parse(R"({"a":[1,2,{"b":"s"}],"b":{"a":"x"}})");
  Options options;
  options.steps_max = 20'000;
  options.memory_bytes_max = 4 << 20;
  options.string_bytes_max = 64 << 10;
  base::SplitMix seeds(20'240'711);
  std::size_t compiled = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    for (std::uint64_t i = 0, length = 1 + seeds.next() % 12; i < length; ++i) {
      text += kTokens[seeds.next() % std::size(kTokens)];
      text += ' ';
    }
    const auto expression = Expression::compile(text, options);
    if (!expression) continue;
    ++compiled;
    const auto run = [&] {
      base::SplitMix generator(1);
      Environment environment{base::Timestamp::from_ms(0), generator};
      const auto result = expression->evaluate(&input, {}, environment);
      return !result ? result.error().code : *result ? json::print(**result) : "undefined";
    };
    EXPECT_EQ(run(), run()) << text;
  }
  EXPECT_GT(compiled, 500u);
}

}  // namespace
}  // namespace escapement::query::jsonata
