// $number, $round and the other functions on single numbers.
#include <cmath>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/format_integer.h"
#include "query/jsonata/format_number.h"
#include "query/jsonata/numeric.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?
bool is_decimal(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  if (!digits()) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

// "0x1F", "0o17", "0b11"; NaN: none of these.
double parse_prefixed(std::string_view text) {
  if (text.size() < 3 || text[0] != '0') return std::nan("");
  int radix = 0;
  switch (text[1]) {
    case 'x':
    case 'X':
      radix = 16;
      break;
    case 'o':
    case 'O':
      radix = 8;
      break;
    case 'b':
    case 'B':
      radix = 2;
      break;
    default:
      return std::nan("");
  }
  double number = 0;
  for (const char c : text.substr(2)) {
    const int digit = is_digit(c) ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
    if (digit >= radix) return std::nan("");
    number = number * radix + digit;
  }
  return number;
}

Value number(const Call& call) {
  const Value& value = call[0];
  if (value.is_undefined() || value.is_number()) return value;
  if (value.is_boolean()) return Value::of(value.boolean() ? 1.0 : 0.0);
  if (value.is_string()) {
    const double parsed = is_decimal(value.text()) ? parse_number(value.text()) : parse_prefixed(value.text());
    if (std::isfinite(parsed)) return Value::of(parsed);
  }
  throw Failure::of("D3030", for_message(value));
}

template <typename Function>
Value on_number(const Call& call, Function function) {
  return call[0].is_undefined() ? Value() : Value::of(static_cast<double>(function(call[0].number())));
}

Value floor(const Call& call) {
  return on_number(call, [](double n) { return std::floor(n); });
}
Value ceil(const Call& call) {
  return on_number(call, [](double n) { return std::ceil(n); });
}
Value abs(const Call& call) {
  return on_number(call, [](double n) { return std::fabs(n); });
}

Value round(const Call& call) {
  const double precision = call[1].is_number() ? call[1].number() : 0;
  return on_number(call, [&](double n) { return round_half_even(n, precision); });
}

Value sqrt(const Call& call) {
  if (call[0].is_undefined()) return {};
  if (call[0].number() < 0) throw Failure::of("D3060", for_message(call[0]));
  return Value::of(std::sqrt(call[0].number()));
}

Value power(const Call& call) {
  if (call[0].is_undefined()) return {};
  const double result = call[1].is_number() ? std::pow(call[0].number(), call[1].number()) : std::nan("");
  if (std::isfinite(result)) return Value::of(result);
  Failure failure = Failure::of("D3061", for_message(call[0]));
  failure.value2 = for_message(call[1]);
  throw failure;
}

Value random(const Call& call) { return Value::of(call.evaluation.environment().generator.uniform()); }

Value format_number_function(const Call& call) {
  if (call[0].is_undefined() || !call[1].is_string()) return {};
  NumberFormat format;
  if (call[2].is_object()) {
    const ObjectView options(call[2]);
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (options.value(i).is_string()) format.set(options.key(i), options.value(i).text());
    }
  }
  call.evaluation.charge(call[1].text().size());
  return call.evaluation.text(format_number(call[0].number(), call[1].text(), format));
}

Value format_integer_function(const Call& call) {
  if (call[0].is_undefined() || !call[1].is_string()) return {};
  call.evaluation.charge(call[1].text().size());
  return call.evaluation.text(format_integer(std::floor(call[0].number()), IntegerPicture::parse(call[1].text())));
}

Value parse_integer_function(const Call& call) {
  if (call[0].is_undefined() || !call[1].is_string()) return {};
  call.evaluation.charge(call[0].text().size() + call[1].text().size());
  return Value::of(parse_integer(call[0].text(), IntegerPicture::parse(call[1].text())));
}

constexpr NativeFunction kFunctions[] = {
    {"number", "<(nsb)-:n>", 1, number},
    {"floor", "<n-:n>", 1, floor},
    {"ceil", "<n-:n>", 1, ceil},
    {"round", "<n-n?:n>", 2, round},
    {"abs", "<n-:n>", 1, abs},
    {"sqrt", "<n-:n>", 1, sqrt},
    {"power", "<n-n:n>", 2, power},
    {"random", "<:n>", 0, random},
    {"formatNumber", "<n-so?:s>", 3, format_number_function},
    {"formatInteger", "<n-s:s>", 2, format_integer_function},
    {"parseInteger", "<s-s:n>", 2, parse_integer_function},
};

double shift_decimal_point(double number, double places) {
  const std::string text = number_text(number);
  const std::size_t mark = text.find('e');
  const double exponent = mark == std::string::npos
                              ? 0
                              : parse_number(text[mark + 1] == '+' ? text.substr(mark + 2) : text.substr(mark + 1));
  return parse_number(text.substr(0, mark) + "e" + number_text(exponent + places));
}

}  // namespace

double round_half_even(double number, double precision) {
  const bool shifts = precision != 0 && !std::isnan(precision) && std::isfinite(number);
  if (shifts) {
    const double shifted = shift_decimal_point(number, precision);
    if (!std::isfinite(shifted)) return number;
    number = shifted;
  }
  const double below = std::floor(number);
  double result = number - below >= 0.5 ? below + 1 : below;
  if (std::fabs(result - number) == 0.5 && std::fabs(std::fmod(result, 2)) == 1) result -= 1;
  if (shifts) result = shift_decimal_point(result, -precision);
  return result == 0 ? 0 : result;
}

std::span<const NativeFunction> number_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
