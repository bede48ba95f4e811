#include "interpreter/execution.h"

#include <algorithm>

#include "base/assert.h"

namespace escapement::interpreter {

base::Result<Frame*> ExecutionState::find(FrameId id) {
  if (id == 0 && root_) return &*root_;
  if (id != 0) {
    if (const auto known = children_.find(id); known != children_.end()) return known->second.get();
  }
  if (id == 0 ? root_gone_ : gone_.contains(id)) {
    return base::make_error(base::ErrorCode::not_found, "the frame is no longer there");
  }
  ESC_TRY(Frame loaded, source_.load_frame(id));
  adopt(id, std::move(loaded));
  return id == 0 ? &*root_ : children_.find(id)->second.get();
}

base::Result<Frame*> ExecutionState::touch(FrameId id) {
  ESC_TRY(Frame* const frame, find(id));
  mark(*frame);
  return frame;
}

void ExecutionState::mark(Frame& frame) {
  if (frame.written_back) return;
  frame.written_back = true;
  touched_.push_back(frame.id);
}

Frame& ExecutionState::create(FrameId id) {
  Frame frame;
  frame.id = id;
  adopt(id, std::move(frame));
  Frame& made = id == 0 ? *root_ : *children_.find(id)->second;
  mark(made);
  return made;
}

void ExecutionState::remove(FrameId id) {
  bool was_touched = false;
  if (id == 0) {
    was_touched = root_ && root_->written_back;
    root_.reset();
    root_gone_ = true;
  } else if (const auto known = children_.find(id); known != children_.end()) {
    was_touched = known->second->written_back;
    children_.erase(known);
  }
  if (id != 0) gone_.insert(id);
  if (was_touched) std::erase(touched_, id);
  removed_.push_back(id);
}

void ExecutionState::clear_changes() {
  for (const FrameId id : touched_) {
    if (id == 0) {
      if (root_) root_->written_back = false;
    } else if (const auto known = children_.find(id); known != children_.end()) {
      known->second->written_back = false;
    }
  }
  touched_.clear();
  removed_.clear();
  gone_.clear();
  root_gone_ = false;
}

void ExecutionState::adopt(FrameId id, Frame frame) {
  frame.id = id;
  if (id == 0) {
    root_ = std::move(frame);
  } else {
    children_[id] = std::make_unique<Frame>(std::move(frame));
  }
}

void ExecutionState::evict_children() {
  ESC_ASSERT(touched_.empty() && removed_.empty());
  children_.clear();
}

}  // namespace escapement::interpreter
