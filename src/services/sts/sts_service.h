// AWS STS as a service of the wire layer.
//
// Threading: see wire/service.h. What only reads memory is inline; what issues credentials waits for the disk.
#pragma once

#include <string_view>

#include "base/result.h"
#include "identity/identity.h"
#include "json/value.h"
#include "wire/service.h"

namespace escapement::services::sts {

class StsService final : public wire::Service {
 public:
  // `identity` is borrowed and must outlive the service.
  explicit StsService(identity::Identity& identity) : identity_(identity) {}

  std::string_view model() const override { return "sts"; }
  bool is_inline(std::string_view operation) const override;
  bool has(std::string_view operation) const override;
  void handle(wire::Call call, wire::Respond respond) override;

 private:
  base::Result<json::Value> answer(const wire::Call& call);

  identity::Identity& identity_;
};

}  // namespace escapement::services::sts
