// Distributed Maps from the API's point of view.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/codec.h"
#include "services/states/testing.h"

namespace escapement::services::states::testing {
namespace {

using ::testing::HasSubstr;

// `more` are members of the Map state beside its processor; `states` those of the processor.
std::string distributed(std::string_view more, std::string_view states, std::string_view type = "STANDARD") {
  return R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true)" + std::string(more) +
         R"(,"ItemProcessor":{"ProcessorConfig":{)" + R"("Mode":"DISTRIBUTED","ExecutionType":")" + std::string(type) +
         R"("},"StartAt":"S","States":)" + std::string(states) + "}}}}";
}

constexpr std::string_view kPassItems = R"({"S":{"Type":"Pass","End":true}})";
constexpr std::string_view kWaitItems = R"({"S":{"Type":"Wait","Seconds":5,"End":true}})";
// Fails for every item that is a text.
constexpr std::string_view kPickyItems =
    R"({"S":{"Type":"Choice","Choices":[{"Variable":"$","IsString":true,"Next":"F"}],"Default":"P"},
  "F":{"Type":"Fail","Error":"E"},"P":{"Type":"Pass","End":true}})";

std::string text_at(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  return found && found->is_string() ? found->as_string() : "(absent)";
}

class MapRunsTest : public StatesTest {
 protected:
  json::Value only_run(std::string_view execution) {
    const json::Value listed = must("ListMapRuns", json::Value::object({{"executionArn", execution}}));
    EXPECT_EQ(listed.find("mapRuns")->size(), 1u);
    const json::Value arn = *(*listed.find("mapRuns"))[0].find("mapRunArn");
    return must("DescribeMapRun", json::Value::object({{"mapRunArn", arn}}));
  }
  std::int64_t count(const json::Value& run, std::string_view state) {
    return run.find("itemCounts")->find(state)->as_int64();
  }
  // How many children of the run are in `status`.
  std::size_t children(const json::Value& run, std::string_view status) {
    return must("ListExecutions",
                json::Value::object({{"mapRunArn", text_at(run, "mapRunArn")}, {"statusFilter", status}}))
        .find("executions")
        ->size();
  }
};

TEST_F(MapRunsTest, ResultsComeInTheOrderOfTheItems) {
  const std::string execution = start(create_machine("m", distributed("", kPassItems)), "[3, 1, 2]");
  EXPECT_EQ(text_at(describe(execution), "output"), "[3,1,2]");
  EXPECT_EQ(event_types(execution),
            "ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded "
            "MapStateExited ExecutionSucceeded");
  const json::Value run = only_run(execution);
  EXPECT_EQ(text_at(run, "status"), "SUCCEEDED");
  EXPECT_EQ(count(run, "succeeded"), 3);
  EXPECT_EQ(children(run, "SUCCEEDED"), 3u);
  EXPECT_THAT(text_at(run, "mapRunArn"), HasSubstr(":mapRun:m/"));
  const json::Value listed = must("ListExecutions", json::Value::object({{"mapRunArn", text_at(run, "mapRunArn")}}));
  const json::Value child = describe(text_at((*listed.find("executions"))[0], "executionArn"));
  EXPECT_EQ(text_at(child, "mapRunArn"), text_at(run, "mapRunArn"));
  EXPECT_THAT(text_at(child, "executionArn"), HasSubstr(":execution:m/"));
}

TEST_F(MapRunsTest, NoItemsAndExpressChildrenWork) {
  EXPECT_EQ(text_at(describe(start(create_machine("none", distributed("", kPassItems)), "[]")), "output"), "[]");
  EXPECT_EQ(
      text_at(describe(start(create_machine("express", distributed("", kPassItems, "EXPRESS")), "[1,2]")), "output"),
      "[1,2]");
}

TEST_F(MapRunsTest, OnlySoManyChildrenRunAtOnce) {
  const std::string execution =
      start(create_machine("m", distributed(R"(,"MaxConcurrency":2)", kWaitItems)), "[1,2,3]");
  json::Value run = only_run(execution);
  EXPECT_EQ(count(run, "running"), 2);
  EXPECT_EQ(count(run, "pending"), 1);
  must("UpdateMapRun", json::Value::object({{"mapRunArn", text_at(run, "mapRunArn")}, {"maxConcurrency", 3}}));
  EXPECT_EQ(count(only_run(execution), "running"), 3);
  advance(base::Duration::seconds(5));
  EXPECT_EQ(status(execution), "SUCCEEDED");
  EXPECT_THAT(
      error("UpdateMapRun", json::Value::object({{"mapRunArn", text_at(run, "mapRunArn")}, {"maxConcurrency", 3}})),
      HasSubstr("ValidationException"));
}

TEST_F(MapRunsTest, TooManyFailuresEndTheRunAndFewAreTolerated) {
  const std::string strict = start(create_machine("strict", distributed("", kPickyItems)), R"([1,"x",2])");
  EXPECT_EQ(text_at(describe(strict), "error"), "States.ExceedToleratedFailureThreshold");
  EXPECT_EQ(text_at(only_run(strict), "status"), "FAILED");
  const std::string lax =
      start(create_machine("lax", distributed(R"(,"ToleratedFailureCount":1)", kPickyItems)), R"([1,"x",2])");
  EXPECT_EQ(text_at(describe(lax), "output"), "[1,2]");
  EXPECT_EQ(count(only_run(lax), "failed"), 1);
}

TEST_F(MapRunsTest, BatchesAndSelectorsMakeTheChildrensInputs) {
  const std::string batches =
      create_machine("b", distributed(R"(,"ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"k":1}})", kPassItems));
  EXPECT_EQ(text_at(describe(start(batches, "[1,2,3]")), "output"),
            R"([{"BatchInput":{"k":1},"Items":[1,2]},{"BatchInput":{"k":1},"Items":[3]}])");
  const std::string selected = create_machine(
      "s", distributed(R"(,"ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value"})", kPassItems));
  EXPECT_EQ(text_at(describe(start(selected, "[7]")), "output"), R"([{"i":0,"v":7}])");
}

TEST_F(MapRunsTest, ARunGoesOnAfterARestart) {
  const std::string execution =
      start(create_machine("m", distributed(R"(,"MaxConcurrency":1)", kWaitItems)), "[1,2,3]");
  advance(base::Duration::seconds(5));
  EXPECT_EQ(count(only_run(execution), "succeeded"), 1);
  clock.advance(base::Duration::seconds(1));
  reopen();
  const json::Value run = only_run(execution);
  EXPECT_EQ(text_at(run, "status"), "RUNNING");
  EXPECT_EQ(count(run, "succeeded"), 1);
  advance(base::Duration::seconds(5));
  advance(base::Duration::seconds(5));
  EXPECT_EQ(text_at(describe(execution), "output"), "[1,2,3]");
  EXPECT_EQ(children(run, "SUCCEEDED"), 3u);
}

TEST_F(MapRunsTest, StoppingTheParentStopsTheChildren) {
  const std::string execution = start(create_machine("m", distributed("", kWaitItems)), "[1,2]");
  must("StopExecution", json::Value::object({{"executionArn", execution}}));
  const json::Value run = only_run(execution);
  EXPECT_EQ(text_at(run, "status"), "ABORTED");
  EXPECT_EQ(children(run, "ABORTED"), 2u);
  EXPECT_EQ(count(run, "aborted"), 2);
}

// Hears nothing, as a process that dies right after a commit.
struct Deaf final : engine::EffectSink {
  void dispatch(engine::TaskDispatch) override {}
  void cancel(const engine::TaskKey&) override {}
  void child_ended(engine::ChildEnded, std::move_only_function<void()>) override {}
  void stop_child(engine::ChildToStop, std::move_only_function<void()>) override {}
};

TEST_F(MapRunsTest, ARunWhoseParentWasStoppedBeforeACrashIsAbortedAfterIt) {
  const std::string execution = start(create_machine("m", distributed("", kWaitItems)), "[1,2]");
  clock.advance(base::Duration::seconds(1));
  service.reset();
  Deaf deaf;
  engine = *engine::Engine::open(*store, clock, *directory, deaf, {.partitions = 8});
  engine->submit(*engine->reader().find(execution), interpreter::Stop{}, nullptr);
  run();
  reopen();
  const json::Value run = only_run(execution);
  EXPECT_EQ(text_at(run, "status"), "ABORTED");
  EXPECT_EQ(children(run, "ABORTED"), 2u);
}

TEST_F(MapRunsTest, ARedriveRunsTheUnsuccessfulChildrenAgain) {
  const std::string machine = create_machine(
      "m",
      distributed("",
                  R"({"S":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true}})"));
  bool broken = true;
  functions.script = [&](const functions::InvokeRequest& request) -> base::Result<functions::InvokeResult> {
    if (broken && request.payload == "2")
      return functions::InvokeResult{R"({"errorType":"E"})", "Unhandled", "$LATEST", ""};
    return functions::InvokeResult{request.payload, "", "$LATEST", ""};
  };
  const std::string execution = start(machine, "[1,2,3]");
  EXPECT_EQ(status(execution), "FAILED");
  broken = false;
  functions.invocations.clear();
  must("RedriveExecution", json::Value::object({{"executionArn", execution}}));
  EXPECT_EQ(text_at(describe(execution), "output"), "[1,2,3]");
  const json::Value run = only_run(execution);
  EXPECT_EQ(run.find("redriveCount")->as_int64(), 1);
  EXPECT_EQ(text_at(run, "status"), "SUCCEEDED");
  for (const auto& invocation : functions.invocations) EXPECT_NE(invocation.payload, "1");
}

TEST_F(MapRunsTest, ChildrenThatFailAgainAfterARedriveEndTheRunAgain) {
  constexpr std::string_view kFailOnOne = R"({"S":{"Type":"Choice","Default":"Good","Choices":[
    {"Variable":"$","NumericEquals":1,"Next":"Bad"}]},"Good":{"Type":"Succeed"},"Bad":{"Type":"Fail","Error":"X"}})";
  const std::string execution = start(
      create_machine("m", distributed(R"(,"MaxConcurrency":2,"ToleratedFailureCount":1)", kFailOnOne)), "[0,1,2,1,3]");
  EXPECT_EQ(status(execution), "FAILED");
  must("RedriveExecution", json::Value::object({{"executionArn", execution}}));
  EXPECT_EQ(status(execution), "FAILED");
  const json::Value run = only_run(execution);
  EXPECT_EQ(text_at(run, "status"), "FAILED");
  EXPECT_EQ(count(run, "failed"), 2);
  EXPECT_EQ(count(run, "succeeded"), 3);
  const json::Value redriven = must(
      "ListExecutions", json::Value::object({{"mapRunArn", text_at(run, "mapRunArn")}, {"redriveFilter", "REDRIVEN"}}));
  const json::Value& children = *redriven.find("executions");
  ASSERT_EQ(children.size(), 2u);
  EXPECT_THAT(text_at(children[0], "stateMachineArn"), HasSubstr(":stateMachine:m/"));
  EXPECT_NE(children[0].find("redriveDate"), nullptr);
}

TEST_F(MapRunsTest, TheRecordOfARunGoesWithItsExecution) {
  const std::string execution = start(create_machine("m", distributed("", kPassItems)), "[1]");
  const std::string arn = text_at(only_run(execution), "mapRunArn");
  advance(base::Duration::seconds(91 * 86'400));
  reopen();
  EXPECT_THAT(error("DescribeMapRun", json::Value::object({{"mapRunArn", arn}})), HasSubstr("ResourceNotFound"));
}

TEST_F(MapRunsTest, ManyItemsAreNoTrouble) {
  std::string items = "[0";
  for (int i = 1; i < 30'000; ++i) items += ",0";
  const std::string execution = start(create_machine("m", distributed("", kPassItems)), items + "]");
  EXPECT_EQ(status(execution), "SUCCEEDED");
  EXPECT_EQ(count(only_run(execution), "succeeded"), 30'000);
}

class BucketTest : public MapRunsTest {
 protected:
  BucketTest() {
    std::filesystem::create_directories(folder);
    objects = std::make_unique<connectors::FolderObjects>(
        std::map<std::string, std::filesystem::path, std::less<>>{{"b", folder}}, connectors::FolderObjects::Options());
    reopen();
  }
  ~BucketTest() override { std::filesystem::remove_all(folder); }
  void put(std::string_view key, std::string_view content) { ASSERT_TRUE(objects->write("b", key, content)); }
  std::string output_of_reading(std::string_view config, std::string_view action = "getObject") {
    const std::string reader = R"(,"ItemReader":{"Resource":"arn:aws:states:::s3:)" + std::string(action) + R"(",)" +
                               std::string(config) + R"("Parameters":{"Bucket":"b","Key":"k","Prefix":""}})";
    const json::Value described =
        describe(start(create_machine("m" + std::to_string(++machines), distributed(reader, kPassItems))));
    return text_at(described, described.find("output") ? "output" : "cause");
  }
  int machines = 0;
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("escapement-bucket-" + std::to_string(::getpid()));
};

TEST_F(BucketTest, ItemsComeFromObjects) {
  put("k", "a,b\n1,\"x, \"\"y\"\"\"\n2\n,,,\n");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"},)"),
            R"([{"a":"1","b":"x, \"y\""},{"a":"2","b":""},{"a":"","b":""}])");
  EXPECT_EQ(
      output_of_reading(R"("ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["h","h"]},)"),
      "CSV headers cannot contain duplicates.");
  put("k", "{\"a\":1}\n\n{\"a\":2}\n");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"InputType":"JSONL"},)"), R"([{"a":1},{"a":2}])");
  put("k", R"([1, [2]])");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"InputType":"JSON","MaxItems":1},)"), "[1]");
  put("k", R"({"a":1})");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"InputType":"JSON"},)"), "Attempting to map over non-iterable node.");
  put("z/y", "12");
  EXPECT_THAT(output_of_reading("", "listObjectsV2"),
              ::testing::MatchesRegex(R"(\[\{.*"Key":"k".*\},\{.*"Key":"z/y".*"Size":2,.*\}\])"));
}

TEST_F(BucketTest, ListedObjectsAreLoadedAndManifestsFollowed) {
  put("1.jsonl", "{\"a\":1}\n{\"a\":2}");
  put("2.jsonl", "{\"a\":3}\n");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"Transformation":"LOAD_AND_FLATTEN","InputType":"JSONL"},)",
                              "listObjectsV2"),
            R"([{"a":1},{"a":2},{"a":3}])");
  EXPECT_EQ(
      output_of_reading(R"("ReaderConfig":{"Transformation":"LOAD_AND_FLATTEN","InputType":"JSONL","MaxItems":1},)",
                        "listObjectsV2"),
      R"([{"a":1}])");
  put("k", "s3://b/2.jsonl\n\"s3://b/1.jsonl\"\n");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"ManifestType":"ATHENA_DATA","InputType":"JSONL"},)"),
            R"([{"a":3},{"a":1},{"a":2}])");
  put("k", "2.jsonl");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"ManifestType":"ATHENA_DATA","InputType":"JSONL"},)"),
            "Line 1 of the manifest is not the address of an object.");

  put("list.csv", "\"src\",\"a/b.csv\",\"12\"\n\"src\",\"c\",\"0\"\n");
  // "x\n" and then "y\n", each packed by gzip.
  put("list.csv.gz", base::from_base64("H4sIAAAAAAACA6vgAgAfCOpGAgAAAB+LCAAAAAAAAgOr5AIAXjnxXwIAAAA=").value_or(""));
  put("k", R"({"destinationBucket":"arn:aws:s3:::b","fileFormat":"CSV","fileSchema":"Bucket, Key, Size",
               "files":[{"key":"list.csv"},{"key":"list.csv.gz"}]})");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"InputType":"MANIFEST"},)"),
            R"([{"Bucket":"src","Key":"a/b.csv","Size":"12"},{"Bucket":"src","Key":"c","Size":"0"},)"
            R"({"Bucket":"x","Key":"","Size":""},{"Bucket":"y","Key":"","Size":""}])");
  put("k", R"({"fileFormat":"ORC","files":[]})");
  EXPECT_EQ(output_of_reading(R"("ReaderConfig":{"InputType":"MANIFEST"},)"),
            "Inventories in the format 'ORC' are not supported");
}

TEST_F(BucketTest, TheWritersFormIsKept) {
  const auto output_of = [&](std::string_view config, std::string_view input) {
    const std::string fields = R"(,"ToleratedFailureCount":1,"ResultWriter":)" + std::string(config);
    return text_at(
        describe(start(create_machine("w" + std::to_string(++machines), distributed(fields, kPickyItems)), input)),
        "output");
  };
  EXPECT_EQ(output_of(R"({"WriterConfig":{"Transformation":"COMPACT","OutputType":"JSON"}})", "[1,2]"), "[1,2]");
  EXPECT_THAT(output_of(R"({"WriterConfig":{"Transformation":"NONE","OutputType":"JSON"}})", "[1]"),
              ::testing::HasSubstr(R"("Output":"1")"));
  EXPECT_THAT(output_of(R"({"WriterConfig":{"Transformation":"COMPACT","OutputType":"JSON"}})", R"([1,"x"])"),
              ::testing::MatchesRegex(R"(\[1,\{.*"Status":"FAILED".*\}\])"));

  const std::string machine = create_machine(
      "f",
      distributed(
          R"(,"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b","Prefix":"out"},
             "WriterConfig":{"Transformation":"FLATTEN","OutputType":"JSONL"}})",
          kPassItems));
  const auto output = json::parse(text_at(describe(start(machine, R"([[1,[2]],[],{"a":3}])")), "output"));
  ASSERT_TRUE(output);
  const auto manifest =
      json::parse(objects->read("b", text_at(*output->find("ResultWriterDetails"), "Key")).value_or(""));
  ASSERT_TRUE(manifest);
  const std::string key = text_at((*manifest->find("ResultFiles")->find("SUCCEEDED"))[0], "Key");
  EXPECT_TRUE(key.ends_with("SUCCEEDED_0.jsonl"));
  std::string lines = objects->read("b", key).value_or("");
  EXPECT_THAT(lines, ::testing::AllOf(::testing::HasSubstr("1\n[2]"), ::testing::HasSubstr(R"({"a":3})")));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
}

TEST_F(BucketTest, ResultsGoToObjects) {
  const std::string machine = create_machine(
      "m",
      distributed(
          R"(,"ToleratedFailureCount":1,"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b","Prefix":"out"}})",
          kPickyItems));
  const auto output = json::parse(text_at(describe(start(machine, R"([1,"x"])")), "output"));
  ASSERT_TRUE(output);
  const std::string key = text_at(*output->find("ResultWriterDetails"), "Key");
  const auto manifest = json::parse(objects->read("b", key).value_or(""));
  ASSERT_TRUE(manifest);
  const json::Value* succeeded = manifest->find("ResultFiles")->find("SUCCEEDED");
  const auto children_written = json::parse(objects->read("b", text_at((*succeeded)[0], "Key")).value_or(""));
  ASSERT_TRUE(children_written);
  ASSERT_EQ(children_written->size(), 1u);
  EXPECT_EQ(text_at((*children_written)[0], "Output"), "1");
  EXPECT_EQ(manifest->find("ResultFiles")->find("FAILED")->size(), 1u);
}

TEST_F(BucketTest, KeysDoNotLeaveTheFolder) {
  std::ofstream(folder.string() + "-secret") << "secret";
  const std::string name = folder.filename().string();
  std::filesystem::create_symlink(folder.string() + "-secret", folder / "link");
  for (const std::string& key :
       std::vector<std::string>{"../" + name + "-secret", "link", "/etc/passwd", "a/../../" + name + "-secret", ""}) {
    EXPECT_FALSE(objects->read("b", key)) << key;
  }
  EXPECT_FALSE(objects->write("b", "../x", "y"));
  std::filesystem::remove(folder.string() + "-secret");
}

}  // namespace
}  // namespace escapement::services::states::testing
