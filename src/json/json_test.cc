#include <gtest/gtest.h>

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

TEST(Json, EqualityIsByValue) {
  EXPECT_EQ(*parse(R"({"a":1,"b":[1.0]})"), *parse(R"({"b":[1],"a":1.0})"));
  EXPECT_FALSE(*parse("[1,2]") == *parse("[2,1]"));
}

}  // namespace
}  // namespace escapement::json
