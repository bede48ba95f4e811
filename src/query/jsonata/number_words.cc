#include "query/jsonata/number_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "query/jsonata/failure.h"
#include "query/jsonata/format_integer.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::array<std::string_view, 20> kFew = {
    "Zero", "One",    "Two",    "Three",    "Four",     "Five",    "Six",     "Seven",     "Eight",    "Nine",
    "Ten",  "Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"};
constexpr std::array<std::string_view, 20> kOrdinals = {
    "Zeroth",     "First",     "Second",    "Third",       "Fourth",     "Fifth",     "Sixth",
    "Seventh",    "Eighth",    "Ninth",     "Tenth",       "Eleventh",   "Twelfth",   "Thirteenth",
    "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth"};
constexpr std::array<std::string_view, 8> kDecades = {"Twenty", "Thirty",  "Forty",  "Fifty",
                                                      "Sixty",  "Seventy", "Eighty", "Ninety"};
constexpr std::array<std::string_view, 4> kMagnitudes = {"Thousand", "Million", "Billion", "Trillion"};

constexpr std::size_t kWordsBytesMax = 64 << 10;
constexpr double kRomanMax = 1e6;

// Appends; `follows`: something stands before it.
void append_words(std::string& out, double number, bool follows, bool ordinal) {
  if (out.size() > kWordsBytesMax) fail_out_of_memory();
  if (number <= 19) {
    if (follows) out += " and ";
    out += (ordinal ? kOrdinals : kFew)[static_cast<std::size_t>(number)];
    return;
  }
  if (number < 100) {
    if (follows) out += " and ";
    const std::string_view decade = kDecades[static_cast<std::size_t>(number / 10) - 2];
    const double rest = std::fmod(number, 10);
    if (rest > 0) {
      out += decade;
      out.push_back('-');
      append_words(out, rest, false, ordinal);
    } else if (ordinal) {
      out += decade.substr(0, decade.size() - 1);
      out += "ieth";
    } else {
      out += decade;
    }
    return;
  }
  if (follows) out += ", ";
  double rest = 0;
  if (number < 1000) {
    out += kFew[static_cast<std::size_t>(number / 100)];
    out += " Hundred";
    rest = std::fmod(number, 100);
  } else {
    const auto magnitude = std::min(static_cast<std::size_t>(std::floor(std::log10(number) / 3)), kMagnitudes.size());
    const double factor = std::pow(10, static_cast<double>(magnitude * 3));
    const double leading = std::floor(number / factor);
    append_words(out, leading, false, false);
    out.push_back(' ');
    out += kMagnitudes[magnitude - 1];
    rest = number - leading * factor;
  }
  if (rest > 0) {
    append_words(out, rest, true, ordinal);
  } else if (ordinal) {
    out += "th";
  }
}

using WordValues = std::map<std::string, double, std::less<>>;

const WordValues& word_values() {
  static const WordValues values = [] {
    WordValues words;
    const auto ieth = [](const std::string& word) { return word.substr(0, word.size() - 1) + "ieth"; };
    for (std::size_t i = 0; i < kFew.size(); ++i) {
      words[to_lower(kFew[i])] = static_cast<double>(i);
      words[to_lower(kOrdinals[i])] = static_cast<double>(i);
    }
    for (std::size_t i = 0; i < kDecades.size(); ++i) {
      const std::string word = to_lower(kDecades[i]);
      words[word] = words[ieth(word)] = static_cast<double>((i + 2) * 10);
    }
    words["hundred"] = words["hundredth"] = 100;
    for (std::size_t i = 0; i < kMagnitudes.size(); ++i) {
      const std::string word = to_lower(kMagnitudes[i]);
      words[word] = words[word + "th"] = std::pow(10, static_cast<double>((i + 1) * 3));
    }
    return words;
  }();
  return values;
}

// The words of "one hundred and twenty-first": apart at ", ", " and ", blanks and hyphens.
std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t skip = 0;
    if (text.substr(at, 2) == ", ") {
      skip = 2;
    } else if (text.substr(at, 5) == " and ") {
      skip = 5;
    } else if (text[at] == ' ' || text[at] == '-' || text[at] == '\\' || text[at] == '\t' || text[at] == '\n') {
      skip = 1;
    }
    if (skip == 0) {
      ++at;
      continue;
    }
    words.push_back(text.substr(start, at - start));
    at += skip;
    start = at;
  }
  words.push_back(text.substr(start));
  return words;
}

struct Numeral {
  double value;
  std::string_view text;
};
constexpr Numeral kNumerals[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
                                 {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};

}  // namespace

std::string to_words(double number, bool ordinal) {
  std::string out;
  append_words(out, number, false, ordinal);
  return out;
}

double from_words(std::string_view text) {
  std::vector<double> segments = {0};
  for (const std::string_view word : split_words(text)) {
    const auto found = word_values().find(word);
    if (found == word_values().end()) return std::nan("");
    const double value = found->second;
    if (value >= 100) {
      segments.back() *= value;
    } else if (segments.back() >= 1000) {
      segments.push_back(value);
    } else {
      segments.back() += value;
    }
  }
  double sum = 0;
  for (const double segment : segments) sum += segment;
  return sum;
}

std::vector<std::string> number_words() {
  std::vector<std::string> words;
  for (const auto& [word, value] : word_values()) words.push_back(word);
  // The longest first, so that an alternation of them finds "sixteenth" before "six".
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return words;
}

std::string to_roman(double number) {
  if (number > kRomanMax) fail_out_of_memory();
  std::string out;
  for (const Numeral& numeral : kNumerals) {
    for (; number >= numeral.value; number -= numeral.value) out += numeral.text;
  }
  return out;
}

double from_roman(std::string_view text) {
  double total = 0;
  double highest = 1;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] < 'A' || text[i] > 'Z') return std::nan("");
    const char lower = static_cast<char>(text[i] + 32);
    const auto* numeral = std::find_if(std::begin(kNumerals), std::end(kNumerals),
                                       [&](const Numeral& n) { return n.text.size() == 1 && n.text[0] == lower; });
    if (numeral == std::end(kNumerals)) return std::nan("");
    if (numeral->value < highest) {
      total -= numeral->value;
    } else {
      highest = numeral->value;
      total += numeral->value;
    }
  }
  return total;
}

std::string to_letters(double number, char a) {
  std::string out;
  while (number > 0) {
    out.push_back(static_cast<char>(a + static_cast<int>(std::fmod(number - 1, 26))));
    number = std::floor((number - 1) / 26);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

double from_letters(std::string_view text, char a) {
  double number = 0;
  for (std::size_t at = 0; at < text.size();) {
    number = number * 26 + (static_cast<double>(next_code_point(text, at)) - a + 1);
  }
  return number;
}

}  // namespace escapement::query::jsonata
