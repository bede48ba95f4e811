#include "asl/diagnostics.h"

#include <algorithm>

namespace escapement::asl {

bool has_error(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::string invalid_definition_message(const std::vector<Diagnostic>& diagnostics) {
  std::string out = "Invalid State Machine Definition: '";
  bool first = true;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Severity::error) continue;
    if (!first) out += ", ";
    first = false;
    out += diagnostic.code + ": " + diagnostic.message;
    // A syntax error carries its place in its own message; where any other place is unknown, AWS prints null.
    if (diagnostic.code != "INVALID_JSON_DESCRIPTION")
      out += " at " + (diagnostic.location.empty() ? "null" : diagnostic.location);
  }
  return out + "'";
}

json::Value to_json(const Diagnostic& diagnostic) {
  json::ObjectBuilder out;
  out.set("severity", diagnostic.severity == Severity::error ? "ERROR" : "WARNING");
  out.set("code", diagnostic.code);
  out.set("message", diagnostic.message);
  out.set_if(!diagnostic.location.empty(), "location", diagnostic.location);
  return std::move(out).build();
}

}  // namespace escapement::asl
