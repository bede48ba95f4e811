#include <gtest/gtest.h>

#include <cmath>

#include "base/codec.h"
#include "base/random.h"
#include "json/parse.h"
#include "json/print.h"
#include "json/value.h"

namespace escapement::json {
namespace {

std::string round_trip(std::string_view text) {
  const auto value = parse(text);
  return value ? print(*value) : "error: " + value.error().message;
}

TEST(Json, KeepsOrderAndNumbersAsWritten) {
  EXPECT_EQ(round_trip(R"( { "b" : 1 , "a" : [ 1.0 , -2, 12345678901234567890, true, null ] } )"),
            R"({"b":1,"a":[1.0,-2,12345678901234567890,true,null]})");
  EXPECT_EQ(round_trip("[1.50, 1e3, 1.5e10, 0.0001, -0.0]"), "[1.5,1000.0,1.5E10,1.0E-4,-0.0]");
}

TEST(Json, EscapesOnlyWhatMustBe) {
  EXPECT_EQ(round_trip(R"("\u00e9\/\"\\\n\u0001\ud83d\ude00")"), "\"\xc3\xa9/\\\"\\\\\\n\\u0001\xf0\x9f\x98\x80\"");
}

TEST(Json, LoneSurrogatesAreReplacedUnlessKept) {
  EXPECT_EQ(round_trip(R"("a\ud800b")"),
            "\"a\xef\xbf\xbd"
            "b\"");
  const auto kept = parse(R"("a\ud800b")", {.keep_lone_surrogates = true});
  ASSERT_TRUE(kept);
  EXPECT_EQ(print(*kept), R"("a\uD800b")");
}

TEST(Json, RepeatedKeyKeepsFirstPlaceAndLastValue) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  std::string many = "{";
  for (int i = 0; i < 40; ++i) many += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  const auto value = parse(many + "\"k7\":\"last\"}");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->size(), 40u);
  EXPECT_EQ(value->find("k7")->as_string(), "last");
  EXPECT_EQ(value->find("k39")->as_int64(), 39);
  EXPECT_EQ(value->find("k40"), nullptr);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",   " ",      "{",       "[1,]",  "{\"a\":1,}", "{'a':1}",  "nul", "01",        "1.",    "1e",   "-",
        "+1", "\"\n\"", "\"\\x\"", "[1 2]", "1 2",        "\"\xff\"", "NaN", "{\"a\" 1}", "\"abc", "1e999"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(Json, ErrorsAreWordedAsAwsWordsThem) {
  EXPECT_TRUE(parse("not json")
                  .error()
                  .message.starts_with("Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or "
                                       "token 'null', 'true' or 'false')"));
  EXPECT_TRUE(parse("{'a':1}").error().message.starts_with(
      "Unexpected character (''' (code 39)): was expecting double-quote to start field name"));
}

TEST(Json, DepthIsBounded) {
  EXPECT_TRUE(parse(std::string(1'000, '[') + std::string(1'000, ']')));
  EXPECT_FALSE(parse(std::string(1'001, '[') + std::string(1'001, ']')));
  EXPECT_FALSE(parse(std::string(5'000'000, '[')));
}

// A random value of bounded size, with every kind of number, key and text in it.
Value random_value(base::SplitMix& random, int depth) {
  switch (random.next() % (depth > 0 ? 8 : 6)) {
    case 0:
      return {};
    case 1:
      return random.next() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random.next());
    case 3:
      return (random.uniform() - 0.5) * std::pow(10.0, static_cast<double>(random.next() % 600) - 300);
    case 4:
      return Value::integer_from_digits(std::to_string(random.next()) + std::to_string(random.next() % 1'000'000));
    case 5: {
      std::string text;
      for (std::uint64_t i = random.next() % 12; i > 0; --i) {
        const char32_t c = static_cast<char32_t>(random.next() % 0x11000);
        base::append_utf8(text, c >= 0xd800 && c < 0xe000 ? U'x' : c);
      }
      return text;
    }
    case 6: {
      std::vector<Value> items;
      for (std::uint64_t i = random.next() % 6; i > 0; --i) items.push_back(random_value(random, depth - 1));
      return Value::array(std::move(items));
    }
    default: {
      std::vector<Member> members;
      for (std::uint64_t i = random.next() % 24; i > 0; --i) {
        members.push_back({"k" + std::to_string(random.next() % 40), random_value(random, depth - 1)});
      }
      return Value::object(std::move(members));
    }
  }
}

TEST(Json, WhatIsPrintedReadsBackAsItWas) {
  base::SplitMix random(2'026);
  for (int i = 0; i < 5'000; ++i) {
    const Value value = random_value(random, 4);
    for (const std::string& text : {print(value), print_pretty(value)}) {
      const auto back = parse(text);
      ASSERT_TRUE(back) << text;
      ASSERT_EQ(*back, value) << text;
      ASSERT_EQ(print(*back), print(value));
    }
  }
}

TEST(Json, EqualityIsByValue) {
  EXPECT_EQ(*parse(R"({"a":1,"b":[1.0]})"), *parse(R"({"b":[1],"a":1.0})"));
  EXPECT_FALSE(*parse("[1,2]") == *parse("[2,1]"));
}

}  // namespace
}  // namespace escapement::json
