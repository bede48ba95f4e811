#include "query/jsonpath/reference_path.h"

#include "query/jsonpath/compiled.h"

namespace escapement::jsonpath {
namespace {

using base::ErrorCode;
using base::Result;
using json::Value;

constexpr std::uint32_t kIndexMax = 100'000;

std::string step_text(const ReferencePath::Step& step) {
  if (const auto* name = std::get_if<std::string>(&step)) return *name;
  return "[" + std::to_string(std::get<std::uint32_t>(step)) + "]";
}

Result<Value> set_at(std::span<const ReferencePath::Step> steps, const Value& document, bool absent,
                     const Value& value);

Result<Value> set_in_object(std::span<const ReferencePath::Step> steps, const std::string& name, const Value& document,
                            const Value& value) {
  json::ObjectBuilder members = document.is_object() ? json::ObjectBuilder(document) : json::ObjectBuilder();
  const Value* old = document.find(name);
  ESC_TRY(Value child, set_at(steps.subspan(1), old != nullptr ? *old : Value(), old == nullptr, value));
  members.set(name, std::move(child));
  return std::move(members).build();
}

Result<Value> set_in_array(std::span<const ReferencePath::Step> steps, std::uint32_t index, const Value& document,
                           const Value& value) {
  std::vector<Value> items(document.items().begin(), document.items().end());
  if (index >= items.size()) items.resize(index + 1);
  ESC_TRY(items[index], set_at(steps.subspan(1), items[index], items[index].is_null(), value));
  return Value::array(std::move(items));
}

// `absent`: nothing stands here yet, so a container may be made.
Result<Value> set_at(std::span<const ReferencePath::Step> steps, const Value& document, bool absent,
                     const Value& value) {
  if (steps.empty()) return value;
  if (const auto* name = std::get_if<std::string>(&steps[0]); name != nullptr && (document.is_object() || absent)) {
    return set_in_object(steps, *name, document, value);
  }
  if (const auto* index = std::get_if<std::uint32_t>(&steps[0]); index != nullptr && document.is_array()) {
    return set_in_array(steps, *index, document, value);
  }
  return base::make_error(ErrorCode::invalid, "Unable to apply step \"" + step_text(steps[0]) + "\"");
}

}  // namespace

Result<ReferencePath> ReferencePath::compile(std::string_view text) {
  ESC_TRY(Path path, Path::compile(text));
  ReferencePath out;
  out.text_ = std::string(text);
  if (path.root() != Root::input)
    return base::make_error(ErrorCode::invalid, "Value is not a Reference Path: it must begin with '$'");
  for (const jsonpath::Step& step : path.steps()) {
    if (step.kind == jsonpath::Step::Kind::property) {
      out.steps_.emplace_back(step.names[0]);
    } else if (step.kind == jsonpath::Step::Kind::index && step.indices[0] >= 0 && step.indices[0] <= kIndexMax) {
      out.steps_.emplace_back(static_cast<std::uint32_t>(step.indices[0]));
    } else {
      return base::make_error(ErrorCode::invalid, "Value is not a Reference Path: it must name a single place");
    }
  }
  return out;
}

Result<Value> ReferencePath::set(const Value& document, const Value& value) const {
  return set_at(steps_, document, false, value);
}

}  // namespace escapement::jsonpath
