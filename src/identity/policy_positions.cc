#include "identity/policy.h"

namespace escapement::identity {
namespace {

// Walks the brackets of a JSON text. What it finds in a text that is not well formed means nothing.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  std::vector<StatementPosition> walk() {
    for (; at_ < text_.size(); advance()) {
      const char c = text_[at_];
      if (c == '"') {
        read_string();
      } else if (c == '{' || c == '[') {
        open(c);
      } else if (c == '}' || c == ']') {
        close();
      } else if (c == ',' && depth_ == 1) {
        in_statement_ = false;
      }
    }
    return std::move(found_);
  }

 private:
  // The simulator's columns stand one past the bracket.
  TextPosition here() const { return {line_, column_ + 1}; }

  void advance() {
    if (at_ >= text_.size()) return;
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
    ++at_;
  }

  // Stops on the closing quote. A key of the document is remembered.
  void read_string() {
    const std::size_t begin = at_ + 1;
    advance();
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') advance();
      advance();
    }
    if (depth_ == 1 && !in_statement_) in_statement_ = text_.substr(begin, at_ - begin) == "Statement";
  }

  void open(char bracket) {
    ++depth_;
    if (!in_statement_ || depth_ > 3) return;
    if (depth_ == 2) is_list_ = bracket == '[';
    if (bracket == '{' && depth_ == (is_list_ ? 3 : 2)) found_.push_back({here(), here()});
  }

  void close() {
    if (in_statement_ && !found_.empty() && depth_ == (is_list_ ? 3 : 2)) found_.back().end = here();
    --depth_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
  int depth_ = 0;
  bool in_statement_ = false;
  bool is_list_ = false;
  std::vector<StatementPosition> found_;
};

}  // namespace

std::vector<StatementPosition> find_statements(std::string_view text) { return Walker(text).walk(); }

}  // namespace escapement::identity
