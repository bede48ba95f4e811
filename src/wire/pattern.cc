#define PCRE2_CODE_UNIT_WIDTH 8
#include "wire/pattern.h"

#include <pcre2.h>

#include <mutex>

#include "base/log.h"

namespace escapement::wire {
namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kDepthLimit = 10'000;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Java's names for what PCRE2 spells otherwise.
std::string translated(std::string text) {
  replace_all(text, "[\\p{ASCII}]", "[\\x00-\\x7F]");
  replace_all(text, "\\p{ASCII}", "[\\x00-\\x7F]");
  replace_all(text, "\\p{IsAlphabetic}", "\\p{L}");
  replace_all(text, "\\p{IsDigit}", "\\p{Nd}");
  return text;
}

}  // namespace

struct Pattern::Compiled {
  ~Compiled() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
  std::once_flag once;
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
};

Pattern::Pattern(std::string text) : text_(std::move(text)), compiled_(std::make_shared<Compiled>()) {}

const Pattern::Compiled& Pattern::compiled() const {
  std::call_once(compiled_->once, [this] {
    const std::string text = translated(text_);
    int error = 0;
    PCRE2_SIZE offset = 0;
    const std::uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_ALT_BSUX |
                                  PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    compiled_->code = pcre2_compile(bytes, text.size(), options, &error, &offset, nullptr);
    if (compiled_->code == nullptr) {
      base::log(base::LogLevel::warning, "wire", "a model's pattern is not understood and not enforced: " + text_);
      return;
    }
    pcre2_jit_compile(compiled_->code, PCRE2_JIT_COMPLETE);
    compiled_->context = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(compiled_->context, kMatchLimit);
    pcre2_set_depth_limit(compiled_->context, kDepthLimit);
  });
  return *compiled_;
}

bool Pattern::compiles() const { return compiled().code != nullptr; }

bool Pattern::matches(std::string_view subject) const {
  const Compiled& ready = compiled();
  if (ready.code == nullptr) return true;
  thread_local const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
      pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  // Only the whole match is asked for, so one pair of offsets is enough; 0 says that there were more.
  return pcre2_match(ready.code, reinterpret_cast<const unsigned char*>(subject.data()), subject.size(), 0, 0,
                     data.get(), ready.context) >= 0;
}

}  // namespace escapement::wire
