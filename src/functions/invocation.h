// One invocation on its way through the service. Lives on the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "functions/function_record.h"
#include "functions/function_service.h"
#include "functions/reactor.h"

namespace escapement::functions {

class Pool;
struct FunctionState;

struct Invocation {
  std::string request_id;
  std::string payload;
  std::string client_context;
  std::string invoked_arn;
  std::shared_ptr<const FunctionVersion> version;  // shared with the pool and its processes
  InvokeDone done;                                 // empty once answered
  std::optional<base::Timestamp> deadline;
  bool wants_log_tail = false;
  bool queue_when_busy = false;
  bool provisioned = false;           // counted against the version's provisioned concurrency
  FunctionState* function = nullptr;  // whose concurrency it counts against
  Pool* pool = nullptr;               // once admitted
  std::uint32_t attempts = 0;         // processes that died under it before it began

  SteadyTime started{};  // when a process began with it
  std::string log_tail;
  std::uint64_t logged_bytes = 0;
  bool log_cut = false;

  std::uint64_t bytes() const { return payload.size() + client_context.size() + 512; }
};

// What a process said to an invocation.
struct Answer {
  bool is_error = false;
  std::string payload;
};

}  // namespace escapement::functions
