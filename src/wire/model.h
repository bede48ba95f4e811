// An AWS API model as tables: operations, shapes, constraints. Read once at start from the embedded files, immutable
// afterwards; every pointer and view here lives as long as the process.
//
// Only what the wire needs is kept. Shapes may be recursive, so they refer to each other by pointer.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "wire/pattern.h"

namespace escapement::wire {

enum class ShapeType : std::uint8_t { structure, list, map, string, integer, real, boolean, timestamp, blob };
enum class Location : std::uint8_t { body, uri, query, header, headers, status };
enum class TimestampFormat : std::uint8_t { by_location, epoch, iso8601, rfc822 };
enum class Protocol : std::uint8_t { json, rest_json, query };

struct Shape;

struct MemberShape {
  std::string name;       // as in the model; also the name in a Value
  std::string wire_name;  // on the wire: locationName, or the name
  std::string path_name;  // in validation messages: the name with its first letter small
  const Shape* shape = nullptr;
  Location location = Location::body;
  TimestampFormat timestamp_format = TimestampFormat::by_location;
  bool required = false;
  bool flattened = false;
};

// What an error shape says about its answer.
struct ErrorTraits {
  std::string code;                      // on the wire: error.code, or the shape's name
  std::string message_name = "message";  // "message" or "Message"
  int status = 400;
  bool sender_fault = true;
  bool has_type = false;  // Lambda's `Type`
};

struct Shape {
  std::string name;
  ShapeType type = ShapeType::structure;
  std::vector<MemberShape> members;      // structure
  const MemberShape* payload = nullptr;  // structure: the member that is the whole body
  MemberShape element;                   // list: the member; map: the value
  MemberShape key;                       // map
  std::optional<double> min;
  std::optional<double> max;
  std::vector<std::string> enumeration;
  std::vector<std::string> enumeration_message;  // the set in the order of the service's messages
  std::optional<Pattern> pattern;
  bool wide_integer = false;  // "long" rather than "integer"
  bool sensitive = false;
  bool flattened = false;
  bool is_event_stream = false;
  TimestampFormat timestamp_format = TimestampFormat::by_location;
  std::optional<ErrorTraits> error;
  // Some member below, or the shape itself, is a blob or a timestamp, whose form in a Value is not that on the wire.
  bool needs_conversion = false;
  // Some constraint that validate() checks holds here or below.
  bool has_constraints = false;

  const MemberShape* find_member(std::string_view member_name) const;
};

struct UriSegment {
  std::string text;  // literal, or the label's name
  bool is_label = false;
  bool is_greedy = false;
};

struct Operation {
  std::string name;
  std::string method = "POST";
  std::vector<UriSegment> path;
  std::vector<std::pair<std::string, std::string>> fixed_query;  // "?List=ALL" of the template
  int status = 200;
  const Shape* input = nullptr;  // nullptr: none
  const Shape* output = nullptr;
  std::string result_wrapper;
  bool unsigned_allowed = false;  // authtype none
};

class Model {
 public:
  // `text` is a service model (api-2.json form); `corrections` an object of shape name to replaced members, or null.
  // Errors: corrupt.
  static base::Result<Model> parse(std::string name, std::string_view text, const json::Value& corrections);

  Model(Model&&) = default;
  Model& operator=(Model&&) = default;

  std::string name;           // "stepfunctions"
  std::string signing_name;   // "states"
  std::string full_name;      // "AWS Step Functions"
  std::string version;        // "2016-11-23"
  std::string target_prefix;  // "AWSStepFunctions"; json only
  std::string json_version;   // "1.0"
  std::string xml_namespace;
  Protocol protocol = Protocol::json;
  // Under which name a broken constraint is told.
  std::string validation_error = "ValidationException";
  bool hides_values = false;  // IAM repeats neither values nor enumerations in its validation messages

  const Operation* find_operation(std::string_view operation) const;
  // By the shape's name or the code on the wire; nullptr: the model does not know it.
  const Shape* find_error(std::string_view error) const;
  const std::deque<Operation>& operations() const { return operations_; }
  const Shape* find_shape(std::string_view shape) const;

 private:
  friend class ModelReader;
  Model() = default;

  std::deque<Shape> shapes_;  // a deque keeps its elements in place
  std::deque<Operation> operations_;
  std::unordered_map<std::string_view, const Operation*> operation_index_;
  std::unordered_map<std::string_view, const Shape*> error_index_;
  std::unordered_map<std::string_view, Shape*> shape_index_;
};

// All embedded models, parsed on the first call (about 20 ms). Any thread.
const std::vector<Model>& models();
const Model* find_model(std::string_view name);

}  // namespace escapement::wire
