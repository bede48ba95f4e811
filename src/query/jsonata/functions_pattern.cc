// $match, $contains, $replace, $split: with text, with regular expressions, and with functions that match.
#include <cmath>
#include <optional>
#include <vector>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

struct Found {
  std::size_t start = 0;  // bytes into the subject
  std::size_t end = 0;
  Value match;
  std::vector<Value> groups;  // undefined: did not take part
  Value object;               // what a matching function answered; undefined from a regular expression
};

// The matches of `matcher` in `subject`, one after the other.
class Matches {
 public:
  Matches(Evaluation& evaluation, const Value& matcher, std::string_view subject)
      : evaluation_(evaluation), matcher_(matcher), subject_(subject) {
    const bool is_regex = matcher.is_function() && matcher.function().form == FunctionNode::Form::regex;
    if (is_regex) regex_ = matcher.function().regex;
    if (is_regex) prepared_.emplace(subject);
  }

  std::optional<Found> next() { return regex_ != nullptr ? next_of_regex() : next_of_function(); }

 private:
  std::optional<Found> next_of_regex() {
    if (started_ && from_ >= subject_.size()) return std::nullopt;
    const auto match = regex_->match(*prepared_, from_, evaluation_.steps_left());
    if (!match) return std::nullopt;
    const Regex::Group& whole = match->front();
    if (started_ && whole.start == whole.end) throw Failure::of("D1004", json::Value(regex_->source()));
    started_ = true;
    from_ = whole.end;
    Found found;
    found.start = whole.start;
    found.end = whole.end;
    found.match = piece(whole);
    for (std::size_t i = 1; i < match->size(); ++i) found.groups.push_back(piece((*match)[i]));
    return found;
  }

  Value piece(const Regex::Group& group) const {
    return group.matched ? Value::of(subject_.substr(group.start, group.end - group.start)) : Value();
  }

  std::optional<Found> next_of_function() {
    const Value answer = started_ ? evaluation_.call(next_, std::span<const Value>())
                                  : evaluation_.call(matcher_, {Value::of(subject_)});
    started_ = true;
    if (!answer.is_object()) {
      if (answer.is_undefined() || !evaluation_.is_truthy(answer)) return std::nullopt;
      throw Failure::of("T1010");
    }
    const Value start = find_member(answer, "start");
    const Value end = find_member(answer, "end");
    const Value groups = find_member(answer, "groups");
    next_ = find_member(answer, "next");
    if (!start.is_number() && !groups.is_array() && !next_.is_function()) throw Failure::of("T1010");
    Found found;
    found.object = answer;
    found.match = find_member(answer, "match");
    found.start = offset(start);
    found.end = offset(end);
    if (groups.is_array()) {
      const ArrayView items(groups);
      for (std::size_t i = 0; i < items.size(); ++i) found.groups.push_back(items[i]);
    }
    return found;
  }

  std::size_t offset(const Value& units) const {
    const double n = units.is_number() ? units.number() : 0;
    if (!(n > 0)) return 0;
    return n >= static_cast<double>(subject_.size()) ? utf16_offset(subject_, subject_.size())
                                                     : utf16_offset(subject_, static_cast<std::size_t>(n));
  }

  Evaluation& evaluation_;
  Value matcher_;
  std::string_view subject_;
  const Regex* regex_ = nullptr;
  std::optional<Regex::Subject> prepared_;
  bool started_ = false;
  std::size_t from_ = 0;
  Value next_;
};

double limit_of(const Value& limit, std::string_view code) {
  if (!limit.is_number()) return HUGE_VAL;
  if (limit.number() < 0) throw Failure::of(code, for_message(limit));
  return limit.number();
}

Value contains(const Call& call) {
  if (call[0].is_undefined() || call[1].is_undefined()) return {};
  const std::string_view text = call[0].text();
  if (call[1].is_string()) return Value::of(text.find(call[1].text()) != std::string_view::npos);
  return Value::of(Matches(call.evaluation, call[1], text).next().has_value());
}

Value groups_value(Evaluation& evaluation, const std::vector<Value>& groups) { return evaluation.array_of(groups); }

Value match(const Call& call) {
  if (call[0].is_undefined()) return {};
  Evaluation& evaluation = call.evaluation;
  const double limit = limit_of(call[2], "D3040");
  const Value result = evaluation.sequence();
  if (!(limit > 0)) return result;
  const std::string_view text = call[0].text();
  Matches matches(evaluation, call[1], text);
  std::size_t counted = 0;  // bytes whose UTF-16 units are in `units`
  std::size_t units = 0;
  double count = 0;
  for (auto found = matches.next(); found && count < limit; ++count) {
    if (found->start >= counted) {
      units += count_utf16_units(text.substr(counted, found->start - counted));
      counted = found->start;
    }
    const bool own = found->object.is_undefined();
    ObjectNode* object = evaluation.object();
    object->set(evaluation.arena(), "match", found->match);
    object->set(evaluation.arena(), "index",
                own ? Value::of(static_cast<double>(units)) : find_member(found->object, "start"));
    object->set(evaluation.arena(), "groups",
                own ? groups_value(evaluation, found->groups) : find_member(found->object, "groups"));
    evaluation.push(result, Value::of(object));
    found = matches.next();
  }
  return result;
}

// `$1` and its kin in a replacement, filled in from a match.
void append_substitution(std::string& out, std::string_view replacement, const Found& found) {
  const std::size_t groups = found.groups.size();
  std::size_t digits_max = 1;
  for (std::size_t n = groups; n >= 10; n /= 10) ++digits_max;
  // The number at `at`, of at most `digits` digits; npos: there is none.
  const auto number_at = [&](std::size_t at, std::size_t digits) {
    std::size_t number = std::string_view::npos;
    for (std::size_t i = at; i < std::min(at + digits, replacement.size()); ++i) {
      if (replacement[i] < '0' || replacement[i] > '9') break;
      number = (number == std::string_view::npos ? 0 : number * 10) + static_cast<std::size_t>(replacement[i] - '0');
    }
    return number;
  };
  std::size_t at = 0;
  for (;;) {
    const std::size_t dollar = replacement.find('$', at);
    append_text(out, replacement.substr(at, dollar - at));
    if (dollar == std::string_view::npos) return;
    at = dollar + 1;
    const char next = at < replacement.size() ? replacement[at] : '\0';
    if (next == '$') {
      out.push_back('$');
      ++at;
      continue;
    }
    if (next == '0') {
      if (found.match.is_string()) append_text(out, found.match.text());
      ++at;
      continue;
    }
    std::size_t index = number_at(at, digits_max);
    if (digits_max > 1 && index != std::string_view::npos && index > groups) index = number_at(at, digits_max - 1);
    if (index == std::string_view::npos) {
      out.push_back('$');
      continue;
    }
    if (index >= 1 && index <= groups && found.groups[index - 1].is_string())
      append_text(out, found.groups[index - 1].text());
    at += std::to_string(index).size();
  }
}

Value replace_text(const Call& call, double limit) {
  Evaluation& evaluation = call.evaluation;
  const std::string_view text = call[0].text();
  const std::string_view pattern = call[1].text();
  std::string out;
  std::size_t position = 0;
  double count = 0;
  for (std::size_t at = text.find(pattern); at != std::string_view::npos && count < limit;
       at = text.find(pattern, position)) {
    if (!call[2].is_string()) throw Failure::of("D3012", for_message(call[2]));
    evaluation.charge(1);
    append_text(out, text.substr(position, at - position));
    append_text(out, call[2].text());
    if (out.size() > evaluation.options().string_bytes_max) fail_out_of_memory();
    position = at + pattern.size();
    ++count;
  }
  append_text(out, text.substr(position));
  return evaluation.text(out);
}

// What a replacing function is given.
Value match_value(Evaluation& evaluation, const Found& found, std::string_view text) {
  if (!found.object.is_undefined()) return found.object;
  const std::size_t start = count_utf16_units(text.substr(0, found.start));
  ObjectNode* object = evaluation.object();
  object->set(evaluation.arena(), "match", found.match);
  object->set(evaluation.arena(), "start", Value::of(static_cast<double>(start)));
  object->set(evaluation.arena(), "end", Value::of(static_cast<double>(start + count_utf16_units(found.match.text()))));
  object->set(evaluation.arena(), "groups", groups_value(evaluation, found.groups));
  return Value::of(object);
}

Value replace(const Call& call) {
  if (call[0].is_undefined()) return {};
  Evaluation& evaluation = call.evaluation;
  const std::string_view text = call[0].text();
  if (call[1].is_string() && call[1].text().empty()) throw Failure::of("D3010", for_message(call[1]));
  const double limit = limit_of(call[3], "D3011");
  if (!(limit > 0)) return call[0];
  if (call[1].is_string()) return replace_text(call, limit);
  Matches matches(evaluation, call[1], text);
  std::string out;
  std::size_t position = 0;
  double count = 0;
  for (auto found = matches.next(); found && count < limit; ++count) {
    evaluation.charge(1 + (found->start > position ? (found->start - position) / 64 : 0));
    if (found->start > position) append_text(out, text.substr(position, found->start - position));
    if (call[2].is_string()) {
      append_substitution(out, call[2].text(), *found);
    } else {
      const Value replaced = evaluation.call(call[2], {match_value(evaluation, *found, text)});
      if (!replaced.is_string()) throw Failure::of("D3012", for_message(replaced));
      append_text(out, replaced.text());
    }
    if (out.size() > evaluation.options().string_bytes_max) fail_out_of_memory();
    position = std::min(text.size(), found->start + (found->match.is_string() ? found->match.text().size() : 0));
    found = matches.next();
  }
  append_text(out, text.substr(position));
  return evaluation.text(out);
}

Value split_by_text(const Call& call, double limit) {
  Evaluation& evaluation = call.evaluation;
  const std::string_view text = call[0].text();
  const std::string_view separator = call[1].text();
  const Value result = evaluation.array();
  double left = std::floor(limit);
  std::size_t at = 0;
  if (separator.empty()) {
    for (; at < text.size() && left > 0; --left) {
      const std::size_t start = at;
      next_code_point(text, at);
      evaluation.charge(1);
      evaluation.push(result, Value::of(text.substr(start, at - start)));
    }
    return result;
  }
  for (; left > 0; --left) {
    const std::size_t found = text.find(separator, at);
    evaluation.charge(1);
    evaluation.push(result, Value::of(text.substr(at, found - at)));
    if (found == std::string_view::npos) break;
    at = found + separator.size();
  }
  return result;
}

Value split(const Call& call) {
  if (call[0].is_undefined()) return {};
  Evaluation& evaluation = call.evaluation;
  const double limit = limit_of(call[2], "D3020");
  const Value result = evaluation.array();
  if (!(limit > 0)) return result;
  const std::string_view text = call[0].text();
  if (call[1].is_string()) return split_by_text(call, limit);
  if (call[1].is_undefined()) {
    evaluation.push(result, call[0]);
    return result;
  }
  Matches matches(evaluation, call[1], text);
  std::size_t start = 0;
  double count = 0;
  for (auto found = matches.next(); found && count < limit; ++count) {
    evaluation.push(result, Value::of(text.substr(start, found->start > start ? found->start - start : 0)));
    start = found->end;
    found = matches.next();
  }
  if (count < limit) evaluation.push(result, Value::of(text.substr(std::min(start, text.size()))));
  return result;
}

constexpr NativeFunction kFunctions[] = {
    {"match", "<s-f<s:o>n?:a<o>>", 3, match},
    {"contains", "<s-(sf):b>", 2, contains},
    {"replace", "<s-(sf)(sf)n?:s>", 4, replace},
    {"split", "<s-(sf)n?:a<s>>", 3, split},
};

}  // namespace

std::span<const NativeFunction> pattern_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
