// GET /metrics in the Prometheus text format (version 0.0.4): what the server has done, and how late.
#pragma once

#include <string>

#include "engine/engine.h"
#include "functions/function_service.h"
#include "store/store.h"
#include "wire/dispatcher.h"

namespace escapement::app {

std::string render_metrics(const engine::Engine& engine, const functions::FunctionService& functions,
                           const wire::Dispatcher& dispatcher, const store::Store& store);

}  // namespace escapement::app
