// What is accepted, what is refused, and with which words.
#include <gtest/gtest.h>

#include "asl/compile.h"
#include "json/print.h"

namespace escapement::asl {
namespace {

std::string message_of(std::string_view text, CompileOptions options = {}) {
  const Compilation compilation = compile(text, options);
  return compilation.program ? "ok" : invalid_definition_message(compilation.diagnostics);
}

// The errors of a machine with these states, the first of which is A.
std::string states(std::string_view inside, CompileOptions options = {}) {
  return message_of(R"({"StartAt":"A","States":{)" + std::string(inside) + "}}", options);
}

std::string refused(std::string_view what) { return "Invalid State Machine Definition: '" + std::string(what) + "'"; }

TEST(Compile, RequiredFields) {
  EXPECT_EQ(message_of("{}"), refused("SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt, States] at /"));
  EXPECT_EQ(message_of(R"({"StartAt":"A"})"),
            refused("SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"));
  EXPECT_EQ(states(R"("A":{"Type":"Choice"})"),
            refused("SCHEMA_VALIDATION_FAILED: These fields are required: [Choices] at /States/A"));
  EXPECT_EQ(states(R"("A":{"Type":"Choice","Choices":[{"Variable":"$","StringMatches":"x"}],)"
                   R"("Default":"B"},"B":{"Type":"Succeed"})"),
            refused("SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A/Choices[0]"));
  EXPECT_EQ(
      states(R"("A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f"},)"
             R"("Credentials":{},"End":true})"),
      refused("SCHEMA_VALIDATION_FAILED: The field 'RoleArn' is required but was missing at /States/A/Credentials"));
}

TEST(Compile, TypesAndFields) {
  EXPECT_EQ(states(R"("A":{"Type":"Nope","End":true})"),
            refused("SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, "
                    "Succeed, Fail, "
                    "Choice, Parallel, Map] at /States/A/Type"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","TimeoutSeconds":3,"End":true})"),
            refused("SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/A"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","Output":1,"End":true})"),
            refused("SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only "
                    "supported for the "
                    "'JSONata' QueryLanguage at /States/A"));
  EXPECT_EQ(
      message_of(R"({"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass",)"
                 R"("QueryLanguage":"JSONPath","End":true}}})"),
      refused("SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state "
              "machine at "
              "/States/A"));
  EXPECT_EQ(states(R"("A":{"Type":"Wait","Timestamp":"2016-12-05T21:29:29","End":true})"),
            refused("SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/A/Timestamp"));
  EXPECT_EQ(
      states(
          R"x("A":{"Type":"Choice","Choices":[{"Variable":"States.ArrayLength($.a)","NumericEquals":0,"Next":"B"}]},)x"
          R"("B":{"Type":"Succeed"})"),
      refused("SCHEMA_VALIDATION_FAILED: Value is not a Reference Path: Reference path didn't start with '$' at "
              "/States/A/Choices[0]/Variable"));
}

TEST(Compile, Queries) {
  EXPECT_EQ(states(R"x("A":{"Type":"Pass","Parameters":{"x":{"y.$":"States.Nope()"}},"End":true})x"),
            refused("SCHEMA_VALIDATION_FAILED: The value for the field 'y.$' must be a valid JSONPath or a valid "
                    "intrinsic function "
                    "call at /States/A/Parameters"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","QueryLanguage":"JSONata","Output":{"v":["{% 1 + %}"]},"End":true})"),
            refused("INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output/v[0]"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","QueryLanguage":"JSONata","Output":{"v":"{% phone %}"},"End":true})"),
            refused("UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at "
                    "/States/A/Output/v"));
}

TEST(Compile, Transitions) {
  EXPECT_EQ(states(R"("A":{"Type":"Pass","Next":"C"},"B":{"Type":"Pass","End":true})"),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next, MISSING_TRANSITION_TARGET: "
                    "State \"B\" is "
                    "not reachable. at /States/B"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"})"),
            refused("MISSING_END_STATE: Workflow has no terminal state at null"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Pass","End":true})"),
            refused("MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","Next":"NOPE"})"),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next, MISSING_END_STATE: "
                    "Workflow has no "
                    "terminal state at null"));
  EXPECT_EQ(message_of(R"({"StartAt":"X","States":{"A":{"Type":"Pass","End":true}}})"),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /StartAt, "
                    "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A"));
  EXPECT_EQ(
      states(R"("A":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Pass","Next":"Z"},)"
             R"("E":{"Type":"Succeed"}}}})"),
      refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/A/ItemProcessor/States/B/Next, "
              "MISSING_TRANSITION_TARGET: State \"E\" is not reachable. at /States/A/ItemProcessor/States/E"));
  EXPECT_EQ(
      states(R"("A":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}]})"),
      refused("DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/Branches[0]/States/A"));
}

TEST(Compile, Resources) {
  const auto task = [](std::string_view arn, MachineType type = MachineType::standard) {
    CompileOptions options;
    options.type = type;
    return states(R"("A":{"Type":"Task","End":true,"Resource":")" + std::string(arn) + "\"}", options);
  };
  EXPECT_EQ(task("arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"), "ok");
  EXPECT_EQ(task("arn:aws:states:us-east-1:123456789012:activity:a"), "ok");
  EXPECT_EQ(task("arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken"), "ok");
  EXPECT_EQ(task("arn:aws:states:::dynamodb:query"),
            refused("SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::dynamodb:query is not "
                    "recognized. The value is not "
                    "a valid resource ARN, or the resource is not available in this region. at /States/A/Resource"));
  EXPECT_NE(task("arn:aws:states:::aws-sdk:sqs:sendMessage.sync"), "ok");
  EXPECT_NE(task("createToken"), "ok");
  EXPECT_EQ(
      task("arn:aws:states:us-east-1:123456789012:activity:a", MachineType::express),
      refused("SCHEMA_VALIDATION_FAILED: Express state machine does not support Activity ARN at /States/A/Resource"));
  EXPECT_EQ(task("arn:aws:states:::sns:publish.waitForTaskToken", MachineType::express),
            refused("SCHEMA_VALIDATION_FAILED: Express state machine does not support '.waitForTaskToken' service "
                    "integration  at "
                    "/States/A/Resource"));
  const auto parsed = parse_resource("arn:aws:states:::states:startExecution.sync:2");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->event_resource_type(), "states");
  EXPECT_EQ(parsed->event_resource(), "startExecution.sync:2");
  EXPECT_EQ(parsed->pattern, Resource::Pattern::sync2);
}

TEST(Compile, Syntax) {
  const Compilation compilation = compile("{");
  ASSERT_EQ(compilation.diagnostics.size(), 1u);
  EXPECT_EQ(compilation.diagnostics[0].code, "INVALID_JSON_DESCRIPTION");
  EXPECT_EQ(compilation.program, nullptr);
  EXPECT_EQ(compile("not a definition").diagnostics[0].message,
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
            "'false')\n at "
            "[Source: (String)\"not a definition\"; line: 1, column: 4]");
  EXPECT_NE(message_of("[]"), "ok");
}

TEST(Compile, HostileTexts) {
  std::string deep;
  for (int i = 0; i < 200; ++i)
    deep += R"({"StartAt":"A)" + std::to_string(i) + R"(","States":{"A)" + std::to_string(i) +
            R"(":{"Type":"Map","End":true,"ItemProcessor":)";
  EXPECT_NE(message_of(deep), "ok");
  std::string states_text;
  for (int i = 0; i < 500; ++i)
    states_text += (i > 0 ? "," : "") + std::string("\"S") + std::to_string(i) + R"(":{"Type":"No"})";
  EXPECT_EQ(compile(R"({"StartAt":"S0","States":{)" + states_text + "}}").diagnostics.size(), 100u);
  EXPECT_NE(message_of(std::string(2'000'000, ' ')), "ok");
}

TEST(Compile, FieldsThatAnIntegrationDoesNotHaveAreRefused) {
  EXPECT_EQ(states(R"("A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","End":true,
                       "Parameters":{"StateMachineArn.$":"$.m","Name":"n","Foo.$":"$.f"}})"),
            refused("SCHEMA_VALIDATION_FAILED: The field 'Foo' is not supported by Step Functions at "
                    "/States/A/Parameters"));
  EXPECT_EQ(states(R"("A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true,
                       "Parameters":{"QueueUrl":"q","MessageBody":"b","Foo":1}})"),
            "ok");
}

TEST(Compile, ItemsAreReadAndResultsWrittenByTheActionsForIt) {
  const auto map = [](const std::string& field) {
    return states(R"("A":{"Type":"Map","End":true,)" + field +
                  R"(,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                     "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}})");
  };
  const std::string end = R"(","Parameters":{"Bucket":"b"}})";
  EXPECT_EQ(map(R"("ItemReader":{"Resource":"arn:aws:states:::s3:listObjectsV2)" + end), "ok");
  EXPECT_EQ(map(R"("ResultWriter":{"Resource":"arn:aws:states:::s3:putObject)" + end), "ok");
  for (const char* wrong : {R"("ItemReader":{"Resource":"arn:aws:states:::s3:putObject)",
                            R"("ItemReader":{"Resource":"arn:aws:states:::aws-sdk:s3:getObject)",
                            R"("ResultWriter":{"Resource":"arn:aws:states:::s3:getObject)"}) {
    EXPECT_NE(map(wrong + end).find("is not recognized"), std::string::npos) << wrong;
  }
}

TEST(Compile, WhatWasAcceptedOnceIsNotRefusedByLaterRules) {
  CompileOptions stored;
  stored.accepted = true;
  const std::string inside =
      R"("A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","New":1,"Parameters":{"Foo":1},"End":true,
              "Catch":[{"ErrorEquals":["States.ALL","E"],"Next":"A","Foo":1}]},
         "B":{"Type":"Map","Label":"a b","ResultWriter":{},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED",
              "ExecutionType":"STANDARD"},"StartAt":"C","States":{"C":{"Type":"Pass","End":true}}},"Next":"B"})";
  EXPECT_NE(states(inside), "ok");
  EXPECT_EQ(states(inside, stored), "ok");
  std::string many;
  for (int i = 0; i < 300; ++i) many += ",\"S" + std::to_string(i) + R"(":{"Type":"Pass","End":true})";
  const Compilation all = compile(R"({"StartAt":"A","States":{"A":{"Type":"Pass","End":true})" + many + "}}", stored);
  ASSERT_TRUE(all.program);
  EXPECT_EQ(all.program->states.size(), 301u);
  // What would leave a part of the machine out stays an error.
  EXPECT_NE(states(R"("A":{"Type":"Pass","InputPath":"$.[","End":true})", stored), "ok");
  EXPECT_NE(states(R"("A":{"Type":"Pass","Next":"Q"},"B":{"Type":"Succeed"})", stored), "ok");
  EXPECT_NE(states(R"("A":{"Type":"Task","End":true})", stored), "ok");
}

TEST(Compile, WhatNothingLeadsToIsUnreachable) {
  const auto unreachable = [](const std::string& name) {
    return "MISSING_TRANSITION_TARGET: State \"" + name + "\" is not reachable. at /States/" + name;
  };
  EXPECT_EQ(states(R"("A":{"Type":"Succeed"},"B":{"Type":"Pass","Next":"B"})"), refused(unreachable("B")));
  EXPECT_EQ(states(R"("A":{"Type":"Succeed"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Succeed"})"),
            refused(unreachable("B")));
  EXPECT_EQ(message_of(R"({"StartAt":"Q","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}})"),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: Q at /StartAt, " + unreachable("A")));
  EXPECT_EQ(message_of(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"Q"}}})"),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: Q at /States/A/Next, "
                    "MISSING_END_STATE: Workflow has no terminal state at null"));
}

TEST(Compile, AQueryLanguageThatIsNotJsonPathIsJsonata) {
  EXPECT_EQ(
      states(R"("A":{"Type":"Pass","QueryLanguage":"jsonpath","Output":1,"InputPath":"$.a","End":true})"),
      refused("SCHEMA_VALIDATION_FAILED: The field 'QueryLanguage' should have one of these values: [JSONPath, "
              "JSONata] at /States/A/QueryLanguage, SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to "
              "'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage at /States/A"));
  EXPECT_EQ(states(R"("A":{"Type":"Pass","OutputPath":"a","End":true})"),
            refused("SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/A/OutputPath"));
}

TEST(Compile, SingleState) {
  CompileOptions options;
  options.single_state = true;
  const Compilation compilation = compile(R"({"Type":"Pass","Result":1,"Next":"Elsewhere"})", options);
  ASSERT_TRUE(compilation.program);
  const State& state = compilation.program->states[0];
  EXPECT_EQ(state.next.name, "Elsewhere");
  EXPECT_EQ(state.next.target, kNoState);
  EXPECT_FALSE(state.next.ends());
  EXPECT_EQ(message_of(R"({"Type":"Pass","Foo":1,"End":true})", options),
            refused("SCHEMA_VALIDATION_FAILED: Field 'Foo' is not supported at /"));
  // Only the state itself may lead elsewhere; a whole machine, and what is inside the state, may not.
  EXPECT_EQ(message_of(R"({"StartAt":"Q","States":{"P":{"Type":"Pass","End":true}}})", options),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: Q at /StartAt, "
                    "MISSING_TRANSITION_TARGET: State \"P\" is not reachable. at /States/P"));
  EXPECT_EQ(message_of(R"({"Type":"Map","Next":"Elsewhere","ItemProcessor":{"StartAt":"Q","States":{
              "P":{"Type":"Pass","End":true}}}})",
                       options),
            refused("MISSING_TRANSITION_TARGET: Missing 'Next' target: Q at /ItemProcessor/StartAt, "
                    "MISSING_TRANSITION_TARGET: State \"P\" is not reachable. at /ItemProcessor/States/P"));
}

TEST(Compile, Program) {
  const Compilation compilation = compile(R"({"Comment":"c","StartAt":"P","TimeoutSeconds":9,"States":{
    "P":{"Type":"Parallel","Next":"M","Branches":[{"StartAt":"X","States":{"X":{"Type":"Succeed"}}},
                                                   {"StartAt":"Y","States":{"Y":{"Type":"Fail","ErrorPath":"$err"}}}]},
    "M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrencyPath":"$n","End":true,"Label":"l",
         "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"Z",
                          "States":{"Z":{"Type":"Wait","Seconds":1,"End":true}}}}}})");
  ASSERT_TRUE(compilation.program) << invalid_definition_message(compilation.diagnostics);
  const Program& program = *compilation.program;
  EXPECT_EQ(program.timeout_seconds, 9);
  EXPECT_EQ(program.states.size(), 5u);
  EXPECT_EQ(program.graphs.size(), 4u);
  const State& parallel = program.at(program.machine().start_at);
  EXPECT_EQ(parallel.name, "P");
  EXPECT_EQ(parallel.as<ParallelState>().branches.size(), 2u);
  EXPECT_EQ(program.at(parallel.next.target).name, "M");
  const auto& map = program.at(parallel.next.target).as<MapState>();
  EXPECT_TRUE(map.distributed);
  EXPECT_EQ(map.execution_type, MachineType::express);
  EXPECT_EQ(program.graphs[map.processor].owner, parallel.next.target);
  ASSERT_EQ(program.variable_references.size(), 2u);
  EXPECT_EQ(program.find("Z")->graph, map.processor);
}

TEST(Compile, Warnings) {
  const Compilation compilation =
      compile(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x":"$.y"},"End":true}}})");
  EXPECT_TRUE(compilation.program);
  ASSERT_EQ(compilation.diagnostics.size(), 1u);
  EXPECT_EQ(json::print(*to_json(compilation.diagnostics[0]).find("severity")), "\"WARNING\"");
  EXPECT_EQ(compilation.diagnostics[0].code, "NO_DOLLAR");
}

}  // namespace
}  // namespace escapement::asl
