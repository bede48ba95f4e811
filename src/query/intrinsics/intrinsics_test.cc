#include <gtest/gtest.h>

#include "json/parse.h"
#include "json/print.h"
#include "query/intrinsics/expression.h"

namespace escapement::intrinsics {
namespace {

std::string run(std::string_view text, std::string_view input = "{}") {
  auto expression = Expression::compile(text);
  if (!expression) return "syntax";
  const jsonpath::EmptyScope scope;
  base::SplitMix generator(7);
  const json::Value value = json::parse(input).value();
  auto result = expression->evaluate({value, scope, generator});
  if (result) return json::print(*result);
  return result.error().kind == Failure::Kind::path ? "path " + result.error().path : "failed";
}

TEST(Intrinsics, Format) {
  EXPECT_EQ(run("States.Format('Hello {}, you are {}', $.name, 41)", R"({"name":"Ann"})"),
            R"("Hello Ann, you are 41")");
  EXPECT_EQ(run("States.Format('{}', $)", R"({"Arg1":1,"Arg2":[]})"), R"("{Arg1=1, Arg2=[]}")");
  EXPECT_EQ(run("States.Format('{} {} {}', null, 1.1, true)"), R"("null 1.1 true")");
  EXPECT_EQ(run(R"(States.Format('\{\} {} it\'s \\', 1))"), R"("{} 1 it's \\")");
  EXPECT_EQ(run("States.Format($.t, 1)", R"({"t":"n={}"})"), R"("n=1")");
  EXPECT_EQ(run("States.Format('{} {}', 1)"), "failed");
  EXPECT_EQ(run("States.Format('{}', 1, 2)"), "failed");
}

TEST(Intrinsics, Json) {
  EXPECT_EQ(run(R"(States.StringToJson('{"a": [1, 2.0]}'))"), R"({"a":[1,2.0]})");
  EXPECT_EQ(run("States.StringToJson('')"), "null");
  EXPECT_EQ(run("States.StringToJson(' ')"), "null");
  EXPECT_EQ(run("States.StringToJson('-0')"), "0");
  EXPECT_EQ(run("States.StringToJson('{')"), "failed");
  EXPECT_EQ(run("States.JsonToString($.a)", R"({"a":{"b": [1, null]}})"), R"("{\"b\":[1,null]}")");
  EXPECT_EQ(run("States.JsonMerge($.a, $.b, false)", R"({"a":{"x":1,"y":2},"b":{"y":3}})"), R"({"x":1,"y":3})");
  EXPECT_EQ(run("States.JsonMerge($.a, $.b, true)", R"({"a":{},"b":{}})"), "failed");
}

TEST(Intrinsics, Arrays) {
  EXPECT_EQ(run("States.Array()"), "[]");
  EXPECT_EQ(run("States.Array(1, 'a', $.x, null)", R"({"x":{}})"), R"([1,"a",{},null])");
  EXPECT_EQ(run("States.ArrayPartition($.a, 2)", R"({"a":[0,1,2]})"), "[[0,1],[2]]");
  EXPECT_EQ(run("States.ArrayPartition($.a, 0)", R"({"a":[]})"), "failed");
  EXPECT_EQ(run("States.ArrayContains($.a, 2)", R"({"a":[0,1,2]})"), "true");
  EXPECT_EQ(run("States.ArrayRange(1, 9, 2)"), "[1,3,5,7,9]");
  EXPECT_EQ(run("States.ArrayRange(3, 1, -1)"), "[3,2,1]");
  EXPECT_EQ(run("States.ArrayRange(1, 1001, 1)"), "failed");
  EXPECT_EQ(run("States.ArrayGetItem($.a, 1)", R"({"a":[5,6]})"), "6");
  EXPECT_EQ(run("States.ArrayGetItem($.a, 2)", R"({"a":[5,6]})"), "failed");
  EXPECT_EQ(run("States.ArrayLength($.a)", R"({"a":[5,6]})"), "2");
  EXPECT_EQ(run("States.ArrayUnique($.a)", R"({"a":[1,1,"1",1.0,{"x":1},{"x":1}]})"), R"([1,"1",1.0,{"x":1}])");
}

TEST(Intrinsics, Texts) {
  EXPECT_EQ(run("States.Base64Encode('Data to encode')"), R"("RGF0YSB0byBlbmNvZGU=")");
  EXPECT_EQ(run("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')"), R"("Data to encode")");
  EXPECT_EQ(run("States.Hash('input data', 'SHA-1')"), R"("aaff4a450a104cd177d28d18d74485e8cae074b7")");
  EXPECT_EQ(run("States.Hash('x', 'CRC')"), "failed");
  EXPECT_EQ(run("States.StringSplit('This.is+a,test=string', '.+,=')"), R"(["This","is","a","test","string"])");
  EXPECT_EQ(run("States.StringSplit(',,,,', ',')"), "[]");
}

TEST(Intrinsics, Numbers) {
  EXPECT_EQ(run("States.MathAdd(1.49, 1.5)"), "3");
  EXPECT_EQ(run("States.MathAdd(-1.5, 0)"), "-1");
  EXPECT_EQ(run("States.MathAdd(-1.51, 0)"), "-2");
  EXPECT_EQ(run("States.MathAdd('1', 0)"), "failed");
  EXPECT_EQ(run("States.MathRandom(5, 6)"), "5");
  EXPECT_EQ(run("States.MathRandom(0, 999, 3)"), run("States.MathRandom(0, 999, 3)"));
  EXPECT_EQ(run("States.MathRandom(6, 5)"), "failed");
  EXPECT_EQ(run("States.UUID()"), run("States.UUID()"));
}

TEST(Intrinsics, NestingAndPaths) {
  EXPECT_EQ(run("States.ArrayGetItem(States.StringSplit('a-b', '-'), 0)"), R"("a")");
  EXPECT_EQ(run("States.Array($['a,b)'], $.c[?(@.x == ')')].x)", R"x({"a,b)":1,"c":[{"x":")"}]})x"), R"x([1,[")"]])x");
  EXPECT_EQ(run("States.Array($.no)"), "path $.no");
  std::string deep = "1";
  for (int i = 0; i < 10; ++i) deep = "States.Array(" + deep + ")";
  EXPECT_EQ(run(deep), "[[[[[[[[[[1]]]]]]]]]]");
  EXPECT_EQ(run("States.Array(" + deep + ")"), "syntax");
}

TEST(Intrinsics, SyntaxErrors) {
  for (const char* text :
       {"", "States.Nope()", "States.UUID(", "States.UUID() x", "States.Format('a)", "States.Format()",
        R"(States.Format('\"'))", "States.MathAdd(1)", "$.a", "'text'", "States.Array(1,)", "States.Array(1 2)"}) {
    EXPECT_EQ(run(text), "syntax") << text;
  }
}

TEST(Intrinsics, Variables) {
  std::vector<std::string> names;
  Expression::compile("States.Format('{} {}', $b.x, States.Array($a, $$.c, $.d))")->collect_variables(names);
  EXPECT_EQ(names, (std::vector<std::string>{"b", "a"}));
}

}  // namespace
}  // namespace escapement::intrinsics
