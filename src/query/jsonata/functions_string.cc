// $string, $substring and the other functions on plain text.
#include <algorithm>
#include <cmath>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/numeric.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

Value string(const Call& call) {
  if (call[0].is_undefined()) return {};
  if (call[0].is_string()) return call[0];
  const bool pretty = call[1].is_boolean() && call[1].boolean();
  return call.evaluation.text(call.evaluation.string_of(call[0], pretty));
}

// Where Array.prototype.slice puts a relative index.
std::size_t slice_index(double index, double size) {
  index = std::isnan(index) ? 0 : std::trunc(index);
  if (index < 0) index = std::max(size + index, 0.0);
  return static_cast<std::size_t>(std::min(index, size));
}

Value substring(const Call& call) {
  if (call[0].is_undefined()) return {};
  const std::string_view text = call[0].text();
  const double size = static_cast<double>(count_code_points(text));
  double start = call[1].is_number() ? call[1].number() : 0;
  if (size + start < 0) start = 0;
  double end = size;
  if (call[2].is_number()) {
    const double length = call[2].number();
    if (length <= 0) return Value::of(std::string_view());
    end = start >= 0 ? start + length : size + start + length;
  }
  const std::size_t first = slice_index(start, size);
  const std::size_t last = slice_index(end, size);
  if (first >= last) return Value::of(std::string_view());
  const std::size_t at = code_point_offset(text, first);
  return Value::of(text.substr(at, code_point_offset(text.substr(at), last - first)));
}

Value substring_before(const Call& call) {
  if (call[0].is_undefined() || !call[1].is_string()) return call[0];
  const std::string_view text = call[0].text();
  return Value::of(text.substr(0, text.find(call[1].text())));
}

Value substring_after(const Call& call) {
  if (call[0].is_undefined() || !call[1].is_string()) return call[0];
  const std::string_view text = call[0].text();
  const std::size_t at = text.find(call[1].text());
  return at == std::string_view::npos ? call[0] : Value::of(text.substr(at + call[1].text().size()));
}

Value lowercase(const Call& call) {
  return call[0].is_undefined() ? Value() : call.evaluation.text(to_lower(call[0].text()));
}

Value uppercase(const Call& call) {
  return call[0].is_undefined() ? Value() : call.evaluation.text(to_upper(call[0].text()));
}

Value length(const Call& call) {
  if (call[0].is_undefined()) return {};
  return Value::of(static_cast<double>(count_code_points(call[0].text())));
}

Value trim(const Call& call) {
  if (call[0].is_undefined()) return {};
  std::string out;
  bool blank = false;
  for (const char c : call[0].text()) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      blank = !out.empty();
      continue;
    }
    if (blank) out.push_back(' ');
    blank = false;
    out.push_back(c);
  }
  return call.evaluation.text(out);
}

Value pad(const Call& call) {
  if (call[0].is_undefined() || !call[1].is_number()) return call[0];
  const std::string_view text = call[0].text();
  const double width = std::trunc(call[1].number());
  const double missing = std::fabs(width) - static_cast<double>(count_code_points(text));
  if (!(missing > 0)) return call[0];
  const std::string_view filler = call[2].is_string() && !call[2].text().empty() ? call[2].text() : " ";
  if (missing > static_cast<double>(call.evaluation.options().string_bytes_max)) fail_out_of_memory();
  std::size_t left = static_cast<std::size_t>(missing);
  call.evaluation.charge(left / 16);
  std::string padding;
  for (std::size_t at = 0; left > 0; --left) {
    const std::size_t start = at;
    next_code_point(filler, at);
    padding.append(filler.substr(start, at - start));
    if (at >= filler.size()) at = 0;
    if (padding.size() > call.evaluation.options().string_bytes_max) fail_out_of_memory();
  }
  const std::string padded = width > 0 ? std::string(text) + padding : padding + std::string(text);
  return call.evaluation.text(padded);
}

Value join(const Call& call) {
  if (call[0].is_undefined()) return {};
  const std::string_view separator = call[1].is_string() ? call[1].text() : std::string_view();
  const ArrayView items(call[0]);
  call.evaluation.charge(items.size());
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) append_text(out, separator);
    if (items[i].is_string()) append_text(out, items[i].text());
    if (out.size() > call.evaluation.options().string_bytes_max) fail_out_of_memory();
  }
  return call.evaluation.text(out);
}

Value format_base(const Call& call) {
  if (call[0].is_undefined()) return {};
  const double value = round_half_even(call[0].number(), 0);
  const double radix = call[1].is_number() ? round_half_even(call[1].number(), 0) : 10;
  if (!(radix >= 2 && radix <= 36)) throw Failure::of("D3100", for_message(Value::of(radix)));
  return call.evaluation.text(number_text(value, static_cast<int>(radix)));
}

constexpr NativeFunction kFunctions[] = {
    {"string", "<x-b?:s>", 1, string},
    {"substring", "<s-nn?:s>", 3, substring},
    {"substringBefore", "<s-s:s>", 2, substring_before},
    {"substringAfter", "<s-s:s>", 2, substring_after},
    {"lowercase", "<s-:s>", 1, lowercase},
    {"uppercase", "<s-:s>", 1, uppercase},
    {"length", "<s-:n>", 1, length},
    {"trim", "<s-:s>", 1, trim},
    {"pad", "<s-ns?:s>", 3, pad},
    {"join", "<a<s>s?:s>", 2, join},
    {"formatBase", "<n-n?:s>", 2, format_base},
};

}  // namespace

std::span<const NativeFunction> string_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
