// What the compiled pieces answer.
#include <gtest/gtest.h>

#include <map>

#include "asl/compile.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::asl {
namespace {

using json::Value;

struct TestScope final : Scope {
  Value object = json::parse(R"({"Execution":{"Name":"e1"},"Items":7})").value();
  std::map<std::string, Value, std::less<>> variables;
  const Value& context() const override { return object; }
  const Value* variable(std::string_view name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : &found->second;
  }
};

class Evaluate : public ::testing::Test {
 protected:
  // One state, as for TestState.
  const State& state(std::string_view text) {
    CompileOptions options;
    options.single_state = true;
    compilation_ = compile(text, options);
    EXPECT_TRUE(compilation_.program) << text << invalid_definition_message(compilation_.diagnostics);
    return compilation_.program->states[0];
  }
  Environment with(std::string_view input) {
    input_ = json::parse(input).value();
    return {input_, scope_, generator_, nullptr, nullptr, base::Timestamp::from_seconds(1'000)};
  }
  template <typename T>
  static std::string text(const Evaluated<T>& result) {
    if (!result)
      return result.error().error + ": " + result.error().cause +
             (result.error().location.empty() ? "" : " @" + result.error().location);
    if constexpr (std::is_same_v<T, Value>)
      return json::print(*result);
    else if constexpr (std::is_same_v<T, base::Timestamp>)
      return std::to_string(result->ms());
    else if constexpr (std::is_same_v<T, std::optional<std::string>>)
      return result->value_or("none");
    else
      return *result ? std::to_string(**result) : "none";
  }

  TestScope scope_;
  base::SplitMix generator_{1};
  Compilation compilation_;
  Value input_;
};

TEST_F(Evaluate, PayloadTemplates) {
  scope_.variables["v"] = Value(5);
  const State& pass = state(
      R"x({"Type":"Pass","End":true,"Parameters":{"a.$":"$.x","b":{"c.$":"$$.Execution.Name","d":[{"e.$":"$v"},1]},
    "f.$":"States.Format('{}', $.x)"}})x");
  EXPECT_EQ(text(pass.parameters->evaluate("Parameters", with(R"({"x":1.0})"))),
            R"({"a":1.0,"b":{"c":"e1","d":[{"e":5},1]},"f":"1.0"})");
  EXPECT_EQ(
      text(pass.parameters->evaluate("Parameters", with(R"({"y": 1})"))),
      R"(States.Runtime: The JSONPath '$.x' specified for the field 'a.$' could not be found in the input '{"y":1}')");
}

TEST_F(Evaluate, Jsonata) {
  scope_.variables["v"] = Value(5);
  const State& pass = state(R"({"Type":"Pass","QueryLanguage":"JSONata","End":true,
    "Output":{"sum":"{% $states.input.x + $v %}","who":["{% $states.context.Execution.Name %}"],"k":1}})");
  EXPECT_EQ(text(pass.output->evaluate("Output", with(R"({"x":2})"))), R"({"sum":7,"who":["e1"],"k":1})");
  const State& undefined =
      state(R"({"Type":"Pass","QueryLanguage":"JSONata","End":true,"Output":{"a":[0,"{% $nothing %}"]}})");
  EXPECT_EQ(text(undefined.output->evaluate("Output", with("{}"))),
            "States.QueryEvaluationError: The JSONata expression '$nothing' specified for the field 'Output/a[1]' "
            "returned nothing "
            "(undefined). @Output/a[1]");
}

TEST_F(Evaluate, Paths) {
  const State& pass = state(R"({"Type":"Pass","InputPath":"$.a.b","OutputPath":null,"ResultPath":"$.r.s","End":true})");
  EXPECT_EQ(text(pass.input_path.evaluate(with(R"({"a":{"b":3}})"))), "3");
  EXPECT_EQ(text(pass.input_path.evaluate(with("{}"))),
            "States.Runtime: Invalid path '$.a.b' : Missing property in path $['a']");
  EXPECT_EQ(text(pass.output_path.evaluate(with("1"))), "{}");
  EXPECT_EQ(text(pass.result_path.apply(json::parse(R"({"a":1})").value(), Value(2))), R"({"a":1,"r":{"s":2}})");
  EXPECT_FALSE(pass.result_path.apply(Value("text"), Value(2)));
  EXPECT_TRUE(state(R"({"Type":"Pass","InputPath":"$","End":true})").input_path.is_whole());
}

TEST_F(Evaluate, Waits) {
  const auto wait = [&](std::string_view field, std::string_view input, std::string_view more = "") {
    return text(state(R"({"Type":"Wait","End":true,)" + std::string(more) + std::string(field) + "}")
                    .as<WaitState>()
                    .evaluate(with(input)));
  };
  EXPECT_EQ(wait(R"("Seconds":3)", "{}"), "1003000");
  EXPECT_EQ(wait(R"("SecondsPath":"$.s")", R"({"s":4})"), "1004000");
  EXPECT_EQ(wait(R"("SecondsPath":"$.s")", R"({"s":1.5})"),
            "States.Runtime: The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5");
  EXPECT_EQ(wait(R"("SecondsPath":"$.s")", R"({"s":-1})"),
            "States.Runtime: The SecondsPath parameter references a negative value: $.s == -1");
  EXPECT_EQ(wait(R"("TimestampPath":"$.t")", R"({"t":"1970-01-01T00:20:00Z"})"), "1200000");
  EXPECT_EQ(wait(R"("TimestampPath":"$.t")", R"({"t":"2016-12-05 21:29:29Z"})"),
            "States.Runtime: The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
            "format string: "
            "$.t == 2016-12-05 21:29:29Z");
  EXPECT_EQ(wait(R"("Timestamp":"{% '2016-12-05T21:29:29' %}")", "{}", R"("QueryLanguage":"JSONata",)"),
            "States.QueryEvaluationError: The Timestamp field cannot be parsed as an ISO-8601 extended offset "
            "date-time format string: "
            "2016-12-05T21:29:29 @Timestamp");
  EXPECT_EQ(wait(R"("Seconds":"{% 2 + 3 %}")", "{}", R"("QueryLanguage":"JSONata",)"), "1005000");
}

TEST_F(Evaluate, Numbers) {
  const auto map = [&](std::string_view field, std::string_view input) {
    const State& compiled =
        state(R"({"Type":"Map","End":true,"ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}},)" +
              std::string(field) + "}");
    const auto& body = compiled.as<MapState>();
    const Environment environment = with(input);
    if (body.concurrency_max.present()) return text(body.concurrency_max.evaluate(environment));
    if (body.tolerated_failure_count.present()) return text(body.tolerated_failure_count.evaluate(environment));
    return text(body.tolerated_failure_percentage.evaluate(environment));
  };
  EXPECT_EQ(map(R"("MaxConcurrencyPath":"$.n")", R"({"n":"1"})"), "1");
  EXPECT_EQ(map(R"("MaxConcurrencyPath":"$.n")", R"({"n":{}})"),
            "States.Runtime: The MaxConcurrencyPath field refers to value \"{}\" which is not a valid integer: $.n");
  EXPECT_EQ(map(R"("ToleratedFailureCountPath":"$.n")", R"({"n":-1})"),
            "States.Runtime: ToleratedFailureCount cannot be negative.");
  EXPECT_EQ(map(R"("ToleratedFailurePercentagePath":"$.n")", R"({"n":100.1})"),
            "States.Runtime: ToleratedFailurePercentage must be between 0 and 100.");
}

TEST_F(Evaluate, Items) {
  const auto items = [&](std::string_view fields, std::string_view input) {
    const State& compiled =
        state(R"({"Type":"Map","End":true,"ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}},)" +
              std::string(fields) + "}");
    return text(compiled.as<MapState>().evaluate_items(with(input)));
  };
  EXPECT_EQ(items(R"("ItemsPath":"$.a")", R"({"a":[1]})"), "[1]");
  EXPECT_EQ(items(R"("ItemsPath":"$$.Execution.Name")", "{}"),
            "States.Runtime: Reference path \"$.Execution.Name\" must point to array.");
  EXPECT_EQ(items(R"("QueryLanguage":"JSONata")", "true"),
            "States.QueryEvaluationError: Map state input must be an array but was: true");
  EXPECT_EQ(items(R"("QueryLanguage":"JSONata","Items":[1,"{% 1 + 1 %}"])", "{}"), "[1,2]");
  EXPECT_EQ(items(R"("QueryLanguage":"JSONata","Items":"{% {'foo': 'bar'} %}")", "{}"),
            "States.QueryEvaluationError: The JSONata expression '{'foo': 'bar'}' specified for the field 'Items' "
            "returned an unexpected "
            "result type. Expected 'array', but was 'object' for value: {\"foo\":\"bar\"} @Items");
}

TEST_F(Evaluate, Choices) {
  const auto holds = [&](std::string_view rule, std::string_view input) {
    const State& choice = state(R"({"Type":"Choice","Choices":[{)" + std::string(rule) + R"(,"Next":"B"}]})");
    return text(choice.as<ChoiceState>().select(with(input)));
  };
  EXPECT_EQ(holds(R"("Variable":"$.v","NumericEquals":1)", R"({"v":1.0})"), "0");
  EXPECT_EQ(holds(R"("Variable":"$.v","NumericEquals":1)", R"({"v":"1"})"), "none");
  EXPECT_EQ(holds(R"("Variable":"$.v","StringMatches":"log-*.tx\\*")", R"({"v":"log-a-b.tx*"})"), "0");
  EXPECT_EQ(
      holds(R"("Variable":"$.v","TimestampLessThan":"2012-10-09T19:00:55Z")", R"({"v":"2012-10-09T19:00:55+01:00"})"),
      "0");
  EXPECT_EQ(holds(R"("Variable":"$.v","TimestampGreaterThanEqualsPath":"$.v")", R"({"v":"date"})"), "none");
  EXPECT_EQ(holds(R"("Variable":"$.v","IsPresent":false)", "{}"), "0");
  EXPECT_EQ(holds(R"("Not":{"Variable":"$.v","IsNull":true})", R"({"v":1})"), "0");
  EXPECT_EQ(
      holds(R"("Or":[{"Variable":"$.v","IsString":true},{"And":[{"Variable":"$.v","IsNumeric":true},{"Variable":"$.v",)"
            R"("NumericGreaterThan":5}]}])",
            R"({"v":6})"),
      "0");
  EXPECT_EQ(holds(R"("Variable":"$.v","IsNull":true)", "{}"),
            "States.Runtime: Invalid path '$.v': The choice state's condition path references an invalid value.");
  const State& jsonata = state(R"({"Type":"Choice","QueryLanguage":"JSONata","Choices":[{"Condition":false,"Next":"B"},
    {"Condition":"{% $states.input.v > 1 %}","Next":"B"},{"Condition":"{% 1 %}","Next":"B"}]})");
  EXPECT_EQ(text(jsonata.as<ChoiceState>().select(with(R"({"v":2})"))), "1");
  EXPECT_EQ(text(jsonata.as<ChoiceState>().select(with(R"({"v":0})"))),
            "States.QueryEvaluationError: The JSONata expression '1' specified for the field 'Choices[2]/Condition' "
            "returned an unexpected "
            "result type. Expected 'boolean', but was 'number' for value: 1 @Choices[2]/Condition");
}

TEST_F(Evaluate, Fails) {
  const State& fail = state(R"x({"Type":"Fail","ErrorPath":"$.e","CausePath":"States.Format('because {}', $.c)"})x");
  EXPECT_EQ(text(fail.as<FailState>().cause.evaluate(with(R"({"c":"x"})"))), "because x");
  EXPECT_EQ(text(fail.as<FailState>().error.evaluate(with(R"({"c":"x"})"))),
            "States.Runtime: The JSONPath '$.e' specified for the field 'ErrorPath' could not be found in the input "
            "'{\"c\":\"x\"}'");
}

TEST(Retry, MatchesAndDelays) {
  EXPECT_TRUE(matches_error({"States.ALL"}, "Boom"));
  EXPECT_TRUE(matches_error({"A", "Boom"}, "Boom"));
  EXPECT_TRUE(matches_error({"States.TaskFailed"}, "Boom"));
  EXPECT_FALSE(matches_error({"States.TaskFailed"}, "States.Timeout"));
  EXPECT_TRUE(matches_error({"States.Timeout"}, "States.HeartbeatTimeout"));
  EXPECT_FALSE(matches_error({"States.ALL", "States.Runtime"}, "States.Runtime"));
  Retrier retrier;
  retrier.interval_seconds = 3;
  EXPECT_DOUBLE_EQ(retry_delay_seconds(retrier, 1), 3);
  EXPECT_DOUBLE_EQ(retry_delay_seconds(retrier, 3), 12);
  retrier.delay_seconds_max = 10;
  EXPECT_DOUBLE_EQ(retry_delay_seconds(retrier, 3), 10);
}

}  // namespace
}  // namespace escapement::asl
