#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "query/jsonata/regex.h"

#include "query/jsonata/failure.h"
#include "query/jsonata/regex_syntax.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::size_t kPatternBytesMax = 64 << 10;
constexpr std::uint32_t kNestingMax = 100;
constexpr std::uint32_t kMatchLimit = 10'000'000;
constexpr std::uint32_t kHeapKibMax = 16 << 10;
constexpr std::uint32_t kSharedGroups = 32;  // captures that the thread's own match data has room for
// Looking for the first character of a match is fast; a step is charged for so many bytes of the subject.
constexpr std::size_t kBytesPerStep = 32;

// PCRE2 calls back before each item of the pattern that it tries.
int count_step(pcre2_callout_block_8*, void* data) {
  auto& steps_left = *static_cast<std::uint64_t*>(data);
  if (steps_left == 0) return PCRE2_ERROR_CALLOUT;
  --steps_left;
  return 0;
}

struct MatchDataDeleter {
  void operator()(pcre2_match_data_8* data) const { pcre2_match_data_free_8(data); }
};
struct MatchContextDeleter {
  void operator()(pcre2_match_context_8* context) const { pcre2_match_context_free_8(context); }
};
using MatchData = std::unique_ptr<pcre2_match_data_8, MatchDataDeleter>;
using MatchContext = std::unique_ptr<pcre2_match_context_8, MatchContextDeleter>;

MatchContext make_match_context() {
  MatchContext context(pcre2_match_context_create_8(nullptr));
  if (context) {
    pcre2_set_match_limit_8(context.get(), kMatchLimit);
    pcre2_set_heap_limit_8(context.get(), kHeapKibMax);
  }
  return context;
}

}  // namespace

Regex::Subject::Subject(std::string_view text) : text_(text) {
  if (has_lone_surrogate(text)) clean_ = replace_lone_surrogates(text);
}

Regex::~Regex() { pcre2_code_free_8(code_); }

std::shared_ptr<const Regex> Regex::compile(std::string_view pattern, Flags flags, std::uint32_t at) {
  auto translated = translate_regex(pattern);
  if (!translated) {
    Failure failure = Failure::at("S0303", at);
    failure.text = translated.error();
    throw failure;
  }
  return build(std::string(pattern), *translated, flags, at);
}

std::shared_ptr<const Regex> Regex::compile_native(std::string_view pattern, Flags flags) {
  return build(std::string(pattern), std::string(pattern), flags, 0);
}

std::shared_ptr<const Regex> Regex::build(std::string source, const std::string& pattern, Flags flags,
                                          std::uint32_t at) {
  std::uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
                          PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
  if (flags.ignore_case) options |= PCRE2_CASELESS;
  if (flags.multiline) options |= PCRE2_MULTILINE;
  std::unique_ptr<pcre2_compile_context_8, void (*)(pcre2_compile_context_8*)> context(
      pcre2_compile_context_create_8(nullptr), pcre2_compile_context_free_8);
  pcre2_set_newline_8(context.get(), PCRE2_NEWLINE_ANYCRLF);
  pcre2_set_parens_nest_limit_8(context.get(), kNestingMax);
  pcre2_set_max_pattern_length_8(context.get(), kPatternBytesMax);
  int error = 0;
  PCRE2_SIZE error_at = 0;
  auto regex = std::make_shared<Regex>(std::move(source));
  regex->code_ = pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(pattern.data()), pattern.size(), options, &error,
                                 &error_at, context.get());
  if (regex->code_ == nullptr) {
    unsigned char message[256];
    pcre2_get_error_message_8(error, message, sizeof message);
    Failure failure = Failure::at("S0303", at);
    failure.text = reinterpret_cast<const char*>(message);
    throw failure;
  }
  pcre2_pattern_info_8(regex->code_, PCRE2_INFO_CAPTURECOUNT, &regex->groups_);
  return regex;
}

std::optional<Regex::Match> Regex::match(const Subject& subject, std::size_t from, std::uint64_t& steps_left) const {
  static thread_local const MatchContext context = make_match_context();
  static thread_local const MatchData shared(pcre2_match_data_create_8(kSharedGroups + 1, nullptr));
  MatchData own;
  pcre2_match_data_8* data = shared.get();
  if (groups_ > kSharedGroups) {
    own.reset(pcre2_match_data_create_8(groups_ + 1, nullptr));
    data = own.get();
  }
  if (context == nullptr || data == nullptr) fail_out_of_memory();
  const std::string_view text = subject.clean_.empty() ? subject.text_ : std::string_view(subject.clean_);
  const char* bytes = text.empty() ? "" : text.data();
  pcre2_set_callout_8(context.get(), count_step, &steps_left);
  const int found = pcre2_match_8(code_, reinterpret_cast<PCRE2_SPTR8>(bytes), text.size(), from, PCRE2_NO_UTF_CHECK,
                                  data, context.get());
  if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
    if (found == PCRE2_ERROR_HEAPLIMIT || found == PCRE2_ERROR_NOMEMORY) fail_out_of_memory();
    fail_out_of_steps();
  }
  const std::size_t reached = found < 0 ? text.size() : pcre2_get_ovector_pointer_8(data)[1];
  const std::uint64_t scanned = 1 + (std::max(reached, from) - from) / kBytesPerStep;
  if (steps_left < scanned) fail_out_of_steps();
  steps_left -= scanned;
  if (found < 0) return std::nullopt;
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer_8(data);
  Match match(groups_ + 1);
  for (std::uint32_t i = 0; i <= groups_; ++i) {
    if (i >= static_cast<std::uint32_t>(found) || offsets[2 * i] == PCRE2_UNSET) continue;
    match[i] = Group{offsets[2 * i], offsets[2 * i + 1], true};
  }
  return match;
}

}  // namespace escapement::query::jsonata
