#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "escapement/cli/commands.h"
#include "escapement/client/function_deployment.h"
#include "escapement/client/function_folder.h"
#include "escapement/client/resources.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

namespace fs = std::filesystem;
using json::Value;

struct Deployed {
  std::string kind;
  std::string name;
  std::string arn;
  std::string role_arn;
  std::string outcome;
};

struct Assignment {
  std::string name;
  std::string value;
};

base::Result<Assignment> parse_assignment(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == text.npos)
    return base::make_error(base::ErrorCode::invalid, "\"" + text + "\" is not NAME=VALUE");
  return Assignment{text.substr(0, equals), text.substr(equals + 1)};
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Puts values where the definition says ${NAME} or <NAME>. A value "function:NAME" stands for that function's ARN.
base::Result<void> substitute(client::Api& api, std::string& definition,
                              const std::vector<std::string>& substitutions) {
  for (const std::string& text : substitutions) {
    ESC_TRY(Assignment assignment, parse_assignment(text));
    if (assignment.value.starts_with("function:") || assignment.value.starts_with("machine:")) {
      ESC_TRY(client::Target target, client::find_target(api, assignment.value));
      assignment.value = std::move(target.arn);
    }
    std::string quoted;
    json::print_string_to(quoted, assignment.value);
    quoted = quoted.substr(1, quoted.size() - 2);
    if (definition.find("${" + assignment.name + '}') == definition.npos &&
        definition.find('<' + assignment.name + '>') == definition.npos) {
      return base::make_error(
          base::ErrorCode::invalid,
          fmt::format("the definition has no ${{{0}}} and no <{0}> to put a value in", assignment.name));
    }
    replace_all(definition, "${" + assignment.name + '}', quoted);
    replace_all(definition, '<' + assignment.name + '>', quoted);
  }
  return {};
}

// "hello.asl.json" -> "hello"; a folder's own name.
std::string name_from(const fs::path& path) {
  std::string name = fs::absolute(path).lexically_normal().filename().string();
  if (name.empty()) name = fs::absolute(path).lexically_normal().parent_path().filename().string();
  if (fs::is_regular_file(path)) {
    for (const std::string_view ending : {".asl.json", ".json", ".asl", ".js", ".mjs", ".cjs", ".py", ".zip"}) {
      if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
    }
  }
  return name;
}

std::string role_name(const std::string& kind, const std::string& name) { return (kind + "-" + name).substr(0, 64); }

base::Result<Deployed> deploy_machine(client::Api& api, const DeployOptions& options, const std::string& name) {
  std::ifstream file(options.path, std::ios::binary);
  std::string definition{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return base::make_error(base::ErrorCode::io, "cannot read " + options.path);
  ESC_CHECK(substitute(api, definition, options.substitutions));
  auto parsed = json::parse(definition);
  if (!parsed) return base::with_context(options.path + " is not JSON", std::move(parsed).error());
  Deployed deployed{"state machine", name, {}, options.role, {}};
  if (deployed.role_arn.empty()) {
    ESC_TRY(const std::string account, api.account());
    ESC_TRY(deployed.role_arn, client::ensure_role(api, role_name("states", name), "states.amazonaws.com",
                                                   client::permissions_of(*parsed, account, api.access().region)));
  }
  auto put = client::put_machine(api, {name, definition, deployed.role_arn, options.type});
  if (!put) return base::with_context(options.path, std::move(put).error());
  deployed.arn = std::move(put->arn);
  deployed.outcome = put->created ? "created" : "updated";
  return deployed;
}

base::Result<Deployed> deploy_function(client::Api& api, const DeployOptions& options, const std::string& name) {
  ESC_TRY(const std::vector<client::ArchiveEntry> entries, client::list_entries(options.path));
  client::FunctionKind kind{options.runtime, options.handler};
  if (kind.runtime.empty() || kind.handler.empty()) {
    ESC_TRY(client::FunctionKind detected, client::detect_function(entries));
    if (kind.runtime.empty()) kind.runtime = std::move(detected.runtime);
    if (kind.handler.empty()) kind.handler = std::move(detected.handler);
  }
  client::FunctionSpec spec{name, kind.runtime,      kind.handler,      options.role,
                            {},   options.timeout_s, options.memory_mb, {}};
  ESC_TRY(spec.archive, client::pack(entries));
  for (const std::string& text : options.environment) {
    ESC_TRY(Assignment assignment, parse_assignment(text));
    spec.environment[assignment.name] = std::move(assignment.value);
  }
  if (spec.role_arn.empty()) {
    const client::Permission logs{"logs:*", {"*"}};
    ESC_TRY(spec.role_arn, client::ensure_role(api, role_name("function", name), "lambda.amazonaws.com", {logs}));
  }
  ESC_TRY(client::FunctionDeployment put, client::put_function(api, spec));
  using Outcome = client::FunctionDeployment::Outcome;
  const char* outcome = put.outcome == Outcome::created   ? "created"
                        : put.outcome == Outcome::updated ? "updated"
                                                          : "unchanged";
  return Deployed{fmt::format("function ({}, {})", kind.runtime, kind.handler), name, std::move(put.arn), spec.role_arn,
                  outcome};
}

bool is_definition(const fs::path& path) {
  const std::string name = path.filename().string();
  return fs::is_regular_file(path) && (name.ends_with(".json") || name.ends_with(".asl"));
}

}  // namespace

int deploy(const CommonOptions& common, const DeployOptions& options) {
  std::error_code error;
  if (!fs::exists(options.path, error)) {
    return report(base::make_error(base::ErrorCode::not_found, "there is no file or folder " + options.path));
  }
  auto api = connect(common);
  if (!api) return report(api.error());
  const std::string name = options.name.empty() ? name_from(options.path) : options.name;
  const auto deployed =
      is_definition(options.path) ? deploy_machine(**api, options, name) : deploy_function(**api, options, name);
  if (!deployed) return report(deployed.error());
  if (common.json) {
    print(json::print(Value::object({{"name", deployed->name},
                                     {"arn", deployed->arn},
                                     {"roleArn", deployed->role_arn},
                                     {"outcome", deployed->outcome}})) +
          '\n');
    return kExitOk;
  }
  const Terminal terminal = Terminal::of(1);
  print(fmt::format("{} {} {}\n  {}\n  role {}\n", terminal.styled(Style::green, deployed->outcome), deployed->kind,
                    terminal.styled(Style::bold, deployed->name), deployed->arn, deployed->role_arn));
  return kExitOk;
}

}  // namespace escapement::cli
