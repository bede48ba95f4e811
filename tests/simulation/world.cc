#include "world.h"

#include <cstdio>
#include <cstdlib>

#include "asl/compile.h"

namespace escapement::simulation {
namespace {

struct Definition {
  const char* name;
  const char* text;
};

// Between them: all that arms a timer, schedules a task, forks or retries.
constexpr Definition kDefinitions[] = {
    {"wait-then-task", R"({"StartAt":"Wait","States":{
        "Wait":{"Type":"Wait","SecondsPath":"$.seconds","Next":"Task"},
        "Task":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:a","TimeoutSeconds":60,
                "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":2,"MaxAttempts":3,"BackoffRate":2,"JitterStrategy":"FULL"}],
                "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Done"}],"Next":"Done"},
        "Done":{"Type":"Pass","End":true}}})"},
    {"two-waits", R"({"StartAt":"A","States":{
        "A":{"Type":"Wait","Seconds":1,"Next":"B"},"B":{"Type":"Wait","SecondsPath":"$.seconds","End":true}}})"},
    {"parallel", R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,
        "Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"F"}],"Branches":[
        {"StartAt":"W","States":{"W":{"Type":"Wait","SecondsPath":"$.seconds","End":true}}},
        {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:b","TimeoutSeconds":30,"End":true}}}]},
        "F":{"Type":"Fail","Error":"Gone","Cause":"a branch failed"}}})"},
    {"map", R"({"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"End":true,
        "Catch":[{"ErrorEquals":["States.ALL"],"Next":"F"}],
        "ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"T","States":{
          "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:c","TimeoutSeconds":20,"HeartbeatSeconds":10,"Next":"W"},
          "W":{"Type":"Wait","Seconds":1,"End":true}}}},
        "F":{"Type":"Succeed"}}})"},
    {"choice-loop", R"({"StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$.seconds","NumericGreaterThan":5,"Next":"W"}],"Default":"S"},
        "W":{"Type":"Wait","Seconds":3,"Next":"S"},"S":{"Type":"Succeed"}},"TimeoutSeconds":40})"},
    {"deadline", R"({"StartAt":"T","TimeoutSeconds":15,"States":{
        "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:d","TimeoutSeconds":600,"End":true}}})"},
};

std::shared_ptr<const engine::MachineRevision> compile(const Definition& definition, std::uint32_t number) {
  const asl::Compilation compiled = asl::compile(definition.text);
  if (!compiled.program) {
    std::fprintf(stderr, "%s: %s\n", definition.name, asl::invalid_definition_message(compiled.diagnostics).c_str());
    std::abort();
  }
  auto machine = std::make_shared<engine::MachineRevision>();
  machine->revision = number;
  machine->machine_id = number;
  machine->name = definition.name;
  machine->region = "us-east-1";
  machine->account = "000000000000";
  machine->arn = "arn:aws:states:us-east-1:000000000000:stateMachine:" + machine->name;
  machine->role_arn = "arn:aws:iam::000000000000:role/simulated";
  machine->definition = definition.text;
  machine->program = compiled.program;
  return machine;
}

}  // namespace

Faults Faults::draw(base::SplitMix& random) {
  const auto level = [&](double high) { return random.uniform() < 0.4 ? 0.0 : random.uniform() * high; };
  Faults faults;
  faults.task_fails = level(0.5);
  faults.task_answers_twice = level(0.3);
  faults.task_never_answers = level(0.3);
  faults.answer_after_crash = level(1.0);
  faults.stop_execution = level(0.05);
  faults.crash = level(0.02);
  faults.clock_jump = level(0.02);
  faults.commit_lost = level(0.01);
  faults.commit_unknown = level(0.01);
  faults.disk_full = level(0.02);
  return faults;
}

World::World(base::SplitMix& random, base::VirtualClock& clock, const Faults& faults)
    : random_(random), clock_(clock), faults_(faults) {
  std::uint32_t number = 0;
  for (const Definition& definition : kDefinitions) machines_.push_back(compile(definition, ++number));
}

void World::dispatch(engine::TaskDispatch task) {
  ++dispatches_[task.key];
  trace(task.key.execution.bits * 31 + task.key.task.frame * 7 + task.key.task.attempt);
  if (chance(faults_.task_never_answers)) return;
  const auto delay = base::Duration::milliseconds(static_cast<std::int64_t>(random_.next() % 8'000));
  answer_later(task.key, delay, chance(faults_.task_fails));
  if (chance(faults_.task_answers_twice))
    answer_later(task.key, delay + base::Duration::milliseconds(500), chance(0.5));
}

void World::answer_later(const engine::TaskKey& task, base::Duration delay, bool fails) {
  const engine::Engine* const asked_by = engine_;
  const bool survives = chance(faults_.answer_after_crash);
  answers_.emplace(clock_.now() + delay, [this, task, fails, asked_by, survives] {
    if (engine_ == nullptr || (engine_ != asked_by && !survives)) return;
    interpreter::Command command;
    if (fails) {
      command = interpreter::TaskFailed{task.task, "Simulated", "the seed says so"};
    } else {
      command = interpreter::TaskSucceeded{task.task, json::Payload::from_text(R"({"seconds":1,"items":[1]})")};
    }
    engine_->submit(task.execution, std::move(command), {});
  });
}

void World::cancel(const engine::TaskKey& task) { trace(task.execution.bits + 3); }

void World::child_ended(engine::ChildEnded, std::move_only_function<void()> settled) { settled(); }

void World::stop_child(engine::ChildToStop, std::move_only_function<void()> settled) { settled(); }

base::Result<std::shared_ptr<const engine::MachineRevision>> World::find_revision(std::uint32_t revision) const {
  if (revision == 0 || revision > machines_.size())
    return base::make_error(base::ErrorCode::not_found, "no such revision");
  return machines_[revision - 1];
}

bool World::deliver() {
  bool any = false;
  while (!answers_.empty() && answers_.begin()->first <= clock_.now()) {
    const auto answer = std::move(answers_.begin()->second);
    answers_.erase(answers_.begin());
    answer();
    any = true;
  }
  return any;
}

std::optional<base::Timestamp> World::next_answer() const {
  if (answers_.empty()) return std::nullopt;
  return answers_.begin()->first;
}

}  // namespace escapement::simulation
