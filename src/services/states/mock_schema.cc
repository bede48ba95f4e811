#include "services/states/mock_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "asl/resource.h"
#include "base/embedded.h"
#include "json/parse.h"
#include "services/states/errors.h"
#include "wire/model.h"

namespace escapement::embedded {
std::span<const base::EmbeddedFile> mock_models();
}

namespace escapement::services::states {
namespace {

using wire::MemberShape;
using wire::Shape;
using wire::ShapeType;

char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string capitalised(std::string_view name) {
  std::string out(name);
  if (!out.empty()) out[0] = capital(out[0]);
  return out;
}

// The models embedded here, parsed on the first call.
const std::vector<wire::Model>& foreign_models() {
  static const std::vector<wire::Model> models = [] {
    std::vector<wire::Model> parsed;
    for (const base::EmbeddedFile& file : embedded::mock_models()) {
      auto model =
          wire::Model::parse(std::string(file.name.substr(0, file.name.find('.'))), file.content, json::Value());
      if (model) parsed.push_back(std::move(*model));
    }
    return parsed;
  }();
  return models;
}

const wire::Model* model_of(std::string_view service) {
  if (service == "states" || service == "sfn") return wire::find_model("stepfunctions");
  if (service == "cloudwatchlogs") return wire::find_model("logs");
  if (service == "eventbridge") service = "events";
  if (const wire::Model* known = wire::find_model(service)) return known;
  for (const wire::Model& model : foreign_models()) {
    if (model.name == service) return &model;
  }
  return nullptr;
}

// What the integration answers with: nullptr where that is not the operation's plain output.
const Shape* output_of(std::string_view resource_arn) {
  const auto resource = asl::parse_resource(resource_arn);
  if (!resource || (resource->kind != asl::Resource::Kind::integration && resource->kind != asl::Resource::Kind::sdk))
    return nullptr;
  if (resource->pattern != asl::Resource::Pattern::request_response) return nullptr;
  const wire::Model* model = model_of(resource->service);
  const wire::Operation* operation = model ? model->find_operation(capitalised(resource->action)) : nullptr;
  return operation ? operation->output : nullptr;
}

class Checker {
 public:
  explicit Checker(MockCheck check) : check_(check) {}

  base::Result<void> check(std::string_view field, const json::Value& value, const Shape& shape) const {
    switch (shape.type) {
      case ShapeType::structure:
        return check_structure(field, value, shape);
      case ShapeType::list:
        if (!value.is_array()) return must_be(field, "an array");
        for (const json::Value& item : value.items()) {
          ESC_CHECK(check(field, item, *shape.element.shape));
        }
        return {};
      case ShapeType::map:
        if (!value.is_object()) return must_be(field, "an object");
        for (const json::Member& member : value.members()) {
          ESC_CHECK(check(member.key, member.value, *shape.element.shape));
        }
        return {};
      case ShapeType::integer:
      case ShapeType::real:
        if (!value.is_number()) return must_be(field, "a number");
        if (shape.min && value.as_double() < *shape.min) return wrong(field, "is less than the minimum value");
        if (const auto max = max_of(shape); max && value.as_double() > *max)
          return wrong(field, "exceeds the maximum value");
        return {};
      case ShapeType::boolean:
        return value.is_bool() ? base::Result<void>() : must_be(field, "a boolean");
      case ShapeType::timestamp:
        return value.is_string() ? base::Result<void>() : must_be(field, "a string");
      case ShapeType::string:
      case ShapeType::blob:
        return check_text(field, value, shape);
    }
    return {};
  }

 private:
  // The public model allows memory that TestState does not.
  static std::optional<double> max_of(const Shape& shape) {
    return shape.name == "MemorySize" ? std::optional<double>(10'240) : shape.max;
  }

  static base::Error wrong(std::string_view field, std::string_view what) {
    return validation(fmt::format("Mock result schema validation error: Field '{}' {}", field, what));
  }
  static base::Error must_be(std::string_view field, std::string_view what) {
    return wrong(field, fmt::format("must be {}", what));
  }

  base::Result<void> check_structure(std::string_view field, const json::Value& value, const Shape& shape) const {
    if (!value.is_object()) return must_be(field, "an object");
    for (const MemberShape& member : shape.members) {
      const std::string name = capitalised(member.name);
      const json::Value* found = value.find(name);
      if (!found && member.required && check_ == MockCheck::strict) {
        return validation(fmt::format("Mock result schema validation error: Required field '{}' is missing", name));
      }
      // Lambda's Payload is whatever the function answers.
      if (!found || (member.name == "Payload" && member.shape->type == ShapeType::blob)) continue;
      ESC_CHECK(check(name, *found, *member.shape));
    }
    return {};
  }

  static base::Result<void> check_text(std::string_view field, const json::Value& value, const Shape& shape) {
    if (!value.is_string()) return must_be(field, "a string");
    const std::string& text = value.as_string();
    if (shape.min && static_cast<double>(text.size()) < *shape.min)
      return wrong(field, "is smaller than the minimum length");
    if (shape.max && static_cast<double>(text.size()) > *shape.max) return wrong(field, "exceeds the maximum length");
    if (!shape.enumeration.empty() &&
        std::find(shape.enumeration.begin(), shape.enumeration.end(), text) == shape.enumeration.end()) {
      return wrong(field, "is not an expected value");
    }
    return {};
  }

  MockCheck check_;
};

}  // namespace

base::Result<void> check_mock_result(std::string_view resource, const std::string& result, MockCheck check) {
  const Shape* shape = output_of(resource);
  if (!shape) return {};
  ESC_TRY(const json::Value value, json::parse(result));
  return Checker(check).check("result", value, *shape);
}

}  // namespace escapement::services::states
