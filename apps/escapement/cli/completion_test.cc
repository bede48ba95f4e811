#include "escapement/cli/completion.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

namespace escapement::cli {
namespace {

CommandDescription program() {
  CommandDescription list{
      "list", "The newest; of all", {{"--limit", "At most", true, {}}, {"--json", "JSON", false, {}}}, {}, {}};
  CommandDescription group{"executions", "What's running", {}, {}, {list}};
  CommandDescription query{"query", "Evaluate", {}, {"jsonpath", "jsonata"}, {}};
  return {"escapement", "", {{"--help", "Help", false, {}}}, {}, {group, query}};
}

// What bash offers after `line`, whose last word is the one being typed.
std::string bash_offers(const std::string& line) {
  const std::string command = "bash -c '" +
                              [] {
                                std::string script = completion_script("bash", program());
                                std::string quoted;
                                for (const char c : script) c == '\'' ? quoted += "'\\''" : quoted += c;
                                return quoted;
                              }() +
                              "\nCOMP_WORDS=(" + line +
                              "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _escapement; echo \"${COMPREPLY[*]}\"'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string out;
  char buffer[512];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe.get()) != nullptr) out += buffer;
  return out;
}

TEST(Completion, BashOffersCommandsOptionsAndWords) {
  EXPECT_EQ(bash_offers("escapement e"), "executions\n");
  EXPECT_EQ(bash_offers("escapement executions \"\""), "list\n");
  EXPECT_EQ(bash_offers("escapement executions list --"), "--limit --json\n");
  EXPECT_EQ(bash_offers("escapement executions list --limit 5 --j"), "--json\n");
  EXPECT_EQ(bash_offers("escapement query jsonp"), "jsonpath\n");
}

TEST(Completion, OtherShellsNameEveryCommand) {
  for (const char* shell : {"zsh", "fish"}) {
    const std::string script = completion_script(shell, program());
    for (const char* word : {"executions", "list", "query", "limit", "jsonata"})
      EXPECT_NE(script.find(word), script.npos) << shell << ' ' << word;
  }
  EXPECT_EQ(completion_script("tcsh", program()), "");
}

}  // namespace
}  // namespace escapement::cli
