// The CloudWatch Logs API as a service of the wire layer: groups, streams, events, retention, tags.
#pragma once

#include <atomic>

#include "services/logs/operations.h"
#include "wire/service.h"

namespace escapement::services::logs {

class LogsService final : public wire::Service {
 public:
  // What `operations` refers to must outlive the service.
  explicit LogsService(Operations operations) : operations_(std::move(operations)) {}

  std::string_view model() const override { return "logs"; }
  bool is_inline(std::string_view) const override { return false; }
  bool has(std::string_view operation) const override;
  void handle(wire::Call call, wire::Respond respond) override;

 private:
  void expire_sometimes();

  Operations operations_;
  std::atomic<std::int64_t> next_expiry_us_ = 0;
};

}  // namespace escapement::services::logs
