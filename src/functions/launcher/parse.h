// The spec as values. The spec comes from the server, so a malformed one is a bug and ends the launcher.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spec.h"

namespace escapement::functions::launcher {

// How far a process is taken apart from the rest of the machine.
//   root: the server is root: namespaces, then a user id of its own.
//   user: namespaces under a user namespace.
//   none: no namespaces can be had: what is left is Landlock, seccomp, limits and, for root, a user id of its own.
enum class Isolation { root, user, none };

struct Mount {
  Tag tag;
  std::string first;
  std::string second;
};

struct Spec {
  Isolation isolation = Isolation::none;
  std::optional<std::uint32_t> uid;
  std::string new_root;
  std::vector<Mount> mounts;
  std::vector<std::pair<int, std::uint64_t>> limits;
  std::vector<std::string> cgroups;
  std::vector<std::string> readable;
  std::vector<std::string> changeable;
  std::string filter;
  std::string directory;
  std::vector<std::string> arguments;
  std::vector<std::string> variables;
};

Spec read_spec(int fd);

}  // namespace escapement::functions::launcher
