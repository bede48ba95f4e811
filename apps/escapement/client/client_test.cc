#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "escapement/client/access.h"
#include "escapement/client/api.h"
#include "escapement/client/archive.h"
#include "escapement/client/definition_policy.h"
#include "escapement/client/function_folder.h"
#include "json/parse.h"

namespace escapement::client {
namespace {

AccessSources sources(std::map<std::string, std::string> environment,
                      std::map<std::string, std::string> url_by_data_dir) {
  return {[environment](const char* name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
          },
          [url_by_data_dir](const std::string& data_dir) -> std::optional<StoredAccess> {
            const auto found = url_by_data_dir.find(data_dir);
            if (found == url_by_data_dir.end()) return std::nullopt;
            return StoredAccess{found->second, "eu-west-1", {"STORED", "stored-secret", ""}};
          }};
}

const std::map<std::string, std::string> kKeys = {{"AWS_ACCESS_KEY_ID", "ENV"},
                                                  {"AWS_SECRET_ACCESS_KEY", "env-secret"}};

TEST(FindAccess, PrefersWhatWasSaidMostPlainly) {
  auto environment = kKeys;
  environment["AWS_ENDPOINT_URL"] = "http://env:1";
  const auto all = sources(environment, {{"./data", "http://stored:1"}, {"/d", "http://d:1"}});
  EXPECT_EQ(find_access({"http://said:1/", "/d", ""}, all)->url, "http://said:1");
  EXPECT_EQ(find_access({"", "/d", ""}, all)->url, "http://d:1");
  EXPECT_EQ(find_access({}, all)->url, "http://env:1");
  EXPECT_EQ(find_access({}, sources(kKeys, {{"./data", "http://stored:1"}}))->url, "http://stored:1");
}

TEST(FindAccess, UsesTheKeysThatBelongToTheServer) {
  auto environment = kKeys;
  const auto stored = sources(environment, {{"./data", "http://stored:1"}});
  EXPECT_EQ(find_access({}, stored)->credentials.access_key_id, "STORED");
  EXPECT_EQ(find_access({"http://said:1", "", ""}, stored)->credentials.access_key_id, "ENV");
  EXPECT_EQ(
      find_access({"http://said:1", "", ""}, sources({}, {{"./data", "http://stored:1"}}))->credentials.access_key_id,
      "STORED");
}

TEST(FindAccess, SaysWhatIsMissing) {
  EXPECT_FALSE(find_access({}, sources({}, {})));
  EXPECT_FALSE(find_access({"", "/nowhere", ""}, sources(kKeys, {{"./data", "http://stored:1"}})));
  EXPECT_FALSE(find_access({"http://said:1", "", ""}, sources({}, {})));
}

TEST(FindAccess, ChoosesTheRegion) {
  const std::map<std::string, std::string> stored = {{"./data", "http://stored:1"}};
  EXPECT_EQ(find_access({}, sources({}, stored))->region, "eu-west-1");
  EXPECT_EQ(find_access({}, sources({{"AWS_REGION", "ap-south-1"}}, stored))->region, "ap-south-1");
  EXPECT_EQ(find_access({"", "", "us-west-2"}, sources({{"AWS_REGION", "ap-south-1"}}, stored))->region, "us-west-2");
}

TEST(XmlText, FindsTheFirstAndResolvesEntities) {
  EXPECT_EQ(xml_text("<A><Arn>x&amp;y</Arn><Arn>z</Arn></A>", "Arn"), "x&y");
  EXPECT_EQ(xml_text("<A></A>", "Arn"), "");
  EXPECT_EQ(xml_text("<Arn>broken", "Arn"), "");
}

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "escapement-client-test-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text, bool executable = false) const {
    const std::filesystem::path file = path_ + '/' + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    if (executable)
      std::filesystem::permissions(file, std::filesystem::perms::owner_exec, std::filesystem::perm_options::add);
  }
  base::Result<FunctionKind> detect() const { return detect_function(list_entries(path_).value()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(DetectFunction, KnowsTheRuntimes) {
  Folder node, sdk2, python, custom, named;
  node.write("index.mjs", "export const handler = async () => 1");
  sdk2.write("index.js", "const aws = require('aws-sdk');");
  python.write("lambda_function.py", "def lambda_handler(event, context):\n  pass\n");
  custom.write("bootstrap", "#!/bin/sh\n", true);
  named.write("resize.py", "def handler(event, context): pass");
  EXPECT_EQ(node.detect()->runtime, "nodejs20.x");
  EXPECT_EQ(sdk2.detect()->runtime, "nodejs16.x");
  EXPECT_EQ(python.detect()->handler, "lambda_function.lambda_handler");
  EXPECT_EQ(custom.detect()->runtime, "provided.al2023");
  EXPECT_EQ(named.detect()->handler, "resize.handler");
}

TEST(DetectFunction, RefusesWhatCannotRun) {
  Folder nothing, two, not_executable;
  nothing.write("README.md", "hello");
  two.write("a.js", "");
  two.write("b.js", "");
  not_executable.write("bootstrap", "#!/bin/sh\n");
  EXPECT_FALSE(nothing.detect());
  EXPECT_FALSE(two.detect());
  EXPECT_FALSE(not_executable.detect());
}

TEST(Archive, IsTheSameForTheSameFiles) {
  Folder a, b;
  for (const Folder* folder : {&a, &b}) {
    folder->write("index.js", "exports.handler = 1");
    folder->write("lib/x.js", "1");
    folder->write(".git/config", "secret");
  }
  const auto entries = list_entries(a.path());
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[1].name, "lib/x.js");
  const auto one = pack(*entries);
  const auto two = pack(list_entries(b.path()).value());
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(one->starts_with("PK"));
  EXPECT_EQ(*one, *two);
  EXPECT_EQ(one->find("secret"), one->npos);
}

TEST(PermissionsOf, ReadsThemOffTheDefinition) {
  const auto definition = json::parse(R"({"States":{
    "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"arn:aws:lambda:us-east-1:1:function:f:$LATEST"}},
    "B":{"Type":"Map","ItemProcessor":{"States":{"C":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName.$":"$.f"}}}}},
    "D":{"Type":"Parallel","Branches":[{"States":{"E":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sfn:stopExecution"}}}]},
    "F":{"Type":"Task","Resource":"arn:aws:states:us-east-1:1:activity:a"}}})");
  ASSERT_TRUE(definition);
  const std::vector<Permission> expected = {
      {"lambda:InvokeFunction", {"*"}},
      {"lambda:InvokeFunction", {"arn:aws:lambda:us-east-1:1:function:f", "arn:aws:lambda:us-east-1:1:function:f:*"}},
      {"states:StopExecution", {"*"}}};
  EXPECT_EQ(permissions_of(*definition, "1", "us-east-1"), expected);
}

}  // namespace
}  // namespace escapement::client
