// The IAM API as a service of the wire layer. IAM is global: regions play no part.
//
// Threading: see wire/service.h; all operations run on the blocking pool.
#pragma once

#include <string_view>

#include "services/iam/operations.h"
#include "wire/service.h"

namespace escapement::services::iam {

class IamService final : public wire::Service {
 public:
  // `identity` is borrowed and must outlive the service.
  explicit IamService(identity::Identity& identity, Quotas quotas = {}) : operations_{identity, quotas} {}

  std::string_view model() const override { return "iam"; }
  bool is_inline(std::string_view) const override { return false; }
  bool has(std::string_view operation) const override;
  void handle(wire::Call call, wire::Respond respond) override;

 private:
  Answer answer(const wire::Call& call);

  Operations operations_;
};

}  // namespace escapement::services::iam
