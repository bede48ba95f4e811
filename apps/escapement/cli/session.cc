#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "escapement/cli/commands.h"
#include "json/parse.h"

namespace escapement::cli {
namespace {

// What a person can do about an error that the service named; empty where its message says enough.
std::string hint_for(const base::Error& error) {
  if (error.name.starts_with("UnrecognizedClient") || error.name == "InvalidClientTokenId") {
    return "the server does not know these keys: use those of its data directory, `eval \"$(escapement env --data-dir "
           "DIR)\"`";
  }
  if (error.name.starts_with("InvalidSignature") || error.name == "SignatureDoesNotMatch") {
    return "the secret key is not the one that belongs to the access key, or this machine's clock is off";
  }
  if (error.name.starts_with("AccessDenied"))
    return "allow the action in a policy of that user or role, or use other keys";
  if (error.name.starts_with("UnknownOperation") || error.code == base::ErrorCode::unsupported) {
    return "this server does not offer that; compare `escapement version` on both sides";
  }
  return {};
}

std::string read_all(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

base::Result<std::unique_ptr<client::Api>> connect(const CommonOptions& options) {
  ESC_TRY(const client::Access access, client::find_access(options.access, options.sources));
  return client::Api::open(access);
}

int report(const base::Error& error) {
  fmt::print(stderr, "escapement: {}\n", printable(error.to_string(), false));
  if (const std::string hint = hint_for(error); !hint.empty()) fmt::print(stderr, "  {}\n", hint);
  return client::is_unreachable(error) ? kExitUnreachable : kExitFailed;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

base::Result<std::string> read_json_argument(const std::string& text) {
  std::string content = text;
  if (text == "-") {
    content = read_all(std::cin);
  } else if (text.starts_with('@')) {
    std::ifstream file(text.substr(1), std::ios::binary);
    if (!file) return base::make_error(base::ErrorCode::io, "cannot read " + text.substr(1));
    content = read_all(file);
  }
  const auto parsed = json::parse(content);
  if (!parsed) return base::with_context("the input is not JSON", parsed.error());
  return content;
}

}  // namespace escapement::cli
