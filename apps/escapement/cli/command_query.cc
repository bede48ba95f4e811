#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "escapement/cli/commands.h"
#include "query/jsonata/query_line.h"
#include "query/jsonpath/query_line.h"

namespace escapement::cli {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kLineBytesMax = 256u << 20;

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void answer_line(std::string_view line, bool is_jsonata, std::string& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_not_of(" \t") == line.npos) return;
  out += is_jsonata ? query::jsonata::answer_query_line(line) : jsonpath::answer_query_line(line);
  out += '\n';
}

}  // namespace

// Answers leave as soon as no more input is at hand, so that another program can hold a conversation.
int query(const std::string& language) {
  const bool is_jsonata = language == "jsonata";
  std::string in;
  std::string out;
  std::size_t used = 0;  // bytes of `in` before it were looked at
  while (true) {
    const std::size_t kept = in.size();
    in.resize(kept + kReadBytes);
    const ssize_t count = ::read(STDIN_FILENO, in.data() + kept, kReadBytes);
    if (count < 0 && errno == EINTR) {
      in.resize(kept);
      continue;
    }
    in.resize(kept + static_cast<std::size_t>(count > 0 ? count : 0));
    std::size_t begin = 0;
    for (auto end = in.find('\n', used); end != in.npos; end = in.find('\n', begin)) {
      answer_line(std::string_view(in).substr(begin, end - begin), is_jsonata, out);
      begin = end + 1;
    }
    if (count <= 0) {
      answer_line(std::string_view(in).substr(begin), is_jsonata, out);
      return write_all(out) && count == 0 ? kExitOk : kExitFailed;
    }
    in.erase(0, begin);
    used = in.size();
    if (in.size() > kLineBytesMax) {
      fmt::print(stderr, "escapement: a line of more than {} MiB is too long\n", kLineBytesMax >> 20);
      return kExitFailed;
    }
    if (!write_all(out)) return kExitFailed;
    out.clear();
  }
}

}  // namespace escapement::cli
