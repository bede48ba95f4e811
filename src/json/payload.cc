#include "json/payload.h"

#include "base/assert.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::json {

Payload Payload::from_text(std::string text) {
  auto body = std::make_shared<Body>();
  body->text = std::move(text);
  return Payload(std::move(body));
}

Payload Payload::from_value(Value value) {
  auto body = std::make_shared<Body>();
  body->value = std::move(value);
  return Payload(std::move(body));
}

const std::string& Payload::text() const {
  ESC_ASSERT(body_ != nullptr);
  if (!body_->text) body_->text = print(*body_->value);
  return *body_->text;
}

base::Result<Value> Payload::value() const {
  ESC_ASSERT(body_ != nullptr);
  if (!body_->value) {
    ESC_TRY(body_->value, parse(*body_->text));
  }
  return *body_->value;
}

}  // namespace escapement::json
