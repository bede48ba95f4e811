#include "connectors/map_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/digest.h"

namespace escapement::connectors {
namespace {

constexpr std::size_t kNumberDigits = 12;

// Everything random in a run follows from its ARN.
std::uint64_t seed_of(std::string_view arn) {
  const auto digest = base::sha256(arn);
  std::uint64_t seed = 0;
  for (int i = 0; i < 8; ++i) seed = seed << 8 | digest[static_cast<std::size_t>(i)];
  return seed;
}

// The first 24 characters of the children's names: a UUID's, up to its last group.
std::string name_prefix(const MapRunRecord& record, bool express) {
  // An express child that is run again is another execution, so the redrive is part of its name.
  base::SplitMix generator(seed_of(record.arn) + (express ? record.redrive_count : 0));
  return base::seeded_uuid(generator).substr(0, 24);
}

MapRun::Child state_of(interpreter::Status status) {
  switch (status) {
    case interpreter::Status::succeeded:
      return MapRun::Child::succeeded;
    case interpreter::Status::failed:
      return MapRun::Child::failed;
    case interpreter::Status::timed_out:
      return MapRun::Child::timed_out;
    case interpreter::Status::aborted:
      return MapRun::Child::aborted;
    default:
      return MapRun::Child::running;
  }
}

std::uint64_t* counter(MapRunCounts& counts, MapRun::Child state) {
  switch (state) {
    case MapRun::Child::pending:
      return &counts.pending;
    case MapRun::Child::running:
      return &counts.running;
    case MapRun::Child::succeeded:
      return &counts.succeeded;
    case MapRun::Child::failed:
      return &counts.failed;
    case MapRun::Child::timed_out:
      return &counts.timed_out;
    case MapRun::Child::aborted:
      return &counts.aborted;
  }
  return &counts.pending;
}

}  // namespace

MapRun::MapRun(MapRunRecord record_in, std::shared_ptr<const engine::MachineRevision> machine_in,
               interpreter::MapRunPlan plan_in, Limits limits)
    : record(std::move(record_in)), machine(std::move(machine_in)), plan(std::move(plan_in)), limits_(limits) {
  name_prefix_ = name_prefix(record, plan.express);
}

asl::Evaluated<void> MapRun::set_items(std::vector<json::Value> items, base::Timestamp now) {
  if (plan.batches) {
    base::SplitMix generator(seed_of(record.arn));
    auto batches = interpreter::child_inputs(*machine->program, plan, items, 0, generator, now);
    if (!batches) return std::unexpected(std::move(batches).error());
    batches_ = std::move(*batches);
    states_.assign(batches_.size(), Child::pending);
  } else {
    items_ = std::move(items);
    states_.assign(items_.size(), Child::pending);
  }
  if (!writes_results()) outputs_.resize(states_.size());
  executions_.pending = executions_.total = states_.size();
  for (std::uint32_t i = 0; i < states_.size(); ++i) item_counts_.total += items_of(i);
  item_counts_.pending = item_counts_.total;
  has_items_ = true;
  return {};
}

void MapRun::adopt(std::uint32_t number, Child state) {
  if (number >= states_.size() || states_[number] != Child::pending) return;
  set_state(number, state);
}

void MapRun::set_state(std::uint32_t number, Child state) {
  for (auto* counts : {&executions_, &item_counts_}) {
    const std::uint64_t n = counts == &executions_ ? 1 : items_of(number);
    *counter(*counts, states_[number]) -= n;
    *counter(*counts, state) += n;
    counts->results_written = counts->succeeded;
  }
  states_[number] = state;
}

std::uint32_t MapRun::concurrency() const {
  return record.concurrency_max == 0 ? limits_.concurrency_max
                                     : std::min(record.concurrency_max, limits_.concurrency_max);
}

asl::Evaluated<std::optional<MapRun::Start>> MapRun::next(base::Timestamp now) {
  if (!has_items_ || executions_.running >= concurrency()) return std::nullopt;
  std::uint32_t number = 0;
  if (!again_.empty()) {
    number = again_.back();
    again_.pop_back();
  } else {
    while (next_ < states_.size() && states_[next_] != Child::pending) ++next_;
    if (next_ == states_.size()) return std::nullopt;
    number = next_++;
  }
  Start start{number, child_name(number), {}};
  if (plan.batches) {
    start.input = json::Payload::from_text(batches_[number].input.text());
  } else {
    base::SplitMix generator(seed_of(record.arn) + number);
    auto inputs = interpreter::child_inputs(*machine->program, plan, {&items_[number], 1}, number, generator, now);
    if (!inputs) return std::unexpected(std::move(inputs).error());
    start.input = std::move(inputs->front().input);
  }
  set_state(number, Child::running);
  return start;
}

void MapRun::not_started(std::uint32_t number) {
  if (states_[number] != Child::running) return;
  set_state(number, Child::pending);
  again_.push_back(number);
}

bool MapRun::ended(std::uint32_t number, const engine::ExecutionDescription& child) {
  if (number >= states_.size() || states_[number] > Child::running) return false;
  set_state(number, state_of(child.head.status));
  const auto& writer = machine->program->at(plan.state).as<asl::MapState>().result_writer;
  const bool succeeded = states_[number] == Child::succeeded;
  if (!writer && !succeeded) return true;
  if (!writes_results() && output_bytes_ > limits_.result_bytes_max) return true;
  std::vector<std::string> texts = result_texts(child, writer ? writer->transformation : "COMPACT");
  if (writes_results()) {
    auto& list = succeeded ? results_.succeeded : results_.failed;
    std::move(texts.begin(), texts.end(), std::back_inserter(list));
  } else {
    outputs_[number] = fmt::format("{}", fmt::join(texts, ","));
    output_bytes_ += outputs_[number].size() + 1;
  }
  return true;
}

std::optional<MapRun::Outcome> MapRun::outcome() const {
  if (!has_items_) return std::nullopt;
  interpreter::MapRunPlan tolerance;
  tolerance.tolerated_failure_count = plan.tolerated_failure_count;
  tolerance.tolerated_failure_percentage = plan.tolerated_failure_percentage;
  const std::uint64_t failed = item_counts_.failed + item_counts_.timed_out + item_counts_.aborted;
  if (failed > 0 && interpreter::exceeds_tolerance(tolerance, failed, item_counts_.total)) {
    return Outcome{
        false, {}, "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"};
  }
  if (executions_.pending + executions_.running > 0) return std::nullopt;
  if (output_bytes_ > limits_.result_bytes_max) {
    return Outcome{
        false,
        {},
        "States.DataLimitExceeded",
        fmt::format(
            "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
            machine->program->at(plan.state).name)};
  }
  return Outcome{true, joined_results(), {}, {}};
}

std::string MapRun::joined_results() const {
  std::string text = "[";
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].empty()) continue;
    if (text.size() > 1) text += ',';
    text += outputs_[i];
  }
  return text + ']';
}

void MapRun::abort_rest() {
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] <= Child::running) set_state(i, Child::aborted);
  }
  again_.clear();
  next_ = children();
}

std::string MapRun::child_name(std::uint32_t number) const { return fmt::format("{}{:012x}", name_prefix_, number); }

std::optional<std::uint32_t> MapRun::number_of(std::string_view name) const {
  if (!name.starts_with(name_prefix_) || name.size() != name_prefix_.size() + kNumberDigits) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + name_prefix_.size(), name.data() + name.size(), number, 16);
  if (error != std::errc{} || end != name.data() + name.size() || number >= states_.size()) return std::nullopt;
  return number;
}

bool MapRun::writes_results() const { return !plan.writer_resource.empty(); }

}  // namespace escapement::connectors
