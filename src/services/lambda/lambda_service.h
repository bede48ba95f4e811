// The Lambda API as a service of the wire layer.
//
// Threading: see wire/service.h. Invoke is inline: it asks for permission in memory and hands over to the function
// service.
#pragma once

#include <string_view>

#include "services/lambda/operations.h"
#include "wire/service.h"

namespace escapement::services::lambda {

class LambdaService final : public wire::Service {
 public:
  // What `operations` refers to must outlive the service. Removes archives that no function or layer uses any more.
  explicit LambdaService(Operations operations);

  std::string_view model() const override { return "lambda"; }
  bool is_inline(std::string_view operation) const override;
  bool has(std::string_view operation) const override;
  void handle(wire::Call call, wire::Respond respond) override;

 private:
  Operations operations_;
};

}  // namespace escapement::services::lambda
