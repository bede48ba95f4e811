#include "outside.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/parse.h"
#include "json/print.h"
#include "machines.h"

namespace escapement::simulation {
namespace {

using base::Duration;
using base::ErrorCode;
using json::Value;

constexpr int kPollsMax = 3;
constexpr int kCrowd = 100;
constexpr std::string_view kSteady = "steady";  // the function that always answers
constexpr std::string_view kInput = R"({"items":[1,2,3,4,5],"seconds":1})";
constexpr Duration kRetryAfter = Duration::seconds(1);

std::string text(const Value& value, std::string_view member) { return std::string(json::member_text(value, member)); }

// The server's own trouble, which passes.
bool is_trouble(const base::Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::limit_exceeded || error.code == ErrorCode::io;
}

}  // namespace

void Outside::set_server(Server* server) {
  server_ = server;
  ++life_;
  polls_ = 0;
  checker_.begin_life();
  if (server_ == nullptr) return;
  for (const auto& request : std::list(outstanding_)) attempt(request);
}

void Outside::after(Duration delay, Bound bound, std::function<void()> task) {
  agenda_.emplace(clock_.now() + delay, Planned{bound == Bound::life ? life_ : 0, std::move(task)});
}

bool Outside::deliver() {
  bool any = false;
  while (server_ != nullptr && !agenda_.empty() && agenda_.begin()->first <= clock_.now()) {
    Planned planned = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    if (planned.life == 0 || planned.life == life_) planned.task();
    any = true;
  }
  return any;
}

std::optional<base::Timestamp> Outside::next() const {
  if (agenda_.empty()) return std::nullopt;
  return agenda_.begin()->first;
}

void Outside::ask(std::string_view operation, Value input, Answered answered) {
  server_->request(operation, std::move(input), [this, operation, answered](base::Result<Value> answer) {
    checker_.check_answer(operation, answer);
    answered(answer);
  });
}

void Outside::insist(std::string_view operation, Value input, Answered answered) {
  outstanding_.push_back(std::make_shared<Request>(Request{operation, std::move(input), std::move(answered)}));
  attempt(outstanding_.back());
}

void Outside::attempt(const std::shared_ptr<Request>& request) {
  if (server_ == nullptr) return;
  ask(request->operation, request->input, [this, request](const base::Result<Value>& answer) {
    if (!answer && is_trouble(answer.error())) {
      after(kRetryAfter, Bound::life, [this, request] { attempt(request); });
      return;
    }
    const auto found = std::find(outstanding_.begin(), outstanding_.end(), request);
    if (found == outstanding_.end()) return;
    outstanding_.erase(found);
    request->answered(answer);
  });
}

void Outside::act() {
  const std::uint64_t burst = random_.next() % 10 == 0 ? 20 : random_.next() % 3;
  for (std::uint64_t i = 0; i < burst && server_ != nullptr; ++i) start_one();
  // Many that end at the same moment.
  for (int i = random_.next() % 400 == 0 ? kCrowd : 0; i > 0 && server_ != nullptr; --i) start_unnamed("two-waits");
  if (checker_.acknowledged().empty()) return;
  const std::string& any = checker_.acknowledged()[random_.next() % checker_.acknowledged().size()];
  if (chance(faults_.stop)) stop_one(any);
  if (chance(faults_.redrive)) {
    ask("RedriveExecution", Value::object({{"executionArn", any}}), [this, any](const base::Result<Value>& redriven) {
      if (redriven) checker_.redriven(any);
    });
  }
  if (chance(faults_.update)) {
    const Machine& machine = machines()[random_.next() % machines().size()];
    auto definition = json::parse(machine.definition);
    json::ObjectBuilder changed(*definition);
    changed.set("Comment", static_cast<std::int64_t>(random_.next() % 1'000'000));
    insist("UpdateStateMachine",
           Value::object({{"stateMachineArn", std::string(kMachineArnPrefix) + machine.name},
                          {"definition", json::print(std::move(changed).build())}}),
           [](const base::Result<Value>&) {});
  }
  ask("DescribeExecution", Value::object({{"executionArn", any}}), [this, any](const base::Result<Value>& answer) {
    if (!answer && !is_trouble(answer.error())) checker_.find("an acknowledged execution is not there: " + any);
  });
  poll();
}

void Outside::start_unnamed(std::string_view machine) {
  const std::string arn = fmt::format("{}{}", kMachineArnPrefix, machine);
  if (machine == "express" && chance(0.5)) {
    return insist("StartSyncExecution", Value::object({{"stateMachineArn", arn}, {"input", kInput}}),
                  [this](const base::Result<Value>& answer) {
                    if (!answer || text(*answer, "status") != "SUCCEEDED")
                      checker_.find("an express execution was awaited and did not succeed");
                  });
  }
  ask("StartExecution", Value::object({{"stateMachineArn", arn}, {"input", kInput}}),
      [this, express = machine == "express"](const base::Result<Value>& answer) {
        if (answer && !express) checker_.acknowledge(server_->engine().reader(), text(*answer, "executionArn"));
      });
}

void Outside::start_one() {
  const std::string_view machine = machines()[random_.next() % machines().size()].name;
  if (machine == "express" || random_.next() % 3 != 0) return start_unnamed(machine);
  const std::string arn = fmt::format("{}{}", kMachineArnPrefix, machine);
  const std::string name = fmt::format("named-{}", ++last_number_);
  Value input = Value::object({{"stateMachineArn", arn}, {"input", kInput}, {"name", name}});
  insist("StartExecution", std::move(input), [this, arn, name](const base::Result<Value>& answer) {
    // An earlier attempt was carried out though its answer was lost, and the execution has ended since.
    std::string execution = arn;
    execution.replace(execution.find(":stateMachine:"), 14, ":execution:").append(":").append(name);
    if (answer && text(*answer, "executionArn") != execution) checker_.find("a name led to " + execution);
    if (!answer && answer.error().name != "ExecutionAlreadyExists")
      return checker_.find("a start was refused: " + answer.error().to_string());
    checker_.acknowledge(server_->engine().reader(), execution);
  });
}

void Outside::stop_one(const std::string& execution) {
  insist("StopExecution", Value::object({{"executionArn", execution}}),
         [this, execution](const base::Result<Value>& answer) {
           if (answer) checker_.check_stopped(server_->engine().reader(), execution);
         });
}

void Outside::poll() {
  if (server_ == nullptr || polls_ >= kPollsMax) return;
  ++polls_;
  auto leave = std::make_shared<std::move_only_function<void()>>();
  server_->request(
      "GetActivityTask", Value::object({{"activityArn", kActivityArn}, {"workerName", "simulated"}}),
      [this](base::Result<Value> task) {
        --polls_;
        checker_.check_answer("GetActivityTask", task);
        if (!task || text(*task, "taskToken").empty()) return;
        const auto input = json::parse(text(*task, "input"));
        work_off(text(*task, "taskToken"), input ? text(*input, "execution") : std::string());
      },
      [leave](std::move_only_function<void()> left) { *leave = std::move(left); });
  if (!chance(faults_.caller_leaves)) return;
  after(delay(3'000), Bound::life, [this, leave] {
    if (!*leave) return;
    (*leave)();
    *leave = {};
    polls_ = std::max(0, polls_ - 1);
  });
}

void Outside::work_off(const std::string& token, const std::string& execution) {
  if (chance(faults_.never_answers)) return;
  if (chance(0.3)) {
    after(delay(5'000), Bound::nothing, [this, token, execution] {
      ask("SendTaskHeartbeat", Value::object({{"taskToken", token}}),
          [this, execution, sent = clock_.now()](const base::Result<Value>& answer) {
            if (answer && server_ != nullptr)
              checker_.heartbeat_acknowledged(server_->engine().reader(), execution, sent);
          });
    });
  }
  const Duration when = chance(faults_.misses_heartbeat) ? Duration::seconds(8) + delay(30'000) : delay(6'000);
  after(when, Bound::nothing, [this, token, fails = chance(faults_.task_fails)] { answer_token(token, fails); });
  if (chance(faults_.answers_twice)) {
    after(when + Duration::milliseconds(300), Bound::nothing, [this, token] { answer_token(token, false); });
  }
}

void Outside::answer_token(const std::string& token, bool fails) {
  if (fails) {
    insist("SendTaskFailure", Value::object({{"taskToken", token}, {"error", "Simulated"}}),
           [](const base::Result<Value>&) {});
    return;
  }
  const std::int64_t number = ++last_number_;
  insist("SendTaskSuccess", Value::object({{"taskToken", token}, {"output", fmt::format(R"({{"done":{}}})", number)}}),
         [this, number](const base::Result<Value>& answer) {
           if (answer) checker_.outcome_acknowledged(number);
         });
}

void Outside::invoke(functions::InvokeRequest request, functions::InvokeDone done) {
  const auto payload = json::parse(request.payload);
  checker_.check_released(server_->engine().reader(), text(*payload, "execution"), request);
  const auto answer = std::make_shared<functions::InvokeDone>(std::move(done));
  const std::string token = text(*payload, "token");
  if (!token.empty()) work_off(token, text(*payload, "execution"));
  if (token.empty() && request.function != kSteady && chance(faults_.never_answers)) return;
  const bool fails = chance(faults_.task_fails);
  after(delay(8'000), Bound::life, [this, answer, fails] {
    functions::InvokeResult result;
    result.executed_version = "$LATEST";
    result.payload = fails ? R"({"errorType":"Simulated","errorMessage":"the seed says so"})"
                           : fmt::format(R"({{"done":{}}})", ++last_number_);
    if (fails) result.function_error = "Unhandled";
    (*answer)(std::move(result));
  });
}

void Outside::calm_down() { faults_ = {}; }

}  // namespace escapement::simulation
