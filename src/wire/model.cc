#include "wire/model.h"

#include <algorithm>
#include <bit>
#include <span>

#include "base/assert.h"
#include "base/embedded.h"
#include "json/parse.h"

namespace escapement::embedded {
std::span<const base::EmbeddedFile> models();
}

namespace escapement::wire {
namespace {

using json::Value;

std::string text_of(const Value& object, std::string_view key, std::string_view otherwise = {}) {
  const Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string(otherwise);
}

bool is_set(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::string with_small_first_letter(std::string name) {
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] + ('a' - 'A'));
  return name;
}

TimestampFormat timestamp_format(const Value& object) {
  const std::string text = text_of(object, "timestampFormat");
  if (text == "unixTimestamp") return TimestampFormat::epoch;
  if (text == "iso8601") return TimestampFormat::iso8601;
  if (text == "rfc822") return TimestampFormat::rfc822;
  return TimestampFormat::by_location;
}

Location location_named(std::string_view name) {
  if (name == "uri") return Location::uri;
  if (name == "querystring") return Location::query;
  if (name == "header") return Location::header;
  if (name == "headers") return Location::headers;
  if (name == "statusCode") return Location::status;
  return Location::body;
}

ShapeType type_named(std::string_view name) {
  if (name == "structure") return ShapeType::structure;
  if (name == "list") return ShapeType::list;
  if (name == "map") return ShapeType::map;
  if (name == "integer" || name == "long" || name == "short" || name == "byte" || name == "bigInteger")
    return ShapeType::integer;
  if (name == "float" || name == "double" || name == "bigDecimal") return ShapeType::real;
  if (name == "boolean") return ShapeType::boolean;
  if (name == "timestamp") return ShapeType::timestamp;
  if (name == "blob") return ShapeType::blob;
  return ShapeType::string;
}

// The services list an enumeration in messages as Java's HashSet iterates: by bucket, where the table is the smallest
// power of two (at least 16) that is no more than three quarters full.
std::vector<std::string> in_hash_order(std::vector<std::string> values) {
  const std::size_t buckets = std::max<std::size_t>(16, std::bit_ceil((values.size() * 4 + 2) / 3));
  const auto bucket = [&](const std::string& text) {
    std::uint32_t hash = 0;
    for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
    return (hash ^ hash >> 16) & (buckets - 1);
  };
  std::stable_sort(values.begin(), values.end(), [&](const auto& a, const auto& b) { return bucket(a) < bucket(b); });
  return values;
}

std::vector<std::string> strings_of(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.push_back(item.as_string());
  return out;
}

}  // namespace

const MemberShape* Shape::find_member(std::string_view member_name) const {
  for (const MemberShape& member : members) {
    if (member.name == member_name) return &member;
  }
  return nullptr;
}

class ModelReader {
 public:
  ModelReader(Model& model, const Value& root, const Value& corrections)
      : model_(model), root_(root), corrections_(corrections) {}

  base::Result<void> read() {
    const Value* metadata = root_.find("metadata");
    const Value* shapes = root_.find("shapes");
    const Value* operations = root_.find("operations");
    if (metadata == nullptr || shapes == nullptr || operations == nullptr) return corrupt("a part is missing");
    ESC_CHECK(read_metadata(*metadata));
    for (const auto& [name, definition] : shapes->members()) {
      Shape& shape = model_.shapes_.emplace_back();
      shape.name = name;
      model_.shape_index_.emplace(shape.name, &shape);
    }
    for (const auto& [name, definition] : shapes->members())
      ESC_CHECK(read_shape(*model_.shape_index_.at(name), corrected(name, definition)));
    mark_inherited();
    for (const auto& [name, definition] : operations->members()) ESC_CHECK(read_operation(definition));
    for (const Operation& operation : model_.operations_) model_.operation_index_.emplace(operation.name, &operation);
    for (const Shape& shape : model_.shapes_) {
      if (!shape.error) continue;
      model_.error_index_.emplace(shape.name, &shape);
      model_.error_index_.emplace(shape.error->code, &shape);
    }
    return {};
  }

 private:
  base::Error corrupt(std::string_view what) const {
    return base::make_error(base::ErrorCode::corrupt,
                            "the API model " + model_.name + " cannot be read: " + std::string(what));
  }

  base::Result<void> read_metadata(const Value& metadata) {
    const std::string protocol = text_of(metadata, "protocol");
    if (protocol == "json") {
      model_.protocol = Protocol::json;
    } else if (protocol == "rest-json") {
      model_.protocol = Protocol::rest_json;
    } else if (protocol == "query") {
      model_.protocol = Protocol::query;
    } else {
      return corrupt("unknown protocol " + protocol);
    }
    model_.signing_name = text_of(metadata, "signingName", text_of(metadata, "endpointPrefix"));
    model_.full_name = text_of(metadata, "serviceFullName");
    model_.version = text_of(metadata, "apiVersion");
    model_.target_prefix = text_of(metadata, "targetPrefix");
    model_.json_version = text_of(metadata, "jsonVersion", "1.0");
    model_.xml_namespace = text_of(metadata, "xmlNamespace");
    model_.hides_values = model_.signing_name == "iam";
    if (model_.signing_name == "logs") model_.validation_error = "InvalidParameterException";
    return {};
  }

  Value corrected(std::string_view name, const Value& definition) const {
    const Value* correction = corrections_.find(name);
    if (correction == nullptr) return definition;
    json::ObjectBuilder merged(definition);
    for (const auto& [key, value] : correction->members()) {
      if (value.is_null()) {
        merged.erase(key);
      } else {
        merged.set(key, value);
      }
    }
    return std::move(merged).build();
  }

  const Shape* shape_named(std::string_view name) const {
    const auto at = model_.shape_index_.find(name);
    return at == model_.shape_index_.end() ? nullptr : at->second;
  }

  base::Result<MemberShape> read_member(std::string name, const Value& reference) const {
    MemberShape member;
    member.shape = shape_named(text_of(reference, "shape"));
    if (member.shape == nullptr) return corrupt("unknown shape " + text_of(reference, "shape"));
    member.wire_name = text_of(reference, "locationName", name);
    member.path_name = with_small_first_letter(name);
    member.name = std::move(name);
    member.location = location_named(text_of(reference, "location"));
    member.timestamp_format = timestamp_format(reference);
    member.flattened = is_set(reference, "flattened");
    return member;
  }

  base::Result<void> read_shape(Shape& shape, const Value& definition) {
    const std::string type = text_of(definition, "type");
    shape.type = type_named(type);
    shape.wide_integer = type == "long";
    shape.sensitive = is_set(definition, "sensitive");
    shape.flattened = is_set(definition, "flattened");
    shape.is_event_stream = is_set(definition, "eventstream");
    shape.timestamp_format = timestamp_format(definition);
    if (const Value* min = definition.find("min")) shape.min = min->as_double();
    if (const Value* max = definition.find("max")) shape.max = max->as_double();
    if (const Value* pattern = definition.find("pattern")) shape.pattern.emplace(pattern->as_string());
    if (const Value* values = definition.find("enum")) {
      shape.enumeration = strings_of(*values);
      shape.enumeration_message = in_hash_order(shape.enumeration);
    }
    if (const Value* values = definition.find("enumMessage")) shape.enumeration_message = strings_of(*values);
    if (shape.type == ShapeType::list) {
      ESC_TRY(shape.element, read_member("member", *definition.find("member")));
    }
    if (shape.type == ShapeType::map) {
      ESC_TRY(shape.key, read_member("key", *definition.find("key")));
      ESC_TRY(shape.element, read_member("value", *definition.find("value")));
    }
    if (shape.type == ShapeType::structure) ESC_CHECK(read_members(shape, definition));
    if (is_set(definition, "exception")) read_error(shape, definition);
    return {};
  }

  base::Result<void> read_members(Shape& shape, const Value& definition) {
    const Value* members = definition.find("members");
    if (members == nullptr) return {};
    shape.members.reserve(members->size());
    for (const auto& [name, reference] : members->members()) {
      ESC_TRY(MemberShape member, read_member(name, reference));
      shape.members.push_back(std::move(member));
    }
    if (const Value* required = definition.find("required")) {
      for (const Value& name : required->items()) {
        for (MemberShape& member : shape.members) member.required = member.required || member.name == name.as_string();
      }
    }
    if (const Value* shapes = definition.find("memberShapes")) {
      for (MemberShape& member : shape.members) {
        const Value* const name = shapes->find(member.name);
        if (name == nullptr) continue;
        member.shape = shape_named(name->as_string());
        if (member.shape == nullptr) return corrupt("unknown shape " + name->as_string());
      }
    }
    if (const Value* order = definition.find("memberOrder")) reorder(shape.members, strings_of(*order));
    const std::string payload = text_of(definition, "payload");
    if (!payload.empty()) shape.payload = shape.find_member(payload);
    return {};
  }

  static void reorder(std::vector<MemberShape>& members, const std::vector<std::string>& order) {
    const auto place = [&](const MemberShape& member) {
      return std::find(order.begin(), order.end(), member.name) - order.begin();
    };
    std::stable_sort(members.begin(), members.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  }

  static void read_error(Shape& shape, const Value& definition) {
    ErrorTraits traits;
    traits.code = shape.name;
    if (is_set(definition, "fault")) {
      traits.status = 500;
      traits.sender_fault = false;
    }
    if (const Value* error = definition.find("error")) {
      traits.code = text_of(*error, "code", shape.name);
      if (const Value* status = error->find("httpStatusCode")) traits.status = static_cast<int>(status->as_int64());
      traits.sender_fault = is_set(*error, "senderFault") || traits.status < 500;
    }
    for (const MemberShape& member : shape.members) {
      if (member.name == "Message") traits.message_name = "Message";
      if (member.name == "Type") traits.has_type = true;
    }
    shape.error = std::move(traits);
  }

  static bool is_constrained(const Shape& shape) {
    bool constrained = shape.min || shape.max || shape.pattern || !shape.enumeration.empty();
    if (shape.key.shape != nullptr) constrained = constrained || shape.key.shape->has_constraints;
    if (shape.element.shape != nullptr) constrained = constrained || shape.element.shape->has_constraints;
    for (const MemberShape& member : shape.members)
      constrained = constrained || member.required || member.shape->has_constraints;
    return constrained;
  }

  static bool is_converted(const Shape& shape) {
    bool converted = shape.type == ShapeType::blob || shape.type == ShapeType::timestamp;
    if (shape.element.shape != nullptr) converted = converted || shape.element.shape->needs_conversion;
    for (const MemberShape& member : shape.members) converted = converted || member.shape->needs_conversion;
    return converted;
  }

  // What a shape has from those below it; repeated until nothing changes, since shapes are recursive.
  void mark_inherited() {
    for (bool changed = true; changed;) {
      changed = false;
      for (Shape& shape : model_.shapes_) {
        const bool converted = is_converted(shape);
        const bool constrained = is_constrained(shape);
        changed = changed || converted != shape.needs_conversion || constrained != shape.has_constraints;
        shape.needs_conversion = converted;
        shape.has_constraints = constrained;
      }
    }
  }

  base::Result<void> read_operation(const Value& definition) {
    Operation& operation = model_.operations_.emplace_back();
    operation.name = text_of(definition, "name");
    operation.unsigned_allowed = text_of(definition, "authtype") == "none";
    if (const Value* http = definition.find("http")) {
      operation.method = text_of(*http, "method", "POST");
      if (const Value* status = http->find("responseCode")) operation.status = static_cast<int>(status->as_int64());
      read_uri(operation, text_of(*http, "requestUri", "/"));
    }
    if (const Value* input = definition.find("input")) {
      operation.input = shape_named(text_of(*input, "shape"));
      if (operation.input == nullptr) return corrupt("unknown input of " + operation.name);
    }
    if (const Value* output = definition.find("output")) {
      operation.output = shape_named(text_of(*output, "shape"));
      operation.result_wrapper = text_of(*output, "resultWrapper");
      if (operation.output == nullptr) return corrupt("unknown output of " + operation.name);
    }
    return {};
  }

  static void read_uri(Operation& operation, std::string_view uri) {
    const std::size_t mark = uri.find('?');
    if (mark != std::string_view::npos) {
      std::string_view query = uri.substr(mark + 1);
      const std::size_t equals = std::min(query.find('='), query.size());
      operation.fixed_query.emplace_back(query.substr(0, equals),
                                         equals < query.size() ? query.substr(equals + 1) : "");
      uri = uri.substr(0, mark);
    }
    while (!uri.empty()) {
      uri.remove_prefix(1);  // the slash
      const std::size_t end = std::min(uri.find('/'), uri.size());
      const std::string_view part = uri.substr(0, end);
      uri.remove_prefix(end);
      if (part.empty()) continue;
      if (part.front() != '{') {
        operation.path.push_back({std::string(part), false, false});
        continue;
      }
      std::string_view label = part.substr(1, part.size() - 2);
      const bool greedy = label.ends_with('+');
      if (greedy) label.remove_suffix(1);
      operation.path.push_back({std::string(label), true, greedy});
    }
  }

  Model& model_;
  const Value& root_;
  const Value& corrections_;
};

base::Result<Model> Model::parse(std::string name, std::string_view text, const json::Value& corrections) {
  ESC_TRY(const Value root, json::parse(text));
  Model model;
  model.name = std::move(name);
  ESC_CHECK(ModelReader(model, root, corrections).read());
  return model;
}

const Operation* Model::find_operation(std::string_view operation) const {
  const auto at = operation_index_.find(operation);
  return at == operation_index_.end() ? nullptr : at->second;
}

const Shape* Model::find_error(std::string_view error) const {
  const auto at = error_index_.find(error);
  return at == error_index_.end() ? nullptr : at->second;
}

const Shape* Model::find_shape(std::string_view shape) const {
  const auto at = shape_index_.find(shape);
  return at == shape_index_.end() ? nullptr : at->second;
}

const std::vector<Model>& models() {
  static const std::vector<Model> all = [] {
    constexpr std::size_t kVersionSize = sizeof "-2016-11-23.json" - 1;
    Value corrections;
    for (const auto& file : embedded::models()) {
      if (file.name == "corrections.json") corrections = json::parse(file.content).value();
    }
    std::vector<Model> parsed;
    for (const auto& file : embedded::models()) {
      if (file.name == "corrections.json") continue;
      std::string name(file.name.substr(0, file.name.size() - kVersionSize));
      const Value* own = corrections.find(name);
      auto model = Model::parse(name, file.content, own != nullptr ? *own : Value());
      ESC_ASSERT(model.has_value());  // The files are part of the program and read in its tests.
      parsed.push_back(std::move(*model));
    }
    return parsed;
  }();
  return all;
}

const Model* find_model(std::string_view name) {
  for (const Model& model : models()) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

}  // namespace escapement::wire
