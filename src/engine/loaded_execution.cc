#include "engine/loaded_execution.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "engine/keys.h"

namespace escapement::engine {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::size_t kKnownPayloadsMax = 256;

std::uint64_t seed_of(ExecutionId id, base::Timestamp now) {
  return id.bits * 0x9e3779b97f4a7c15ull ^ static_cast<std::uint64_t>(now.us);
}

}  // namespace

std::unique_ptr<LoadedExecution> LoadedExecution::create(const store::Store& store, const NameCodec& names,
                                                         ExecutionId id, StartRequest request, bool synchronous,
                                                         base::Timestamp now) {
  std::unique_ptr<LoadedExecution> made(new LoadedExecution(store, id, std::move(request.machine)));
  ExecutionRecord& record = made->record_;
  record.revision = made->machine_->revision;
  record.express = runs_as_express(request, *made->machine_);
  record.synchronous = synchronous;
  record.graph = request.graph;
  record.name = std::move(request.name);
  record.version_arn = std::move(request.version_arn);
  record.alias_arn = std::move(request.alias_arn);
  record.map_run_arn = std::move(request.map_run_arn);
  record.trace_header = std::move(request.trace_header);
  record.parent_link = request.parent_link;
  record.parent = request.parent;
  record.start_time = now;
  interpreter::ExecutionFacts facts = facts_of(record, *made->machine_, id, names);
  facts.input = std::move(request.input);
  record.input = made->store(facts.input);
  made->state_ = std::make_unique<interpreter::ExecutionState>(std::move(facts), *made);
  made->state_->head.random_state = seed_of(id, now);
  return made;
}

base::Result<std::unique_ptr<LoadedExecution>> LoadedExecution::load(const store::Store& store,
                                                                     const MachineSource& machines,
                                                                     const NameCodec& names, ExecutionId id) {
  ESC_TRY(const auto row, store.get(keys::execution(id)));
  if (!row) return make_error(ErrorCode::not_found, "ExecutionDoesNotExist", "Execution Does Not Exist");
  return from_row(store, machines, names, id, *row);
}

base::Result<std::unique_ptr<LoadedExecution>> LoadedExecution::from_row(const store::Store& store,
                                                                         const MachineSource& machines,
                                                                         const NameCodec& names, ExecutionId id,
                                                                         std::string_view row) {
  ESC_TRY(ExecutionRecord record, ExecutionRecord::decode(row));
  ESC_TRY(auto machine, machines.find_revision(record.revision));
  std::unique_ptr<LoadedExecution> loaded(new LoadedExecution(store, id, std::move(machine)));
  loaded->record_ = std::move(record);
  ExecutionRecord& stored = loaded->record_;
  interpreter::ExecutionFacts facts = facts_of(stored, *loaded->machine_, id, names);
  ESC_TRY(facts.input, loaded->load(stored.input));
  loaded->state_ = std::make_unique<interpreter::ExecutionState>(std::move(facts), *loaded);
  loaded->state_->head = stored.head;
  if (stored.output != 0) {
    ESC_TRY(loaded->state_->head.output, loaded->load(stored.output));
  }
  if (!stored.root_frame.empty()) {
    ESC_TRY(interpreter::Frame root, interpreter::decode_frame(stored.root_frame, *loaded));
    loaded->state_->adopt(0, std::move(root));
  }
  if (!stored.express || !stored.map_run_arn.empty()) loaded->listed_ = stored.head.status;
  return loaded;
}

std::uint32_t LoadedExecution::store(const json::Payload& payload) {
  if (payload.absent()) return 0;
  if (const std::uint32_t number = payloads_.number_of(payload); number != 0) return number;
  const std::uint32_t number = record_.next_payload++;
  payloads_.add(payload, number);
  new_payloads_.emplace_back(number, payload);
  return number;
}

base::Result<json::Payload> LoadedExecution::load(std::uint32_t number) {
  if (number == 0) return json::Payload();
  if (json::Payload known = payloads_.find(number)) return known;
  std::optional<std::string> text;
  for (const auto& [stored, inline_text] : record_.payloads) {
    if (stored == number) text = inline_text;
  }
  if (!text) {
    ESC_TRY(text, store_.get(keys::payload(id_, number)));
  }
  if (!text) return make_error(ErrorCode::corrupt, fmt::format("payload {} of an execution is missing", number));
  json::Payload payload = json::Payload::from_text(std::move(*text));
  payloads_.add(payload, number);
  return payload;
}

base::Result<interpreter::Frame> LoadedExecution::load_frame(interpreter::FrameId frame) {
  ESC_TRY(const auto row, store_.get(keys::frame(id_, frame)));
  if (!row) return make_error(ErrorCode::not_found, fmt::format("frame {} of an execution is not there", frame));
  return interpreter::decode_frame(*row, *this);
}

void LoadedExecution::append_events(std::vector<history::Event> events) {
  new_events_.insert(new_events_.end(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
}

void LoadedExecution::write(store::Batch& batch) {
  write_frames(batch);
  record_.head = state_->head;
  record_.output = store(state_->head.output);
  record_.head.output = {};
  write_events(batch);  // before the payloads, which it may add to
  write_payloads(batch);
  if (!record_.spilled && inline_bytes() > kInlineBytesMax) spill(batch);
  batch.put(keys::execution(id_), record_.encode());
}

void LoadedExecution::write_frames(store::Batch& batch) {
  for (const interpreter::FrameId id : state_->removed()) {
    if (id == 0) {
      record_.root_frame.clear();
    } else {
      batch.erase(keys::frame(id_, id));
    }
  }
  std::string bytes;
  for (const interpreter::FrameId id : state_->touched()) {
    const auto frame = state_->find(id);
    ESC_ASSERT(frame.has_value());
    if (id == 0) {
      record_.root_frame.clear();
      interpreter::encode(record_.root_frame, **frame, *this);
    } else {
      bytes.clear();
      interpreter::encode(bytes, **frame, *this);
      batch.put(keys::frame(id_, id), bytes);
      record_.has_rows = true;
    }
  }
  state_->clear_changes();
}

void LoadedExecution::write_events(store::Batch& batch) {
  if (new_events_.empty()) return;
  std::string spilled;
  std::string& out = record_.spilled ? spilled : record_.events;
  for (const history::Event& event : new_events_) history::encode(out, event, *this);
  if (record_.spilled) batch.put(keys::history(id_, new_events_.front().id), spilled);
  new_events_.clear();
}

void LoadedExecution::write_payloads(store::Batch& batch) {
  for (const auto& [number, payload] : new_payloads_) {
    const std::string& text = payload.text();
    if (record_.spilled || text.size() > kInlinePayloadBytesMax) {
      batch.put(keys::payload(id_, number), text);
      record_.has_rows = true;
    } else {
      record_.payloads.emplace_back(number, text);
    }
  }
  new_payloads_.clear();
}

std::size_t LoadedExecution::inline_bytes() const {
  std::size_t bytes = record_.events.size();
  for (const auto& [number, text] : record_.payloads) bytes += text.size();
  return bytes;
}

void LoadedExecution::spill(store::Batch& batch) {
  for (const auto& [number, text] : record_.payloads) batch.put(keys::payload(id_, number), text);
  if (!record_.events.empty()) batch.put(keys::history(id_, 1), record_.events);
  record_.payloads.clear();
  record_.payloads.shrink_to_fit();
  record_.events.clear();
  record_.events.shrink_to_fit();
  record_.spilled = true;
  record_.has_rows = true;
}

base::Result<void> LoadedExecution::erase(store::Batch& batch) {
  batch.erase(keys::execution(id_));
  if (!record_.has_rows) return {};
  for (const char table : {keys::kHistory, keys::kPayload, keys::kFrame}) {
    const std::string prefix = keys::rows_of(table, id_);
    const auto cursor = store_.cursor(prefix, store::prefix_end(prefix));
    for (cursor->seek(prefix); cursor->valid(); cursor->next()) batch.erase(cursor->key());
    ESC_CHECK(cursor->status());
  }
  return {};
}

ListingRecord LoadedExecution::listing() const {
  const interpreter::ExecutionHead& head = state_->head;
  return {.revision = record_.revision,
          .start_time = record_.start_time,
          .stop_time = head.stop_time,
          .redrive_count = head.redrive_count,
          .name = record_.name,
          .version_arn = record_.version_arn,
          .alias_arn = record_.alias_arn,
          .redrive_time = head.redrive_time};
}

base::Result<std::vector<history::Event>> LoadedExecution::decode_events(std::string_view bytes) {
  std::vector<history::Event> events;
  while (!bytes.empty()) {
    ESC_TRY(auto event, history::decode(bytes, *this));
    events.push_back(std::move(event));
  }
  return events;
}

base::Result<std::vector<history::Event>> LoadedExecution::history(const HistoryQuery& query) {
  const std::uint64_t last = state_->head.next_event_id - 1;
  std::uint64_t from = query.from_event != 0 ? query.from_event : (query.reverse ? last : 1);
  from = std::min(from, last);
  const std::uint64_t count = query.count_max;
  const std::uint64_t first = query.reverse ? (from >= count ? from - count + 1 : 1) : from;
  const std::uint64_t end = query.reverse ? from + 1 : std::min(last + 1, from + count);

  std::vector<history::Event> events;
  if (!record_.spilled) {
    ESC_TRY(events, decode_events(record_.events));
  } else {
    const std::string prefix = keys::rows_of(keys::kHistory, id_);
    const auto cursor = store_.cursor(prefix, store::prefix_end(prefix));
    cursor->seek_before(keys::history(id_, first + 1));  // the run that holds `first`
    for (; cursor->valid() && keys::last_u64(cursor->key()) < end; cursor->next()) {
      ESC_TRY(auto run, decode_events(cursor->value()));
      events.insert(events.end(), std::make_move_iterator(run.begin()), std::make_move_iterator(run.end()));
    }
    ESC_CHECK(cursor->status());
  }
  std::erase_if(events, [&](const history::Event& event) { return event.id < first || event.id >= end; });
  if (query.reverse) std::reverse(events.begin(), events.end());
  return events;
}

void LoadedExecution::trim() {
  if (payloads_.size() <= kKnownPayloadsMax) return;
  state_->evict_children();
  payloads_.prune();
}

}  // namespace escapement::engine
