#include "interpreter/replay_compare.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "json/parse.h"
#include "json/print.h"

namespace escapement::interpreter::replay {

using json::Value;

namespace {

constexpr std::string_view kIgnored[] = {"SdkHttpMetadata", "SdkResponseMetadata"};

std::string cut(const Value& value) {
  std::string text = json::print(value);
  return text.size() > 300 ? text.substr(0, 300) + "…" : text;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == ':' || c == '-';
}

// The length of a token "<name>" or "<<name>:1>" at the front; 0: none.
std::size_t token_length(std::string_view text) {
  if (!text.starts_with('<')) return 0;
  std::size_t i = 1;
  if (i < text.size() && text[i] == '<') ++i;
  const std::size_t name = i;
  while (i < text.size() && (is_name_character(text[i]) || text[i] == '>')) {
    if (text[i] == '>' && !(name == 2 && i + 1 < text.size() && text[i + 1] == ':')) return i > name ? i + 1 : 0;
    ++i;
  }
  return 0;
}

bool is_numbered(std::string_view token) {
  if (token.ends_with("idx>")) return true;
  const std::size_t colon = token.rfind(':');
  return colon != std::string_view::npos && colon + 2 < token.size() && token[colon + 1] >= '0' &&
         token[colon + 1] <= '9';
}

// Recordings of Parallel states lack some closing events: what stands between the start and the latest closing event
// was put out of order and stored again whenever another one closed.
std::vector<const Value*> fold_parallel(std::vector<const Value*> events) {
  std::vector<const Value*> inside;
  std::size_t start = 0;
  bool collects = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string& type = events[i]->find("type")->as_string();
    if (type == "ParallelStateStarted") {
      collects = true;
      inside.clear();
      start = i + 1;
    } else if (type.starts_with("ParallelState") && type != "ParallelStateEntered") {
      const auto at = [&](std::size_t index) { return events.begin() + static_cast<std::ptrdiff_t>(index); };
      events.erase(at(start), at(i));
      events.insert(at(start), inside.begin(), inside.end());
      collects = false;
    } else if (collects) {
      inside.push_back(events[i]);
    }
  }
  return events;
}

const Value* parse_inside(const Value& ours, Value& parsed) {
  if (!ours.is_string()) return &ours;
  auto value = json::parse(ours.as_string());
  if (!value) return nullptr;
  parsed = *std::move(value);
  return &parsed;
}

}  // namespace

bool Comparer::is_newer(std::string_view member) const {
  const Value* newer = normalise_.find("newer");
  for (std::size_t i = 0; newer != nullptr && i < newer->size(); ++i) {
    if ((*newer)[i].as_string() == member) return true;
  }
  return false;
}

// Takes the recorded text apart from left to right; a token takes as little of ours as lets the rest fit.
bool Comparer::fits(std::string_view recorded, std::string_view ours) {
  while (true) {
    if (recorded.empty()) return ours.empty();
    for (const auto& [name, text] : named_) {
      if (!recorded.starts_with(name) || !ours.starts_with(text)) continue;
      if (fits(recorded.substr(name.size()), ours.substr(text.size()))) return true;
    }
    std::size_t length = token_length(recorded);
    if (length == 0 && recorded.starts_with("date")) length = 4;
    if (length > 0) {
      const std::string token(recorded.substr(0, length));
      const std::string_view rest = recorded.substr(length);
      if (const auto known = bound_.find(token); known != bound_.end()) {
        if (ours.starts_with(known->second) && fits(rest, ours.substr(known->second.size()))) return true;
      } else {
        for (std::size_t taken = 1; taken <= ours.size(); ++taken) {
          const bool numbered = is_numbered(token);
          if (numbered) bound_[token] = ours.substr(0, taken);
          if (fits(rest, ours.substr(taken))) return true;
          if (numbered) bound_.erase(token);
        }
      }
    }
    if (ours.empty() || recorded.front() != ours.front()) return false;
    recorded.remove_prefix(1);
    ours.remove_prefix(1);
  }
}

std::optional<std::string> Comparer::value(const Value& recorded, const Value& ours, const std::string& path) {
  const auto differs = [&] { return fmt::format("{}: recorded {}, got {}", path, cut(recorded), cut(ours)); };
  if (recorded.is_string()) {
    const std::string& text = recorded.as_string();
    if (std::find(anything_.begin(), anything_.end(), text) != anything_.end()) return std::nullopt;
    if (text == "timestamp" || text == "datetime") return std::nullopt;
    if (!ours.is_string()) return token_length(text) == text.size() ? std::nullopt : std::optional(differs());
    if (fits(text, ours.as_string())) return std::nullopt;
    const auto a = json::parse(text);
    const auto b = json::parse(ours.as_string());
    if (a && b && a->find("errorType") != nullptr) return object(*a, *b, path, false);
    return differs();
  }
  if (recorded.is_object() || recorded.is_array()) {
    Value parsed;
    const Value* inside = parse_inside(ours, parsed);
    if (inside == nullptr || inside->kind() != recorded.kind()) return differs();
    if (recorded.is_object()) return object(recorded, *inside, path, false);
    if (path.ends_with(".stackTrace")) return std::nullopt;
    if (recorded.size() != inside->size()) return differs();
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      if (auto difference = value(recorded[i], (*inside)[i], fmt::format("{}[{}]", path, i))) return difference;
    }
    return std::nullopt;
  }
  Value parsed;
  const bool was_parsed = has("parseOutputs") && ours.is_string();
  const Value* inside = was_parsed ? parse_inside(ours, parsed) : &ours;
  if (inside == nullptr || inside->kind() != recorded.kind()) return differs();
  if (recorded.is_number() && recorded.is_integer() != inside->is_integer()) return differs();
  return *inside == recorded ? std::nullopt : std::optional(differs());
}

std::optional<std::string> Comparer::object(const Value& recorded, const Value& ours, const std::string& path,
                                            bool without_ids) {
  const bool function_error = recorded.find("errorType") != nullptr;
  const auto skipped = [&](std::string_view key) {
    if (without_ids && (key == "id" || key == "previousEventId")) return true;
    if (function_error && (key == "stackTrace" || key == "requestId")) return true;
    return std::find(std::begin(kIgnored), std::end(kIgnored), key) != std::end(kIgnored);
  };
  for (const json::Member& member : recorded.members()) {
    if (skipped(member.key)) continue;
    const Value* found = ours.find(member.key);
    if (found == nullptr) return fmt::format("{}.{}: missing, recorded {}", path, member.key, cut(member.value));
    if (auto difference = value(member.value, *found, path + "." + member.key)) return difference;
  }
  for (const json::Member& member : ours.members()) {
    if (recorded.find(member.key) == nullptr && !skipped(member.key) && !is_newer(member.key)) {
      return fmt::format("{}.{}: not in the recording, got {}", path, member.key, cut(member.value));
    }
  }
  return std::nullopt;
}

std::optional<std::string> Comparer::unordered(std::vector<const Value*> recorded, std::vector<const Value*> ours,
                                               const std::string& path) {
  if (recorded.size() != ours.size())
    return fmt::format("{}: {} events instead of {}", path, ours.size(), recorded.size());
  for (const Value* one : recorded) {
    const auto keep = bound_;
    const auto found = std::find_if(ours.begin(), ours.end(), [&](const Value* other) {
      if (!object(*one, *other, path, true)) return true;
      bound_ = keep;
      return false;
    });
    if (found == ours.end()) return fmt::format("{}: no event like {}", path, cut(*one));
    ours.erase(found);
  }
  return std::nullopt;
}

std::optional<std::string> Comparer::compare_history(const Value& recorded, const Value& ours) {
  std::vector<const Value*> theirs;
  std::vector<const Value*> mine;
  for (const Value& event : recorded.items()) theirs.push_back(&event);
  for (const Value& event : ours.items()) mine.push_back(&event);
  if (has("unorderedParallel")) return unordered(theirs, fold_parallel(mine), "events");
  if (theirs.size() != mine.size()) {
    std::string types;
    for (const Value* event : mine) types += " " + event->find("type")->as_string();
    return fmt::format("{} events instead of {}:{}; last: {}", mine.size(), theirs.size(), types,
                       mine.empty() ? "" : cut(*mine.back()));
  }
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const bool old_link = has("oldMapRunLink") && theirs[i]->find("type")->as_string() == "MapStateExited";
    auto difference = object(*theirs[i], *mine[i], fmt::format("events[{}]", i), old_link);
    if (!difference) continue;
    if (!has("interleaving")) return difference;
    bound_.clear();
    return unordered(theirs, mine, "events");
  }
  return std::nullopt;
}

TEST(ReplayCompare, TokensStandForTextAndNumberedOnesForTheSameText) {
  const Value rules = Value::object(std::vector<json::Member>{});
  Comparer comparer(rules, [](const std::string& text) { return text; });
  EXPECT_FALSE(comparer.compare("arn:<partition>:x:<ArnPart_0idx>", "arn:aws:x:one"));
  EXPECT_TRUE(comparer.compare("<ArnPart_0idx>", "two"));
  EXPECT_FALSE(comparer.compare("<ArnPart_0idx>", "one"));
  EXPECT_TRUE(comparer.compare("abc", "abd"));
  EXPECT_TRUE(comparer.compare(1, 1.0));
  EXPECT_FALSE(comparer.compare(Value::object({{"a", 1}}), "{ \"a\": 1 }"));
  EXPECT_TRUE(comparer.compare(Value::object({{"a", 1}}), "{ \"a\": 2 }"));
}

}  // namespace escapement::interpreter::replay
