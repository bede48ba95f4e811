// What each intrinsic function does. Limits are those of AWS's developer guide: 1,000 elements of a range, 10,000
// characters to encode, decode or hash. Numbers where whole ones are wanted are rounded, halves upwards.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>

#include "base/codec.h"
#include "base/digest.h"
#include "json/parse.h"
#include "json/print.h"
#include "query/intrinsics/node.h"

namespace escapement::intrinsics {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using json::Value;

constexpr std::size_t kRangeMax = 1'000;
constexpr std::size_t kTextCharactersMax = 10'000;
constexpr std::size_t kResultBytesMax = 8 * 1024 * 1024;

Error refuse(std::string message) { return base::make_error(ErrorCode::invalid, std::move(message)); }

Result<std::string> text_argument(const Call& call, std::size_t index) {
  const Value& value = call.arguments[index];
  if (!value.is_string())
    return refuse(fmt::format("argument {} must be a string, but was: {}", index + 1, json::print(value)));
  return value.as_string();
}

Result<std::span<const Value>> array_argument(const Call& call, std::size_t index) {
  const Value& value = call.arguments[index];
  if (!value.is_array())
    return refuse(fmt::format("argument {} must be an array, but was: {}", index + 1, json::print(value)));
  return value.items();
}

Result<std::int64_t> whole_argument(const Call& call, std::size_t index) {
  const Value& value = call.arguments[index];
  if (value.is_int64()) return value.as_int64();
  const double number = value.is_number() ? std::floor(value.as_double() + 0.5) : NAN;
  if (!(std::fabs(number) < 9.2e18)) {
    return refuse(fmt::format("argument {} must be a number, but was: {}", index + 1, json::print(value)));
  }
  return static_cast<std::int64_t>(number);
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Result<std::string> bounded_text_argument(const Call& call, std::size_t index) {
  ESC_TRY(std::string text, text_argument(call, index));
  if (character_count(text) > kTextCharactersMax) return refuse("the text is longer than 10,000 characters");
  return text;
}

// 1 and 1.0 are two values here, as in AWS's arrays; containers are compared member by member.
bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.is_integer() == b.is_integer() && a == b;
  if (a.is_array() && b.is_array()) {
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(), same);
  }
  if (!a.is_object() || !b.is_object()) return a == b;
  return a.size() == b.size() && std::all_of(a.members().begin(), a.members().end(), [&](const json::Member& member) {
           const Value* other = b.find(member.key);
           return other != nullptr && same(member.value, *other);
         });
}

// As Java prints its collections, which is what States.Format shows: {a=1, b=[x, y]}.
void display_to(std::string& out, const Value& value) {
  if (value.is_string()) {
    out += value.as_string();
  } else if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      display_to(out, value[i]);
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const json::Member& member : value.members()) {
      if (!first) out += ", ";
      first = false;
      out += member.key + "=";
      display_to(out, member.value);
    }
    out += '}';
  } else {
    json::print_to(out, value);
  }
}

Result<Value> format(const Call& call) {
  std::string pattern;
  if (call.raw_template != nullptr && call.arguments[0].is_string()) {
    pattern = *call.raw_template;
  } else {
    ESC_TRY(pattern, text_argument(call, 0));
  }
  std::string out;
  std::size_t next = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (pattern[i] == '{' && i + 1 < pattern.size() && pattern[i + 1] == '}') {
      ++i;
      if (next >= call.arguments.size()) return refuse("the template has more {} than there are arguments");
      display_to(out, call.arguments[next++]);
      if (out.size() > kResultBytesMax) return refuse("the result is too long");
    } else {
      out += pattern[i];
    }
  }
  if (next != call.arguments.size()) return refuse("the template has fewer {} than there are arguments");
  return Value(std::move(out));
}

Result<Value> string_to_json(const Call& call) {
  ESC_TRY(const std::string text, text_argument(call, 0));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return Value();
  auto value = json::parse(text);
  if (!value) return refuse(value.error().message);
  return value;
}

Result<Value> array_partition(const Call& call) {
  ESC_TRY(const auto items, array_argument(call, 0));
  ESC_TRY(const std::int64_t size, whole_argument(call, 1));
  if (size <= 0) return refuse("the chunk size must be a positive number");
  std::vector<Value> chunks;
  const auto chunk_size = static_cast<std::size_t>(size);
  for (std::size_t i = 0; i < items.size(); i += std::min(chunk_size, items.size() - i)) {
    const auto part = items.subspan(i, std::min(chunk_size, items.size() - i));
    chunks.push_back(Value::array({part.begin(), part.end()}));
  }
  return Value::array(std::move(chunks));
}

Result<Value> array_contains(const Call& call) {
  ESC_TRY(const auto items, array_argument(call, 0));
  return Value(
      std::any_of(items.begin(), items.end(), [&](const Value& item) { return same(item, call.arguments[1]); }));
}

Result<Value> array_range(const Call& call) {
  ESC_TRY(const std::int64_t first, whole_argument(call, 0));
  ESC_TRY(const std::int64_t last, whole_argument(call, 1));
  ESC_TRY(const std::int64_t step, whole_argument(call, 2));
  if (step == 0) return refuse("the step must not be 0");
  std::vector<Value> items;
  for (std::int64_t at = first; step > 0 ? at <= last : at >= last;) {
    if (items.size() == kRangeMax) return refuse("the range has more than 1,000 elements");
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return Value::array(std::move(items));
}

Result<Value> array_get_item(const Call& call) {
  ESC_TRY(const auto items, array_argument(call, 0));
  ESC_TRY(const std::int64_t index, whole_argument(call, 1));
  if (index < 0 || index >= static_cast<std::int64_t>(items.size())) {
    return refuse(fmt::format("index {} is outside the array of {} items", index, items.size()));
  }
  return items[static_cast<std::size_t>(index)];
}

// A text that two values have in common exactly if they are the same: members in the order of their names.
void canonical_to(std::string& out, const Value& value) {
  if (value.is_array()) {
    out += '[';
    for (const Value& item : value.items()) {
      canonical_to(out, item);
      out += ',';
    }
    out += ']';
  } else if (value.is_object()) {
    std::vector<const json::Member*> members;
    for (const json::Member& member : value.members()) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    out += '{';
    for (const json::Member* member : members) {
      json::print_string_to(out, member->key);
      out += ':';
      canonical_to(out, member->value);
      out += ',';
    }
    out += '}';
  } else {
    json::print_to(out, value);
  }
}

Result<Value> array_unique(const Call& call) {
  ESC_TRY(const auto items, array_argument(call, 0));
  std::vector<Value> out;
  std::unordered_set<std::string> seen;
  for (const Value& item : items) {
    std::string text;
    canonical_to(text, item);
    if (seen.insert(std::move(text)).second) out.push_back(item);
  }
  return Value::array(std::move(out));
}

Result<Value> base64_decode(const Call& call) {
  ESC_TRY(const std::string text, bounded_text_argument(call, 0));
  auto bytes = base::from_base64(text);
  if (!bytes) return refuse("the text is not valid Base64");
  if (!base::is_valid_utf8(*bytes)) return refuse("the decoded bytes are not UTF-8");
  return Value(std::move(*bytes));
}

Result<Value> hash(const Call& call) {
  std::string data = call.arguments[0].is_string() ? call.arguments[0].as_string() : json::print(call.arguments[0]);
  if (character_count(data) > kTextCharactersMax) return refuse("the data is longer than 10,000 characters");
  ESC_TRY(const std::string algorithm, text_argument(call, 1));
  const auto digest = base::digest(algorithm, data);
  if (!digest)
    return refuse(fmt::format("the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, but was: {}", algorithm));
  return Value(base::to_hex(*digest));
}

Result<Value> json_merge(const Call& call) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (!call.arguments[i].is_object()) {
      return refuse(fmt::format("argument {} must be an object, but was: {}", i + 1, json::print(call.arguments[i])));
    }
  }
  if (!call.arguments[2].is_bool()) return refuse("argument 3 must be a boolean");
  if (call.arguments[2].as_bool()) return refuse("deep merging is not supported: argument 3 must be false");
  std::vector<json::Member> members(call.arguments[0].members().begin(), call.arguments[0].members().end());
  members.insert(members.end(), call.arguments[1].members().begin(), call.arguments[1].members().end());
  return Value::object(std::move(members));  // a repeated key keeps its first place and its last value
}

Result<Value> math_random(const Call& call) {
  ESC_TRY(const std::int64_t start, whole_argument(call, 0));
  ESC_TRY(const std::int64_t end, whole_argument(call, 1));
  if (start >= end) return refuse("the start number must be less than the end number");
  const auto span = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start);
  std::uint64_t bits = 0;
  if (call.arguments.size() == 3) {
    ESC_TRY(const std::int64_t seed, whole_argument(call, 2));
    base::SplitMix seeded(static_cast<std::uint64_t>(seed));
    bits = seeded.next();
  } else {
    bits = call.generator.next();
  }
  return Value(static_cast<std::int64_t>(static_cast<std::uint64_t>(start) + bits % span));
}

Result<Value> math_add(const Call& call) {
  ESC_TRY(const std::int64_t a, whole_argument(call, 0));
  ESC_TRY(const std::int64_t b, whole_argument(call, 1));
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return refuse("the sum is too large");
  return Value(sum);
}

// Splits at every character of the second text; empty parts are dropped.
Result<Value> string_split(const Call& call) {
  ESC_TRY(const std::string text, text_argument(call, 0));
  ESC_TRY(const std::string separators, text_argument(call, 1));
  const auto width_at = [](std::string_view s, std::size_t i) {
    std::size_t width = 1;
    while (i + width < s.size() && (s[i + width] & 0xC0) == 0x80) ++width;
    return width;
  };
  std::vector<std::string_view> characters;
  for (std::size_t i = 0; i < separators.size(); i += characters.back().size()) {
    characters.push_back(std::string_view(separators).substr(i, width_at(separators, i)));
  }
  std::vector<Value> parts;
  std::string part;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view character = std::string_view(text).substr(i, width_at(text, i));
    i += character.size();
    if (std::find(characters.begin(), characters.end(), character) == characters.end()) {
      part += character;
    } else if (!part.empty()) {
      parts.emplace_back(std::move(part));
      part.clear();
    }
  }
  if (!part.empty()) parts.emplace_back(std::move(part));
  return Value::array(std::move(parts));
}

}  // namespace

Result<Value> apply(Function function, const Call& call) {
  switch (function) {
    case Function::format:
      return format(call);
    case Function::string_to_json:
      return string_to_json(call);
    case Function::json_to_string:
      return Value(json::print(call.arguments[0]));
    case Function::array:
      return Value::array({call.arguments.begin(), call.arguments.end()});
    case Function::array_partition:
      return array_partition(call);
    case Function::array_contains:
      return array_contains(call);
    case Function::array_range:
      return array_range(call);
    case Function::array_get_item:
      return array_get_item(call);
    case Function::array_length: {
      ESC_TRY(const auto items, array_argument(call, 0));
      return Value(static_cast<std::int64_t>(items.size()));
    }
    case Function::array_unique:
      return array_unique(call);
    case Function::base64_encode: {
      ESC_TRY(const std::string text, bounded_text_argument(call, 0));
      return Value(base::to_base64(text));
    }
    case Function::base64_decode:
      return base64_decode(call);
    case Function::hash:
      return hash(call);
    case Function::json_merge:
      return json_merge(call);
    case Function::math_random:
      return math_random(call);
    case Function::math_add:
      return math_add(call);
    case Function::string_split:
      return string_split(call);
    case Function::uuid:
      return Value(base::seeded_uuid(call.generator));
  }
  return Value();
}

}  // namespace escapement::intrinsics
