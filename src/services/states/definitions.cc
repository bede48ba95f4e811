#include "services/states/definitions.h"

#include "asl/compile.h"
#include "asl/diagnostics.h"
#include "services/states/operations.h"

namespace escapement::services::states {

base::Result<std::shared_ptr<const asl::Program>> compile_definition(std::string_view definition, bool express) {
  asl::CompileOptions options;
  options.type = express ? asl::MachineType::express : asl::MachineType::standard;
  asl::Compilation compilation = asl::compile(definition, options);
  if (compilation.program) return std::move(compilation.program);
  return base::make_error(base::ErrorCode::invalid, "InvalidDefinition",
                          asl::invalid_definition_message(compilation.diagnostics));
}

Answer validate_state_machine_definition(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "states:ValidateStateMachineDefinition", "*"));
  asl::CompileOptions options;
  options.type = text(call.input, "type") == "EXPRESS" ? asl::MachineType::express : asl::MachineType::standard;
  const asl::Compilation compilation = asl::compile(text(call.input, "definition"), options);

  const bool wants_warnings = text(call.input, "severity") == "WARNING";
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
