#include "query/jsonata/signature.h"

#include <algorithm>

#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::string_view kSymbols = "asnblfom";
constexpr int kTriesMax = 2'000;

std::uint8_t bit_of(char symbol) {
  const std::size_t at = kSymbols.find(symbol);
  return at == std::string_view::npos ? std::uint8_t{0} : static_cast<std::uint8_t>(1u << at);
}

std::uint8_t bits_of(std::string_view symbols) {
  std::uint8_t bits = 0;
  for (const char symbol : symbols) bits = static_cast<std::uint8_t>(bits | bit_of(symbol));
  return bits;
}

// The position of the bracket that closes the one at `open`; the end of the text if none does.
std::size_t closing_bracket(std::string_view text, std::size_t open, char opening, char closing) {
  int depth = 1;
  std::size_t at = open;
  while (++at < text.size()) {
    if (text[at] == closing && --depth == 0) break;
    if (text[at] == opening) ++depth;
  }
  return at;
}

std::string_view plural_of(char symbol) {
  switch (symbol) {
    case 'a':
      return "arrays";
    case 'b':
      return "booleans";
    case 'f':
      return "functions";
    case 'n':
      return "numbers";
    case 'o':
      return "objects";
    case 's':
      return "strings";
    default:
      return {};
  }
}

}  // namespace

char type_symbol(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::tuple:
    case Kind::thunk:
      return 'm';
    case Kind::null:
      return 'l';
    case Kind::boolean:
      return 'b';
    case Kind::number:
    case Kind::exact_number:
      return 'n';
    case Kind::string:
      return 's';
    case Kind::json_array:
    case Kind::array:
      return 'a';
    case Kind::json_object:
    case Kind::object:
      return 'o';
    case Kind::function:
      return 'f';
  }
  return 'm';
}

Signature::Signature(std::string_view text, std::uint32_t at) {
  for (std::size_t i = 1; i < text.size() && text[i] != ':' && parameters_.size() < kParametersMax; ++i) {
    const char symbol = text[i];
    Parameter parameter;
    parameter.type = symbol;
    switch (symbol) {
      case 's':
      case 'n':
      case 'b':
      case 'l':
      case 'o':
        parameter.accepts = bits_of({&symbol, 1}) | bit_of('m');
        break;
      case 'a':
      case 'x':
        parameter.accepts = bits_of(kSymbols);
        break;
      case 'f':
        parameter.accepts = bit_of('f');
        break;
      case 'j':
        parameter.accepts = bits_of("asnblom");
        break;
      case '(': {
        const std::size_t close = closing_bracket(text, i, '(', ')');
        const std::string_view choice = text.substr(i + 1, close - i - 1);
        if (choice.find('<') != std::string_view::npos) {
          Failure failure = Failure::of("S0402", json::Value(choice));
          failure.position = at + static_cast<std::uint32_t>(i);
          throw failure;
        }
        parameter.accepts = bits_of(choice) | bit_of('m');
        parameter.is_choice = true;
        i = close;
        break;
      }
      case '<': {
        if (parameters_.empty() || (parameters_.back().type != 'a' && parameters_.back().type != 'f')) {
          Failure failure = Failure::of("S0401");
          if (!parameters_.empty()) failure.value = json::Value(std::string(1, parameters_.back().type));
          failure.position = at + static_cast<std::uint32_t>(i);
          throw failure;
        }
        const std::size_t close = closing_bracket(text, i, '<', '>');
        parameters_.back().subtype = text.substr(i + 1, close - i - 1);
        i = close;
        continue;
      }
      case '-':
        if (!parameters_.empty()) parameters_.back().context = parameters_.back().optional = true;
        continue;
      case '?':
        if (!parameters_.empty()) parameters_.back().optional = true;
        continue;
      case '+':
        if (!parameters_.empty()) parameters_.back().repeated = true;
        continue;
      default:
        continue;
    }
    parameters_.push_back(std::move(parameter));
  }
}

// Greedy with backtracking, as a regular expression over the type symbols would match.
bool Signature::match(Attempt& attempt, std::size_t parameter, std::size_t at) const {
  if (parameter == attempt.last) return !attempt.whole || at == attempt.symbols.size();
  if (--attempt.tries_left < 0) return false;
  const Parameter& p = parameters_[parameter];
  const std::size_t left = attempt.symbols.size() - at;
  const std::size_t limit = p.repeated ? left : std::min<std::size_t>(1, left);
  std::size_t most = 0;
  while (most < limit && (p.accepts & bit_of(attempt.symbols[at + most])) != 0) ++most;
  for (std::size_t length = most + 1; length-- > 0;) {
    if (length == 0 && !p.optional) break;
    attempt.lengths[parameter] = static_cast<std::uint32_t>(length);
    if (match(attempt, parameter + 1, at + length)) return true;
  }
  return false;
}

void Signature::fail(std::span<const Value> arguments, std::string_view symbols) const {
  std::size_t good = 0;
  for (std::size_t last = 1; last <= parameters_.size(); ++last) {
    Attempt attempt{symbols, false, last, kTriesMax, {}};
    if (!match(attempt, 0, 0)) break;
    good = 0;
    for (std::size_t i = 0; i < last; ++i) good += attempt.lengths[i];
  }
  Failure failure = Failure::of("T0410");
  if (good < arguments.size()) failure.value = for_message(arguments[good]);
  failure.index = static_cast<std::uint32_t>(good + 1);
  throw failure;
}

Value Signature::as_array(Arena& arena, const Parameter& parameter, std::string_view matched, char symbol,
                          const Value& argument, std::size_t index) const {
  if (symbol == 'm') return {};
  bool fits = true;
  if (!parameter.subtype.empty()) {
    if (symbol != 'a') {
      fits = matched == parameter.subtype;
    } else {
      const ArrayView items(argument);
      const char wanted = parameter.subtype[0];
      if (items.form() == ArrayNode::Form::range) {
        fits = wanted == 'n' || items.size() == 0;
      } else {
        for (std::size_t i = 0; i < items.size() && fits; ++i) fits = type_symbol(items[i]) == wanted;
      }
    }
  }
  if (!fits) {
    Failure failure = Failure::of("T0412", for_message(argument));
    failure.index = static_cast<std::uint32_t>(index + 1);
    failure.type = plural_of(parameter.subtype[0]);
    throw failure;
  }
  if (symbol == 'a') return argument;
  auto* node = arena.make<ArrayNode>();
  node->values = arena.make_array<Value>(1);
  node->values[0] = argument;
  node->size = node->capacity = 1;
  return Value::of(node);
}

// The common case: every argument is there and of its type, or trailing ones are missing that may be.
bool Signature::fits_as_given(std::span<const Value> arguments) const {
  if (arguments.size() > parameters_.size()) return false;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (parameter.repeated) return false;
    if (i >= arguments.size()) {
      if (!parameter.optional || parameter.context) return false;
      continue;
    }
    const char symbol = type_symbol(arguments[i]);
    if ((parameter.accepts & bit_of(symbol)) == 0) return false;
    if (parameter.type == 'a' && (symbol != 'a' || !parameter.subtype.empty())) return false;
  }
  return true;
}

std::span<const Value> Signature::validate(Arena& arena, std::span<const Value> arguments, const Value& context) const {
  if (fits_as_given(arguments)) return arguments;
  std::string symbols;
  symbols.reserve(arguments.size());
  for (const Value& value : arguments) symbols.push_back(type_symbol(value));
  Attempt attempt{symbols, true, parameters_.size(), kTriesMax, {}};
  if (!match(attempt, 0, 0)) fail(arguments, symbols);
  Value* out = arena.make_array<Value>(arguments.size() + parameters_.size());
  std::size_t size = 0;
  std::size_t next = 0;
  const auto argument = [&](std::size_t i) { return i < arguments.size() ? arguments[i] : Value(); };
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (attempt.lengths[i] == 0) {
      if (!parameter.context) {
        out[size++] = argument(next++);
        continue;
      }
      if ((parameter.accepts & bit_of(type_symbol(context))) == 0) {
        Failure failure = Failure::of("T0411", for_message(context));
        failure.index = static_cast<std::uint32_t>(next + 1);
        throw failure;
      }
      out[size++] = context;
      continue;
    }
    const std::string_view matched = std::string_view(symbols).substr(next, attempt.lengths[i]);
    for (const char symbol : matched) {
      const Value value = argument(next);
      out[size++] = parameter.type == 'a' ? as_array(arena, parameter, matched, symbol, value, next) : value;
      ++next;
    }
  }
  return {out, size};
}

}  // namespace escapement::query::jsonata
