#include "functions/cgroups.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

namespace escapement::functions {
namespace {

bool write_text(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return good;
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool has_word(const std::string& text, const std::string& word) {
  return (" " + text).find(" " + word) != std::string::npos;
}

// The group that this process is in, as the line of version 2 in /proc/self/cgroup tells it.
std::string own_group() {
  const std::string text = read_text("/proc/self/cgroup");
  const std::size_t at = text.find("0::");
  if (at == std::string::npos) return {};
  return text.substr(at + 3, text.find('\n', at) - at - 3);
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.is_directory(error)) ::rmdir(entry.path().c_str());
  }
  ::rmdir(path.c_str());
}

// Groups of servers that were killed stay behind, empty.
void remove_stale(const std::string& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    int pid = 0;
    if (std::sscanf(entry.path().filename().c_str(), "escapement-%d-", &pid) != 1 || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) remove_tree(entry.path());
  }
}

}  // namespace

Cgroups Cgroups::open(const std::string& name) {
  Cgroups groups;
  const std::string root = "/sys/fs/cgroup";
  if (has_word(read_text(root + "/cgroup.controllers"), "memory")) {
    // At the root where we may; else below our own group, which works where it was delegated and holds no process
    // itself.
    for (const std::string& parent : {root, root + own_group()}) {
      const std::string path = parent + "/" + name;
      remove_stale(parent);
      write_text(parent + "/cgroup.subtree_control", "+memory +pids");
      if (::mkdir(path.c_str(), 0755) != 0) continue;
      if (write_text(path + "/cgroup.subtree_control", "+memory +pids")) {
        groups.folders_.push_back({path, true, true, true});
        groups.description_ = "cgroup v2";
        return groups;
      }
      ::rmdir(path.c_str());
    }
    return groups;
  }
  const auto try_hierarchy = [&](const char* controller, bool memory) {
    const std::string path = root + "/" + controller + "/" + name;
    remove_stale(root + "/" + controller);
    if (::mkdir(path.c_str(), 0755) == 0) groups.folders_.push_back({path, memory, !memory, false});
  };
  try_hierarchy("memory", true);
  try_hierarchy("pids", false);
  if (groups.is_available()) groups.description_ = "cgroup v1";
  return groups;
}

Cgroups::Cgroups(Cgroups&& other) noexcept
    : folders_(std::exchange(other.folders_, {})), description_(std::exchange(other.description_, "no cgroups")) {}

Cgroups& Cgroups::operator=(Cgroups&& other) noexcept {
  std::swap(folders_, other.folders_);
  std::swap(description_, other.description_);
  return *this;
}

Cgroups::~Cgroups() {
  for (const Folder& folder : folders_) remove_tree(folder.path);
}

std::vector<std::string> Cgroups::prepare(std::uint32_t slot, const Limits& limits) const {
  std::vector<std::string> entrances;
  for (const Folder& folder : folders_) {
    const std::string path = folder.path + "/" + std::to_string(slot);
    ::mkdir(path.c_str(), 0755);
    if (folder.has_memory) {
      write_text(path + (folder.is_v2 ? "/memory.max" : "/memory.limit_in_bytes"), std::to_string(limits.memory_bytes));
      if (folder.is_v2) {
        write_text(path + "/memory.swap.max", "0");
        // Killed together, so that no half of a function lives on.
        write_text(path + "/memory.oom.group", "1");
      } else {
        write_text(path + "/memory.swappiness", "0");
      }
    }
    if (folder.has_pids) write_text(path + "/pids.max", std::to_string(limits.pids));
    entrances.push_back(path + "/cgroup.procs");
  }
  return entrances;
}

void Cgroups::remove(std::uint32_t slot) const {
  for (const Folder& folder : folders_) ::rmdir((folder.path + "/" + std::to_string(slot)).c_str());
}

}  // namespace escapement::functions
