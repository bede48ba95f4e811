#include "services/states/definitions.h"

#include "asl/compile.h"
#include "asl/diagnostics.h"
#include "services/states/operations.h"
#include "wire/model.h"

namespace escapement::services::states {

namespace {

// Of services whose API is at hand the operations are known; other services may have any.
bool is_known(const asl::Resource& resource) {
  if (resource.kind != asl::Resource::Kind::sdk) return true;
  std::string_view service = resource.service;
  if (service == "sfn") service = "stepfunctions";
  if (service == "cloudwatchlogs") service = "logs";
  const wire::Model* model = wire::find_model(service);
  if (!model) return true;
  std::string name = resource.action;
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return model->find_operation(name) != nullptr;
}

asl::CompileOptions options_for(bool express) {
  asl::CompileOptions options;
  options.type = express ? asl::MachineType::express : asl::MachineType::standard;
  options.is_known = is_known;
  return options;
}

}  // namespace

base::Result<std::shared_ptr<const asl::Program>> compile_definition(std::string_view definition, bool express) {
  asl::Compilation compilation = asl::compile(definition, options_for(express));
  if (compilation.program) return std::move(compilation.program);
  return base::make_error(base::ErrorCode::invalid, "InvalidDefinition",
                          asl::invalid_definition_message(compilation.diagnostics));
}

Answer validate_state_machine_definition(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "states:ValidateStateMachineDefinition", "*"));
  const asl::Compilation compilation =
      asl::compile(member_text(call.input, "definition"), options_for(member_text(call.input, "type") == "EXPRESS"));

  const bool wants_warnings = member_text(call.input, "severity") == "WARNING";
  const std::size_t shown_max = page_size(call.input);
  std::vector<json::Value> shown;
  bool truncated = false;
  for (const asl::Diagnostic& diagnostic : compilation.diagnostics) {
    if (diagnostic.severity == asl::Severity::warning && !wants_warnings) continue;
    if (shown.size() == shown_max) {
      truncated = true;
      break;
    }
    shown.push_back(asl::to_json(diagnostic));
  }
  return json::Value::object({{"diagnostics", json::Value::array(std::move(shown))},
                              {"result", asl::has_error(compilation.diagnostics) ? "FAIL" : "OK"},
                              {"truncated", truncated}});
}

}  // namespace escapement::services::states
