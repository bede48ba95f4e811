#include "parse.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "report.h"

namespace escapement::functions::launcher {
namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read the spec");
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

std::pair<std::string, std::string> split(std::string_view content) {
  const auto nul = content.find('\0');
  if (nul == std::string_view::npos) return {std::string(content), {}};
  return {std::string(content.substr(0, nul)), std::string(content.substr(nul + 1))};
}

std::uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

void take(Spec& spec, Tag tag, std::string_view content) {
  switch (tag) {
    case Tag::isolation:
      spec.isolation = content == "root" ? Isolation::root : content == "user" ? Isolation::user : Isolation::none;
      return;
    case Tag::uid:
      spec.uid = static_cast<std::uint32_t>(number(std::string(content)));
      return;
    case Tag::new_root:
      spec.new_root = content;
      return;
    case Tag::bind:
    case Tag::device:
    case Tag::writable:
    case Tag::link:
    case Tag::file:
    case Tag::proc: {
      auto [first, second] = split(content);
      spec.mounts.push_back({tag, std::move(first), std::move(second)});
      return;
    }
    case Tag::limit: {
      const auto [name, value] = split(content);
      spec.limits.emplace_back(static_cast<int>(number(name)), number(value));
      return;
    }
    case Tag::cgroup:
      spec.cgroups.emplace_back(content);
      return;
    case Tag::readable:
      spec.readable.emplace_back(content);
      return;
    case Tag::changeable:
      spec.changeable.emplace_back(content);
      return;
    case Tag::filter:
      spec.filter = content;
      return;
    case Tag::directory:
      spec.directory = content;
      return;
    case Tag::argument:
      spec.arguments.emplace_back(content);
      return;
    case Tag::variable:
      spec.variables.emplace_back(content);
      return;
  }
  errno = EINVAL;
  fail("read the spec");
}

}  // namespace

Spec read_spec(int fd) {
  const std::string text = read_all(fd);
  Spec spec;
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint32_t size = 0;
    if (text.size() - at >= 5) {
      for (std::size_t i = 0; i < 4; ++i)
        size |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + 1 + i])) << (8 * i);
    }
    if (text.size() - at < 5 || text.size() - at - 5 < size) {
      errno = EINVAL;
      fail("read the spec");
    }
    take(spec, static_cast<Tag>(text[at]), std::string_view(text).substr(at + 5, size));
    at += 5 + size;
  }
  if (spec.arguments.empty()) {
    errno = EINVAL;
    fail("read the spec");
  }
  return spec;
}

}  // namespace escapement::functions::launcher
