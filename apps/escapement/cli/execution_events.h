// Reads an execution's history page by page, and again from where it ended: for showing it whole and for following it.
//
// Threading: one thread. Cost: each call reads on from the last page seen, so following costs what is new.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "escapement/client/api.h"

namespace escapement::cli {

class ExecutionEvents {
 public:
  // `api` is borrowed and must outlive this.
  ExecutionEvents(client::Api& api, std::string execution_arn) : api_(api), arn_(std::move(execution_arn)) {}

  // The events that were not answered before, oldest first; empty if there are none yet.
  base::Result<std::vector<json::Value>> next();

 private:
  client::Api& api_;
  std::string arn_;
  std::string page_token_;  // of the last page read; empty: the first
  std::int64_t last_id_ = 0;
};

}  // namespace escapement::cli
