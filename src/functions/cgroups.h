// Control groups for function processes: what a process and all its children may take of memory and of process ids.
//
// Version 2 where its controllers are at hand, else version 1's memory and pids hierarchies, else nothing: then limits
// are watched by the server alone (worker.h). Where groups can be made depends on who runs the server; open() tries.
//
// Threading: as the Sandbox that owns it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace escapement::functions {

class Cgroups {
 public:
  Cgroups() = default;  // none
  // Makes a folder for this server, named `escapement-PID-…`, if it may. Never fails; is_available() tells.
  static Cgroups open(const std::string& name);
  ~Cgroups();
  Cgroups(Cgroups&& other) noexcept;
  Cgroups& operator=(Cgroups&& other) noexcept;

  bool is_available() const { return !folders_.empty(); }
  // "cgroup v2", "cgroup v1 (memory, pids)"
  const std::string& description() const { return description_; }

  struct Limits {
    std::uint64_t memory_bytes;
    std::uint32_t pids;
  };
  // Makes the groups of a slot; the answer names the files through which a process enters them.
  std::vector<std::string> prepare(std::uint32_t slot, const Limits& limits) const;
  // Only when the slot's processes have ended.
  void remove(std::uint32_t slot) const;

 private:
  struct Folder {
    std::string path;
    bool has_memory;
    bool has_pids;
    bool is_v2;
  };

  std::vector<Folder> folders_;
  std::string description_ = "no cgroups";
};

}  // namespace escapement::functions
