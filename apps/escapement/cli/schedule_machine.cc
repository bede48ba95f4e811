#include "escapement/cli/schedule_machine.h"

#include "base/digest.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using json::Value;

constexpr std::size_t kNameMax = 80;
constexpr std::size_t kDigestShown = 8;

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

Value run_state(const client::Target& target) {
  if (target.kind == client::TargetKind::machine) {
    return Value::object({{"Type", "Task"},
                          {"Resource", "arn:aws:states:::states:startExecution"},
                          {"Parameters", Value::object({{"StateMachineArn", target.arn}, {"Input.$", "$.input"}})},
                          {"End", true}});
  }
  Value retry =
      Value::object({{"ErrorEquals", Value::array({"Lambda.ServiceException", "Lambda.AWSLambdaException",
                                                   "Lambda.SdkClientException", "Lambda.TooManyRequestsException"})},
                     {"IntervalSeconds", 2},
                     {"MaxAttempts", 6},
                     {"BackoffRate", 2}});
  return Value::object({{"Type", "Task"},
                        {"Resource", "arn:aws:states:::lambda:invoke"},
                        {"Parameters", Value::object({{"FunctionName", target.arn}, {"Payload.$", "$.input"}})},
                        {"OutputPath", "$.Payload"},
                        {"Retry", Value::array({std::move(retry)})},
                        {"End", true}});
}

}  // namespace

std::string schedule_machine_name(const client::Target& target) {
  std::string name = target.kind == client::TargetKind::function ? "schedule-function-" : "schedule-machine-";
  for (const char c : target.name) name += is_name_character(c) ? c : '-';
  if (name.size() > kNameMax) {
    name = name.substr(0, kNameMax - kDigestShown - 1) + '-' + base::sha256_hex(target.name).substr(0, kDigestShown);
  }
  return name;
}

std::string schedule_machine_arn(const client::Target& target) {
  // arn:aws:SERVICE:REGION:ACCOUNT:…
  std::string_view rest = target.arn;
  std::string_view parts[5];
  for (std::string_view& part : parts) {
    const auto colon = rest.find(':');
    if (colon == rest.npos) return {};
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  return "arn:" + std::string(parts[1]) + ":states:" + std::string(parts[3]) + ':' + std::string(parts[4]) +
         ":stateMachine:" + schedule_machine_name(target);
}

std::string schedule_definition(const client::Target& target) {
  const Value by_seconds = Value::object({{"Variable", "$.waitSeconds"}, {"IsPresent", true}, {"Next", "Wait for"}});
  const Value states = Value::object(
      {{"When",
        Value::object({{"Type", "Choice"}, {"Choices", Value::array({by_seconds})}, {"Default", "Wait until"}})},
       {"Wait for", Value::object({{"Type", "Wait"}, {"SecondsPath", "$.waitSeconds"}, {"Next", "Run"}})},
       {"Wait until", Value::object({{"Type", "Wait"}, {"TimestampPath", "$.at"}, {"Next", "Run"}})},
       {"Run", run_state(target)}});
  return json::print_pretty(Value::object(
      {{"Comment", "Kept by `escapement schedule` for " + target.name}, {"StartAt", "When"}, {"States", states}}));
}

}  // namespace escapement::cli
