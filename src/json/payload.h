// A JSON text that travels through an execution: kept as it was written, parsed only when somebody looks inside.
//
// AWS keeps the spacing of input that no state changed and tells 1 from 1.0, so the text is the payload; the Value is a
// view of it. A payload that a state rebuilt starts from a Value and is printed when its text is first asked for.
// Copies share one body, and the same body is stored once per execution however many events and frames mention it.
//
// Threading: the lazily made half is not synchronised. A payload belongs to one thread at a time (it moves with its
// command into the partition thread). A half that has been made may be read from any thread: share a payload between
// threads only for text() after text() was called, and only for value() after value() was called.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace escapement::json {

class Payload {
 public:
  Payload() = default;  // absent
  static Payload from_text(std::string text);
  static Payload from_value(Value value);

  bool absent() const { return body_ == nullptr; }
  explicit operator bool() const { return body_ != nullptr; }

  const std::string& text() const;
  // Errors: invalid, if the text is not JSON.
  base::Result<Value> value() const;

  // Equal for copies of one payload (not merely for equal texts), as long as one of them lives; null when absent.
  const void* identity() const { return body_.get(); }
  // Whether no copy of this payload exists.
  bool is_sole_copy() const { return body_.use_count() == 1; }

 private:
  struct Body {
    std::optional<std::string> text;
    std::optional<Value> value;
  };
  explicit Payload(std::shared_ptr<Body> body) : body_(std::move(body)) {}
  std::shared_ptr<Body> body_;  // shared by every event, frame and command that mentions the payload
};

}  // namespace escapement::json
