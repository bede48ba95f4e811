// Starts processes apart from the server and from one another.
//
// What can be enforced depends on the kernel and on who the server is; open() finds out once and says so in the log.
// From most to least: as root, namespaces and a user id for each process; else namespaces under a user namespace; else,
// where the kernel refuses namespaces (containers), Landlock, seccomp and limits. docs/sandbox.md tells what each
// gives.
//
// Threading: start() blocks for some milliseconds and must always be called from one and the same long-lived thread:
// processes
//            are killed by the kernel when the thread that started them ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "functions/cgroups.h"
#include "functions/file_descriptor.h"

namespace escapement::functions {

struct SandboxOptions {
  std::string directory;  // DATA_DIR/functions
  std::string node_program;
  std::string python_program;
  std::string node_modules;  // holds sdk-v2/node_modules and sdk-v3/node_modules; may be empty
  bool enabled = true;
};

// Paths as the program sees them.
struct SandboxPaths {
  std::string task;       // /var/task
  std::string layers;     // /opt
  std::string runtimes;   // our bootstraps
  std::string modules;    // the SDKs for Node; empty where there are none
  std::string temporary;  // /tmp
};

struct ProcessPlan {
  std::vector<std::string> arguments;  // paths as in SandboxPaths
  std::vector<std::string> variables;  // NAME=VALUE
  std::string code_tree;               // outside
  std::string layers_tree;             // outside; empty: none
  std::string modules_tree;            // outside; empty: none
  std::uint32_t memory_mb = 128;
  std::uint32_t storage_mb = 512;
  std::uint32_t slot = 0;  // distinct among living processes
};

struct StartedProcess {
  pid_t pid = 0;  // the sandbox's process 1; killing it ends all
  FileDescriptor pidfd;
  FileDescriptor control;  // stream socket to descriptor 3 of the program; not blocking
  FileDescriptor output;   // what the program writes to 1 and 2; not blocking
  FileDescriptor report;   // "status N" when the program has ended; not blocking
  std::string report_so_far;
};

class Sandbox {
 public:
  // Errors: io (the directory cannot be prepared, no process can be started at all).
  static base::Result<Sandbox> open(SandboxOptions options);

  SandboxPaths paths(const ProcessPlan& plan) const;
  // "" where the program was not found.
  const std::string& node_program() const { return node_; }
  const std::string& python_program() const { return python_; }
  // The folder of the SDK that AWS brings along with this Node version: v2 up to 16, v3 from 18 on; empty where it is
  // not installed.
  std::string modules_for(int node_version) const;
  // One line for people: what is enforced.
  const std::string& summary() const { return summary_; }

  // Errors: io.
  base::Result<StartedProcess> start(const ProcessPlan& plan) const;

  // The user id of that process as the rest of the machine sees it; nullopt where it shares the server's.
  std::optional<std::uint32_t> uid_outside(std::uint32_t slot) const;
  // Removes what the ended process of this slot left outside: its control groups, and its files where it had no
  // namespace.
  void clean_up(std::uint32_t slot) const;

 private:
  enum class Isolation { root, user, none };

  Sandbox() = default;
  base::Result<void> prepare_directory();
  base::Result<void> prepare_launcher();
  base::Result<void> probe();
  base::Result<void> spawn_launcher(int output, int control, int report, int spec) const;
  std::string make_spec(const ProcessPlan& plan) const;
  void append_root(std::string& spec, const ProcessPlan& plan) const;
  void append_limits(std::string& spec, const ProcessPlan& plan) const;
  std::uint32_t uid_of(std::uint32_t slot) const { return uid_base_ + slot; }
  std::string private_directory(std::uint32_t slot) const;

  SandboxOptions options_;
  Isolation isolation_ = Isolation::none;
  std::uint32_t uid_base_ = 0;
  std::string node_;  // as seen inside
  std::string node_outside_;
  std::string python_;
  std::string runtimes_;  // outside
  std::string seccomp_;
  std::string summary_;
  FileDescriptor launcher_;
  Cgroups cgroups_;
};

}  // namespace escapement::functions
