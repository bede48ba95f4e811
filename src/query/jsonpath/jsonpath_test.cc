#include <gtest/gtest.h>

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonpath/path.h"
#include "query/jsonpath/query_line.h"
#include "query/jsonpath/reference_path.h"

namespace escapement::jsonpath {
namespace {

constexpr std::string_view kStore = R"({
  "store": {
    "book": [
      {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
      {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
      {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick",
       "isbn": "0-553-21311-3", "price": 8.99},
      {"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings",
       "isbn": "0-395-19395-8", "price": 22.99}
    ],
    "bicycle": {"color": "red", "price": 19.95}
  },
  "expensive": 10, "nothing": null, "my key": 1, "numbers": [1, 2, 3.5]
})";

std::string query(std::string_view text, std::string_view input = kStore) {
  auto path = Path::compile(text);
  if (!path) return "syntax: " + path.error().message;
  auto result = path->evaluate(json::parse(input).value());
  return result ? json::print(*result) : "error: " + result.error().message;
}

TEST(JsonPath, DefiniteSteps) {
  EXPECT_EQ(query("$.store.bicycle.color"), R"("red")");
  EXPECT_EQ(query("$['store']['bicycle']['color']"), R"("red")");
  EXPECT_EQ(query("$.store.book[0].author"), R"("Nigel Rees")");
  EXPECT_EQ(query("$.store.book[-1].title"), R"("The Lord of the Rings")");
  EXPECT_EQ(query("$['my key']"), "1");
  EXPECT_EQ(query("$.nothing"), "null");
  EXPECT_EQ(query("$.store.bicycle['color','price']"), R"({"color":"red","price":19.95})");
  EXPECT_EQ(query("$", "[1, 2]"), "[1,2]");
}

TEST(JsonPath, IndefiniteStepsYieldArrays) {
  EXPECT_EQ(query("$.store.book[*].price"), "[8.95,12.99,8.99,22.99]");
  EXPECT_EQ(query("$.store.book[0,1].price"), "[8.95,12.99]");
  EXPECT_EQ(query("$.store.book[:2].price"), "[8.95,12.99]");
  EXPECT_EQ(query("$.store.book[1:3].price"), "[12.99,8.99]");
  EXPECT_EQ(query("$.store.book[-2:].price"), "[8.99,22.99]");
  EXPECT_EQ(query("$.store.book[9:]"), "[]");
  EXPECT_EQ(query("$.store.*.color"), R"(["red"])");
  EXPECT_EQ(query("$..price"), "[8.95,12.99,8.99,22.99,19.95]");
  EXPECT_EQ(query("$..book[2].title"), R"(["Moby Dick"])");
  EXPECT_EQ(query("$..nowhere"), "[]");
  EXPECT_EQ(query("$.store.book[*].nowhere"), "[]");
}

TEST(JsonPath, Filters) {
  EXPECT_EQ(query("$.store.book[?(@.price < 10)].title"), R"(["Sayings of the Century","Moby Dick"])");
  EXPECT_EQ(query("$.store.book[?(@.price < $.expensive && @.isbn)].title"), R"(["Moby Dick"])");
  EXPECT_EQ(query("$.store.book[?(!@.isbn)].price"), "[8.95,12.99]");
  EXPECT_EQ(query("$.store.book[?(@.category == 'reference' || @.price > 20)].price"), "[8.95,22.99]");
  EXPECT_EQ(query("$.store.book[?(@.author =~ /.*tolkien/i)].price"), "[22.99]");
  EXPECT_EQ(query("$.store.book[?(@.category in ['reference','other'])].price"), "[8.95]");
  EXPECT_EQ(query("$.store.book[?(@['price']>=22.99)].author"), R"(["J. R. R. Tolkien"])");
  EXPECT_EQ(query("$.store.book[?(@.category != 'fiction')].price"), "[8.95]");
  EXPECT_EQ(query("$..[?(@.isbn)].price"), "[8.99,22.99]");
  EXPECT_EQ(query("$.numbers[?(@ > 1)]"), "[2,3.5]");
  EXPECT_EQ(query("$[?(@.status == 0)]", R"([{"status":0,"a":1},{"status":"0","a":2},{"status":1}])"),
            R"([{"status":0,"a":1},{"status":"0","a":2}])");
}

TEST(JsonPath, Functions) {
  EXPECT_EQ(query("$.store.book.length()"), "4");
  EXPECT_EQ(query("$.numbers.sum()"), "6.5");
  EXPECT_EQ(query("$.numbers.max()"), "3.5");
  EXPECT_EQ(query("$.store.bicycle.keys()"), R"(["color","price"])");
  EXPECT_EQ(query("$..price.length()"), "5");
  EXPECT_EQ(query("$.numbers.append(4)"), "[1,2,3.5,4]");
  EXPECT_EQ(query("$.store.book[?(@.title.length() > 0)]"), "[]");
}

TEST(JsonPath, WhatIsNotThere) {
  EXPECT_EQ(query("$.no"), "error: No results for path: $['no']");
  EXPECT_EQ(query("$.no.such.path"), "error: Missing property in path $['no']");
  EXPECT_EQ(query("$.store.book[9]"), "error: No results for path: $['store']['book'][9]");
  EXPECT_EQ(query("$.no[*]"), "[]");
  EXPECT_EQ(query("$.no.such[1:5].x"), "[]");
  EXPECT_EQ(query("$.expensive[:1]"), "[]");
  EXPECT_EQ(query("$.expensive.x").substr(0, 76),
            "error: Expected to find an object with property ['x'] in path $['expensive']");
}

TEST(JsonPath, EscapesInNames) {
  EXPECT_EQ(query(R"($['a\""b'])", R"({"a\\\"\"b":1})"), "1");
  EXPECT_EQ(query(R"($['it\'s'])", R"({"it's":1})"), "1");
  EXPECT_EQ(query(R"($['a\\b'])", R"({"a\\b":1})"), "1");
}

TEST(JsonPath, SyntaxErrors) {
  for (const char* text : {"", "a", "$.", "$..", "$.a b", "$[", "$['a", "$['a'", "$[?(@.a]", "$[?(@.a ==)]",
                           "$.a.nothere()", "$]", "$.a[1", "$[a]", "$x y"}) {
    EXPECT_FALSE(Path::compile(text)) << text;
  }
}

TEST(JsonPath, Roots) {
  auto context = Path::compile("$$.Execution.Id");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->root(), Root::context);
  auto variable = Path::compile("$answer.a[0]");
  ASSERT_TRUE(variable);
  EXPECT_EQ(variable->root(), Root::variable);
  EXPECT_EQ(variable->variable(), "answer");
  EXPECT_TRUE(Path::compile("$answer")->is_root_only());
}

TEST(JsonPath, DeepNestingIsRefusedNotCrashedOn) {
  std::string text = "$[?(";
  for (int i = 0; i < 10'000; ++i) text += "(";
  EXPECT_FALSE(Path::compile(text));
  std::string bangs = "$[?(";
  for (int i = 0; i < 10'000; ++i) bangs += "!";
  EXPECT_FALSE(Path::compile(bangs));
}

std::string set(std::string_view path, std::string_view document, std::string_view value) {
  auto reference = ReferencePath::compile(path);
  if (!reference) return "syntax";
  auto result = reference->set(json::parse(document).value(), json::parse(value).value());
  return result ? json::print(*result) : result.error().message;
}

TEST(ReferencePath, SetsAndCreates) {
  EXPECT_EQ(set("$", R"({"a":1})", "2"), "2");
  EXPECT_EQ(set("$.a", R"({"a":1,"b":2})", "3"), R"({"a":3,"b":2})");
  EXPECT_EQ(set("$.x.y['z']", "{}", "1"), R"({"x":{"y":{"z":1}}})");
  EXPECT_EQ(set("$.a[1]", R"({"a":[1,2,3]})", "9"), R"({"a":[1,9,3]})");
  EXPECT_EQ(set("$.a", R"("text")", "1"), R"(Unable to apply step "a")");
  EXPECT_EQ(set("$.a.b", R"({"a":5})", "1"), R"(Unable to apply step "b")");
  EXPECT_EQ(set("$.a[*]", "{}", "1"), "syntax");
  EXPECT_EQ(set("$$.a", "{}", "1"), "syntax");
}

TEST(QueryLine, Answers) {
  EXPECT_EQ(answer_query_line(R"({"expr":"$.a","input":{"a":[1, 2.0]}})"), R"({"result":[1,2.0]})");
  EXPECT_EQ(answer_query_line(R"({"expr":"$.b","input":{}})"), R"({"undefined":true})");
  EXPECT_NE(answer_query_line(R"({"expr":"$.","input":{}})").find("InvalidPath"), std::string::npos);
  EXPECT_NE(answer_query_line("nonsense").find("InvalidRequest"), std::string::npos);
}

}  // namespace
}  // namespace escapement::jsonpath
