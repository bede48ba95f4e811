// What an Expression promises at its seam. The language itself is covered by conformance_test.cc; these cases need no
// folder outside the tree.
#include "query/jsonata/jsonata.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonata/query_line.h"

namespace escapement::query::jsonata {
namespace {

constexpr base::Timestamp kNow = base::Timestamp::from_ms(1'700'000'000'123);

json::Value parse(std::string_view text) { return *json::parse(text); }

// The answer as JSON text, "undefined", or "code@position: message".
std::string evaluate(std::string_view text, std::string_view input = "", const Options& options = {},
                     std::span<const Binding> bindings = {}) {
  const auto describe = [](const EvaluationError& error) {
    return error.code + "@" + std::to_string(error.position) + ": " + error.message;
  };
  const auto expression = Expression::compile(text, options);
  if (!expression) return describe(expression.error());
  base::SplitMix generator(7);
  Environment environment{kNow, generator};
  const json::Value value = input.empty() ? json::Value() : parse(input);
  const auto result = expression->evaluate(input.empty() ? nullptr : &value, bindings, environment);
  if (!result) return describe(result.error());
  return *result ? json::print(**result) : "undefined";
}

TEST(Jsonata, PathsPredicatesAndSequences) {
  constexpr std::string_view kOrder =
      R"({"items":[{"sku":"a","price":3,"tags":["x","y"]},{"sku":"b","price":5},{"sku":"c","price":8}]})";
  EXPECT_EQ(evaluate("items.sku", kOrder), R"(["a","b","c"])");
  EXPECT_EQ(evaluate("items[price > 4].sku", kOrder), R"(["b","c"])");
  EXPECT_EQ(evaluate("items[price > 6].sku", kOrder), R"("c")");
  EXPECT_EQ(evaluate("items[price > 6].sku[]", kOrder), R"(["c"])");
  EXPECT_EQ(evaluate("items[price > 9]", kOrder), "undefined");
  EXPECT_EQ(evaluate("items[-1].sku", kOrder), R"("c")");
  EXPECT_EQ(evaluate("items.tags", kOrder), R"(["x","y"])");
  EXPECT_EQ(evaluate("items^(>price)[0].sku", kOrder), R"("c")");
  EXPECT_EQ(evaluate("items{sku: price}", kOrder), R"({"a":3,"b":5,"c":8})");
  EXPECT_EQ(evaluate("items.tags.(% .sku & $)", kOrder), R"(["ax","ay"])");
  EXPECT_EQ(evaluate("items#$i[$i = 1].sku", kOrder), R"("b")");
  EXPECT_EQ(evaluate("**[price = 8].sku", kOrder), R"("c")");
  EXPECT_EQ(evaluate("a.b", R"({"a":{"b":[]}})"), "[]");
  EXPECT_EQ(evaluate("a.b", R"({"a":[]})"), "undefined");
  EXPECT_EQ(evaluate("a.b", R"({"a":[{"b":[5]}]})"), "[5]");
}

TEST(Jsonata, FunctionsClosuresAndTailCalls) {
  EXPECT_EQ(evaluate("$map([1..3], function($v, $i) { $v * 10 + $i })"), "[10,21,32]");
  EXPECT_EQ(evaluate("($add := function($a, $b) { $a + $b }; $inc := $add(?, 1); $inc(4))"), "5");
  EXPECT_EQ(evaluate("($f := $uppercase ~> $length; $f('abc'))"), "3");
  EXPECT_EQ(evaluate("($loop := function($n, $sum) { $n = 0 ? $sum : $loop($n - 1, $sum + $n) }; $loop(100000, 0))"),
            "5000050000");
  EXPECT_EQ(evaluate("{'a':1,'b':{'c':2}} ~> |b|{'c': c + 1, 'd': 4}, 'x'|"), R"({"a":1,"b":{"c":3,"d":4}})");
}

TEST(Jsonata, ArraysAreValues) {
  EXPECT_EQ(evaluate("($a := [1,2,3]; $b := $append($a, 4); $c := $append($a, 5); [$a, $b, $c])"),
            "[1,2,3,1,2,3,4,1,2,3,5]");
  EXPECT_EQ(evaluate("($a := [1..3]; $b := $append($a, 4); $c := [$a, 5]; [[$a], [$b], [$c]])"),
            "[[1,2,3],[1,2,3,4],[1,2,3,5]]");
  EXPECT_EQ(evaluate("($a := b; $c := $append($a, 9); [[$a], [$c], [b]])", R"({"b":[1,2]})"), "[[1,2],[1,2,9],[1,2]]");
  EXPECT_EQ(evaluate("($o := {'k': 1}; $p := $o ~> |$|{'k': 2}|; [$o.k, $p.k])"), "[1,2]");
}

TEST(Jsonata, NumbersComeBackAsJavaScriptPrintsThem) {
  EXPECT_EQ(evaluate("1.0"), "1");
  EXPECT_EQ(evaluate("6 / 2"), "3");
  EXPECT_EQ(evaluate("0.1 + 0.2 & ''"), R"("0.3")");
  EXPECT_EQ(evaluate("1e20"), "100000000000000000000");
  EXPECT_EQ(evaluate("$string(1e21)"), R"("1e+21")");
  EXPECT_EQ(evaluate("-0"), "0");
  EXPECT_EQ(evaluate("[1/0]"), "[null]");
}

TEST(Jsonata, WhatIsOnlyPassedThroughStaysAsItWas) {
  EXPECT_EQ(evaluate("$", R"({"a":1.0,"b":[12345678901234567890]})"), R"({"a":1.0,"b":[12345678901234567890]})");
  EXPECT_EQ(evaluate("a", R"({"a":9007199254740993})"), "9007199254740993");
  EXPECT_EQ(evaluate("a + 0", R"({"a":9007199254740993})"), "9007199254740992");
}

TEST(Jsonata, BindingsAreVariablesAndTakeTheirPlaceBeforeFunctions) {
  const json::Value order = parse(R"({"total":12})");
  const json::Value count = parse("5");
  const std::vector<Binding> bindings = {{"order", &order}, {"count", &count}};
  EXPECT_EQ(evaluate("$order.total + $count", "", {}, bindings), "17");
  EXPECT_EQ(evaluate("$missing", "", {}, bindings), "undefined");
  EXPECT_EQ(evaluate("($order := 1; $order)", "", {}, bindings), "1");
}

TEST(Jsonata, TimeAndRandomnessAreTheEnvironments) {
  EXPECT_EQ(evaluate("$millis()"), "1700000000123");
  EXPECT_EQ(evaluate("$now()"), R"("2023-11-14T22:13:20.123Z")");
  EXPECT_EQ(evaluate("$now('[D1o] [MNn] [Y]', '+0200')"), R"("15th November 2023")");
  EXPECT_EQ(evaluate("[$random(), $random()]"), evaluate("[$random(), $random()]"));
  EXPECT_EQ(evaluate("$toMillis($now())"), "1700000000123");
}

TEST(Jsonata, ErrorsCarryCodePositionAndWords) {
  EXPECT_EQ(evaluate("1 + 'a'"), R"(T2002@3: The right side of the "+" operator must evaluate to a number)");
  EXPECT_EQ(evaluate("$sum(['a'])"), R"(T0412@5: Argument 1 of function "sum" must be an array of "numbers")");
  EXPECT_EQ(evaluate("$nothing(1)"), "T1006@9: Attempted to invoke a non-function");
  EXPECT_EQ(evaluate("sum([1])"), "T1005@4: Attempted to invoke a non-function. Did you mean $sum?");
  EXPECT_EQ(evaluate("a[1,2)"), R"(S0202@4: Expected "]", got ",")");
  EXPECT_EQ(evaluate("1 +"), "S0207@3: Unexpected end of expression");
  EXPECT_EQ(evaluate("/(/"), "S0302@3: No terminating / in regular expression");
  EXPECT_EQ(evaluate("$error('no stock')"), "D3137@7: no stock");
  EXPECT_EQ(evaluate("'\xc3\xa9\xf0\x9f\x98\x80' + 1"),
            R"(T2001@7: The left side of the "+" operator must evaluate to a number)");
}

TEST(Jsonata, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(evaluate("'\xff'").substr(0, 5), "S0107");
  EXPECT_EQ(evaluate("'\xed\xed\xed'").substr(0, 5), "S0107");
  EXPECT_EQ(evaluate("$length('\xed\xa0\x80')"), "1");
  EXPECT_EQ(evaluate("$length('\\ud83d' & '\\ude00')"), "1");
}

TEST(Jsonata, RegularExpressionsFollowJavaScript) {
  EXPECT_EQ(evaluate(R"($replace('John Smith', /(\w+)\s(\w+)/, '$2, $1'))"), R"("Smith, John")");
  EXPECT_EQ(evaluate(R"($match('ab12cd3', /\d+/).match)"), R"(["12","3"])");
  EXPECT_EQ(evaluate(R"($match('xa]', /[[a]]/).match)"), R"("a]")");
  EXPECT_EQ(evaluate(R"($contains('Qa', /\Qa/))"), "true");
  EXPECT_EQ(evaluate(R"($split('a1b22c', /\d+/))"), R"(["a","b","c"])");
  EXPECT_EQ(evaluate("$contains('a', /a++/)").substr(0, 5), "S0303");
  EXPECT_EQ(evaluate("$contains('a', /(?R)/)").substr(0, 5), "S0303");
  EXPECT_EQ(evaluate("$match('\xf0\x9f\x98\x80x', /x/).index"), "2");
  EXPECT_EQ(evaluate("$replace('aaa', /a/, function($m) { $m.match & '-' }, 2)"), R"("a-a-a")");
}

TEST(Jsonata, AnExpressionMayBeSharedByThreads) {
  const auto expression = Expression::compile("$sum(items.(price * quantity))");
  ASSERT_TRUE(expression);
  const json::Value input = parse(R"({"items":[{"price":2,"quantity":3},{"price":4,"quantity":5}]})");
  std::vector<std::thread> threads;
  std::vector<int> right(4);
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      base::SplitMix generator(t);
      Environment environment{kNow, generator};
      for (int i = 0; i < 500; ++i) {
        const auto result = expression->evaluate(&input, {}, environment);
        if (result && *result && **result == json::Value(26)) ++right[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(4, 500));
}

TEST(JsonataReferences, FreeVariablesAreThoseNotBoundInside) {
  const auto expression =
      Expression::compile("($a := $x; $map($states.input.list, function($v) { $v + $a + $y })) & $x & $count($z)");
  ASSERT_TRUE(expression);
  EXPECT_EQ(expression->free_variables(), (std::vector<std::string>{"x", "states", "y", "z"}));
  EXPECT_EQ(expression->builtin_functions(), (std::vector<std::string>{"map", "count"}));
}

TEST(JsonataReferences, PathsBelowStates) {
  const auto paths = [](std::string_view text) { return Expression::compile(text)->states_paths(); };
  using Paths = std::vector<std::vector<std::string>>;
  EXPECT_EQ(paths("$states.input.order.id & $states.context.State.Name"),
            (Paths{{"input", "order", "id"}, {"context", "State", "Name"}}));
  EXPECT_EQ(paths("$states.input.items[price > $states.result.limit].name"),
            (Paths{{"input", "items"}, {"result", "limit"}}));
  EXPECT_EQ(paths("$states"), (Paths{{}}));
  EXPECT_EQ(paths("$states.*"), (Paths{{}}));
  EXPECT_EQ(paths("$other.input"), Paths{});
}

TEST(JsonataReferences, WhatIsReadFromTheContext) {
  const auto context = [](std::string_view text) { return Expression::compile(text)->context_references(); };
  using Names = std::vector<std::string>;
  EXPECT_EQ(context("aaa + bbb.ccc + aaa"), (Names{"aaa", "bbb"}));
  EXPECT_EQ(context("$.phone"), Names{"$"});
  EXPECT_EQ(context("$$"), Names{"$$"});
  EXPECT_EQ(context("$states.input.items[phone > 3]"), Names{});
  EXPECT_EQ(context("$states.input.items^(phone){name: $count($)}"), Names{});
  EXPECT_EQ(context("$map($states.input.a, function($x) { b })"), Names{"b"});
  EXPECT_EQ(context("{'k': phone}"), Names{"phone"});
  EXPECT_EQ(context("$states.input ~> |order|{'total': price}|"), Names{});
}

TEST(JsonataQueryLine, AnswersResultUndefinedOrError) {
  EXPECT_EQ(answer_query_line(R"json({"expr":"a.b","input":{"a":{"b":[1,2]}}})json"), R"json({"result":[1,2]})json");
  EXPECT_EQ(answer_query_line(R"json({"expr":"a.b"})json"), R"json({"undefined":true})json");
  EXPECT_EQ(answer_query_line(R"json({"expr":"$","input":null})json"), R"json({"result":null})json");
  EXPECT_EQ(answer_query_line(R"json({"expr":"$x + 1","bindings":{"x":2}})json"), R"json({"result":3})json");
  EXPECT_EQ(
      answer_query_line(R"json({"expr":"1 +"})json"),
      R"json({"error":{"code":"S0207","message":"Unexpected end of expression","position":3,"token":"(end)"}})json");
  EXPECT_EQ(
      answer_query_line(R"json({"expr":"$encodeUrl('\ud800')"})json"),
      R"json({"error":{"code":"D3140","message":"Malformed URL passed to $encodeUrl(): \"\\uD800\"","position":11,"token":"encodeUrl","value":"\uD800","functionName":"encodeUrl"}})json");
  EXPECT_TRUE(answer_query_line("{").starts_with(R"json({"error":{"code":"InvalidRequest")json"));
  EXPECT_TRUE(answer_query_line(R"json({"input":1})json").starts_with(R"json({"error":{"code":"InvalidRequest")json"));
}

}  // namespace
}  // namespace escapement::query::jsonata
