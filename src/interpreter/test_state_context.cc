#include "interpreter/test_state_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "json/parse.h"

namespace escapement::interpreter {

using json::Value;

namespace {

base::Error refused(std::string_view why) {
  return base::make_error(base::ErrorCode::invalid, "ValidationException",
                          fmt::format("Invalid Context object provided: {}", why));
}

// What the context object may hold, by the place of the members.
struct Place {
  std::string_view name;  // "" is the object itself
  std::span<const std::string_view> members;
};

constexpr std::string_view kTop[] = {"Execution", "State", "StateMachine", "Task", "Map"};
constexpr std::string_view kExecution[] = {"Id",        "Input",        "Name",       "RoleArn",
                                           "StartTime", "RedriveCount", "RedriveTime"};
constexpr std::string_view kState[] = {"EnteredTime", "Name", "RetryCount"};
constexpr std::string_view kStateMachine[] = {"Id", "Name"};
constexpr std::string_view kTask[] = {"Token"};
constexpr std::string_view kMap[] = {"Item"};
constexpr std::string_view kItem[] = {"Index", "Value", "Key", "Source"};
constexpr Place kPlaces[] = {{"", kTop},        {"Execution", kExecution},
                             {"State", kState}, {"StateMachine", kStateMachine},
                             {"Task", kTask},   {"Map", kMap},
                             {"Item", kItem}};

base::Result<void> check_members(const Value& object, std::string_view name) {
  const auto* place =
      std::find_if(std::begin(kPlaces), std::end(kPlaces), [&](const Place& p) { return p.name == name; });
  if (place == std::end(kPlaces)) return {};
  if (!object.is_object()) return refused(fmt::format("Field '{}' must be an object", name));
  for (const json::Member& member : object.members()) {
    if (std::find(place->members.begin(), place->members.end(), member.key) == place->members.end()) {
      return refused(fmt::format("Field '{}' is not allowed", member.key));
    }
    ESC_CHECK(check_members(member.value, member.key));
  }
  return {};
}

}  // namespace

ExecutionFacts made_up_execution(const TestStateRequest& request, base::SplitMix& generator, base::Timestamp now) {
  ExecutionFacts facts;
  facts.name = base::seeded_uuid(generator);
  facts.state_machine_name = base::seeded_uuid(generator);
  facts.region = request.region;
  facts.account = request.account;
  facts.arn = fmt::format("arn:aws:states:{}:{}:express:{}:{}", request.region, request.account,
                          facts.state_machine_name, facts.name);
  facts.state_machine_arn =
      fmt::format("arn:aws:states:{}:{}:stateMachine:{}", request.region, request.account, facts.state_machine_name);
  facts.role_arn = request.role_arn.value_or("");
  facts.express = true;
  facts.synchronous = true;
  facts.start_time = now;
  return facts;
}

Value made_up_context(const ExecutionFacts& facts, std::string_view state_name, std::uint32_t retry_count,
                      bool has_role, base::Timestamp now) {
  auto input = facts.input.value();
  json::ObjectBuilder execution;
  execution.set("Id", facts.arn)
      .set("Input", input ? *std::move(input) : Value())
      .set("StartTime", base::to_iso8601(now));
  execution.set("Name", facts.name).set_if(has_role, "RoleArn", facts.role_arn);
  const Value machine = Value::object({{"Id", facts.state_machine_arn}, {"Name", facts.state_machine_name}});
  const Value state = Value::object({{"Name", state_name},
                                     {"EnteredTime", base::to_iso8601(now)},
                                     {"RetryCount", static_cast<std::int64_t>(retry_count)}});
  return Value::object({{"Execution", std::move(execution).build()}, {"StateMachine", machine}, {"State", state}});
}

base::Result<Value> parse_context(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return refused("Context must be a valid JSON object");
  ESC_CHECK(check_members(*value, ""));
  return *std::move(value);
}

}  // namespace escapement::interpreter
