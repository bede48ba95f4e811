#include "connectors/nested_executions.h"

#include <fmt/format.h>

#include "connectors/sdk_result.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;

std::string input_of(const json::Value& parameters) {
  const json::Value* input = parameters.find("Input");
  if (!input || input->is_null()) return "{}";
  return input->is_string() ? input->as_string() : json::print(*input);
}

engine::ParentLink link_of(const interpreter::TaskRequest& request) {
  if (request.pattern != interpreter::TaskPattern::sync) return engine::ParentLink::none;
  return request.sync_as_json ? engine::ParentLink::sync2 : engine::ParentLink::sync;
}

std::string_view status_name(interpreter::Status status) {
  switch (status) {
    case interpreter::Status::running:
      return "RUNNING";
    case interpreter::Status::succeeded:
      return "SUCCEEDED";
    case interpreter::Status::failed:
      return "FAILED";
    case interpreter::Status::timed_out:
      return "TIMED_OUT";
    case interpreter::Status::aborted:
      return "ABORTED";
    case interpreter::Status::pending_redrive:
      return "PENDING_REDRIVE";
  }
  return "";
}

// A payload as `.sync` shows it (a text) or as `.sync:2` does (JSON).
json::Value shown(const json::Payload& payload, bool parsed) {
  if (!parsed) return payload.text();
  auto value = json::parse(payload.text());
  return value ? std::move(*value) : json::Value(payload.text());
}

}  // namespace

std::string sync_output(const engine::ExecutionDescription& child, bool parsed) {
  const auto& [id, facts, head, machine] = child;
  const json::Value details = json::Value::object({{"Included", true}});
  json::ObjectBuilder out;
  if (head.cause) out.set("Cause", *head.cause);
  if (head.error) out.set("Error", *head.error);
  out.set("ExecutionArn", facts.arn);
  out.set("Input", shown(facts.input, parsed));
  out.set("InputDetails", details);
  out.set("Name", facts.name);
  if (head.output) {
    out.set("Output", shown(head.output, parsed));
    out.set("OutputDetails", details);
  }
  out.set("RedriveCount", static_cast<std::int64_t>(head.redrive_count));
  if (head.status == interpreter::Status::succeeded) {
    out.set("RedriveStatus", "NOT_REDRIVABLE");
    out.set("RedriveStatusReason", "Execution is SUCCEEDED and cannot be redriven");
  } else {
    out.set("RedriveStatus", "REDRIVABLE");
  }
  out.set("StartDate", facts.start_time.ms());
  if (!facts.alias_arn.empty()) out.set("StateMachineAliasArn", facts.alias_arn);
  out.set("StateMachineArn", facts.state_machine_arn);
  if (!facts.version_arn.empty()) out.set("StateMachineVersionArn", facts.version_arn);
  out.set("Status", status_name(head.status));
  if (head.stop_time) out.set("StopDate", head.stop_time->ms());
  return json::print(std::move(out).build());
}

void NestedExecutions::start(engine::TaskDispatch task) {
  const auto parameters = task.request.parameters.value();
  if (!parameters) return answers_.failed(task.key, "States.Runtime", parameters.error().message);

  ChildStart request;
  request.machine_arn = member_text(*parameters, "StateMachineArn");
  if (const std::string_view name = member_text(*parameters, "Name"); !name.empty()) request.name = name;
  if (!request.name) request.name = request_id_of(task.key);
  request.input = input_of(*parameters);
  request.trace_header = member_text(*parameters, "TraceHeader");
  request.link = link_of(task.request);
  request.parent = task.key;
  request.again = task.again;

  const auto machine = task.machine;
  const std::string task_role = task.request.role_arn;
  roles_.task_role(*machine, task_role,
                   [this, task = std::move(task),
                    request = std::move(request)](base::Result<RoleSessions::PrincipalPtr> principal) mutable {
                     const auto fail = [this](const engine::TaskKey& key, const base::Error& error) {
                       TaskError words = optimised_error("states", error, request_id_of(key));
                       answers_.failed(key, std::move(words.error), std::move(words.cause));
                     };
                     if (!principal) return fail(task.key, principal.error());
                     request.principal = *principal;
                     starter_.start_child(std::move(request),
                                          [this, fail, task = std::move(task),
                                           principal = *principal](base::Result<engine::Started> child) {
                                            if (!child) return fail(task.key, child.error());
                                            if (link_of(task.request) != engine::ParentLink::none) {
                                              const std::lock_guard lock(mutex_);
                                              started_as_.insert_or_assign(task.key, principal);
                                            }
                                            started(task, *child);
                                          });
                   });
}

std::string NestedExecutions::start_output(const engine::TaskKey& task, const std::string& arn,
                                           base::Timestamp start_time) const {
  const std::string request_id = request_id_of(task);
  const std::string body =
      fmt::format("{{\"executionArn\":\"{}\",\"startDate\":{:.3f}}}", arn, start_time.as_seconds());
  std::string output = "{\"ExecutionArn\":";
  json::print_string_to(output, arn);
  output += ',';
  append_sdk_metadata(output,
                      {{"x-amzn-RequestId", request_id},
                       {"connection", "keep-alive"},
                       {"Content-Length", std::to_string(body.size())},
                       {"Date", http_date(clock_.now())},
                       {"Content-Type", "application/x-amz-json-1.0"}},
                      request_id, 200);
  output += fmt::format(",\"StartDate\":{}}}", start_time.ms());
  return output;
}

void NestedExecutions::started(const engine::TaskDispatch& task, const engine::Started& child) {
  std::string output = start_output(task.key, child.arn, child.start_time);
  if (task.request.pattern == interpreter::TaskPattern::request_response)
    return answers_.succeeded(task.key, std::move(output));
  interpreter::TaskSubmitted submitted{task.key.task, json::Payload::from_text(std::move(output))};
  answers_.give(task.key, std::move(submitted), [this, key = task.key, id = child.id](base::Result<void> done) {
    // Cancelled while the child was being started.
    if (!done && done.error().code == ErrorCode::conflict) stop_child({id, key}, [] {});
  });
}

RoleSessions::PrincipalPtr NestedExecutions::take_starter(const engine::TaskKey& parent) {
  const std::lock_guard lock(mutex_);
  const auto found = started_as_.find(parent);
  if (found == started_as_.end()) return nullptr;
  auto principal = std::move(found->second);
  started_as_.erase(found);
  return principal;
}

void NestedExecutions::stop_child(engine::ChildToStop child, std::move_only_function<void()> settled) {
  auto principal = take_starter(child.parent);
  const auto running = engine_.reader().describe(child.child);
  if (!running) {
    if (running.error().code == ErrorCode::not_found) settled();
    return;
  }
  if (!principal) {
    const auto parent = engine_.reader().describe(child.parent.execution);
    if (!parent) {
      if (parent.error().code == ErrorCode::not_found) settled();
      return;
    }
    auto role = roles_.machine_role(*parent->machine);
    if (!role) return settled();
    principal = std::move(*role);
  }
  starter_.stop_child(running->facts.arn, std::move(principal),
                      [settled = std::move(settled)](base::Result<void> done) mutable {
                        if (done || done.error().code != ErrorCode::unavailable) settled();
                      });
}

void NestedExecutions::child_ended(engine::ChildEnded child, std::move_only_function<void()> settled) {
  // Started by a process that may not have lived to say so. A task that was told already is not told again.
  if (!take_starter(child.parent)) {
    answers_.submitted(child.parent, start_output(child.parent, child.child.facts.arn, child.child.facts.start_time));
  }
  std::string output = sync_output(child.child, child.link == engine::ParentLink::sync2);
  interpreter::Command command;
  if (child.child.head.status == interpreter::Status::succeeded) {
    command = interpreter::TaskSucceeded{child.parent.task, json::Payload::from_text(std::move(output))};
  } else {
    command = interpreter::TaskFailed{child.parent.task, "States.TaskFailed", std::move(output)};
  }
  // A parent that no longer waits has no use for the answer, so any outcome settles it but a writer that has stopped.
  answers_.give(child.parent, std::move(command), [settled = std::move(settled)](base::Result<void> done) mutable {
    if (done || done.error().code != ErrorCode::unavailable) settled();
  });
}

}  // namespace escapement::connectors
