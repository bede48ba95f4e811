// The rest of a FunctionService for tests that script invoke() and care for nothing else.
#pragma once

#include <cstdlib>

#include "functions/function_service.h"

namespace escapement::functions {

class ScriptedFunctions : public FunctionService {
 public:
  void invoke(InvokeRequest, InvokeDone) override {}
  void cancel(std::string) override {}
  void function_changed(const std::string&, const std::string&) override {}
  void set_endpoint_url(std::string) override {}
  CodeStore& code_store() override { std::abort(); }
  Figures figures() const override { return {}; }
  void stop(base::Duration) override {}
};

}  // namespace escapement::functions
