// Compares a recorded AWS answer with ours. Recordings hold tokens where values depend on the run: numbered ones
// ("<uuid:1>") stand for the same text everywhere in one case, others for any text. Tests only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace escapement::interpreter::replay {

class Comparer {
 public:
  // `normalise` is the case's member of that name; `fill` resolves its placeholders.
  template <typename Fill>
  Comparer(const json::Value& normalise, const Fill& fill) : normalise_(normalise) {
    const json::Value* tokens = normalise.find("tokens");
    for (std::size_t i = 0; tokens != nullptr && i < tokens->size(); ++i) {
      const json::Value& token = (*tokens)[i];
      const std::string& name = token.find("token")->as_string();
      const json::Value* value = token.find("value");
      const std::string text = value != nullptr ? fill(value->as_string()) : "{{";
      if (text.find("{{") == std::string::npos) {
        named_[name] = text;
      } else {
        anything_.push_back(name);  // stands for what another answer of the case says
      }
    }
  }

  // nullopt: they fit. Else where and how they differ.
  std::optional<std::string> compare_history(const json::Value& recorded, const json::Value& ours);
  std::optional<std::string> compare(const json::Value& recorded, const json::Value& ours) {
    return value(recorded, ours, "");
  }

 private:
  std::optional<std::string> value(const json::Value& recorded, const json::Value& ours, const std::string& path);
  std::optional<std::string> object(const json::Value& recorded, const json::Value& ours, const std::string& path,
                                    bool without_ids);
  std::optional<std::string> unordered(std::vector<const json::Value*> recorded, std::vector<const json::Value*> ours,
                                       const std::string& path);
  bool fits(std::string_view recorded, std::string_view ours);
  bool is_newer(std::string_view member) const;
  bool has(std::string_view rule) const { return normalise_.find(rule) != nullptr; }

  const json::Value& normalise_;
  std::map<std::string, std::string, std::less<>> named_;
  std::vector<std::string> anything_;
  std::map<std::string, std::string, std::less<>> bound_;
};

}  // namespace escapement::interpreter::replay
