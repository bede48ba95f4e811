#include "functions/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include "base/digest.h"
#include "base/embedded.h"
#include "base/log.h"
#include "base/random.h"
#include "functions/launcher/spec.h"
#include "functions/seccomp_filter.h"

namespace escapement::embedded {
std::span<const base::EmbeddedFile> function_launcher();
std::span<const base::EmbeddedFile> function_runtimes();
}  // namespace escapement::embedded

namespace escapement::functions {
namespace {

using launcher::append_record;
using launcher::Tag;
namespace fs = std::filesystem;

// Away from people's, services' and container tools' ranges.
constexpr std::uint32_t kUidBase = 1'900'000'000;
// A place for user namespaces that map only the usual 65,536 ids.
constexpr std::uint32_t kUidBaseSmall = 60'000;
constexpr std::uint32_t kOwnMemoryMb = 32;      // of the sandbox's process 1 and the kernel's structures
constexpr std::uint32_t kProcessesMax = 1'024;  // processes and threads, as Lambda allows
constexpr std::uint32_t kInnerUid = 993;        // what a function sees as its user under a user namespace

constexpr int kFirstFreeFd = launcher::kSpecFd + 1;

base::Error io_error(std::string what) {
  return base::make_error(base::ErrorCode::io, std::move(what) + ": " + std::strerror(errno));
}

// The program's real path; empty if there is none. A name without a slash is looked up on PATH.
std::string find_program(const std::string& name) {
  const auto usable = [](const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0 && !fs::is_directory(path);
  };
  std::error_code ignored;
  if (name.find('/') != std::string::npos) return usable(name) ? fs::canonical(name, ignored).string() : std::string();
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + name;
    if (usable(candidate)) return fs::canonical(candidate, ignored).string();
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return {};
}

std::string read_available(int fd) {
  std::string text;
  char buffer[1024];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

std::string line_after(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(word)) return std::string(line.substr(word.size()));
    at = end + 1;
  }
  return {};
}

// Since Linux 5.14 each user namespace counts its processes.
bool counts_by_namespace() {
  utsname name{};
  int major = 0;
  int minor = 0;
  return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
         (major > 5 || (major == 5 && minor >= 14));
}

void append_limit(std::string& spec, int resource, std::uint64_t value) {
  append_record(spec, Tag::limit, std::to_string(resource), std::to_string(value));
}

}  // namespace

base::Result<Sandbox> Sandbox::open(SandboxOptions options) {
  Sandbox sandbox;
  sandbox.options_ = std::move(options);
  sandbox.node_outside_ = find_program(sandbox.options_.node_program);
  sandbox.python_ = find_program(sandbox.options_.python_program);
  sandbox.node_ = sandbox.node_outside_;
  ESC_CHECK(sandbox.prepare_directory());
  ESC_CHECK(sandbox.prepare_launcher());
  if (auto filter = make_seccomp_filter()) {
    sandbox.seccomp_ = std::move(*filter);
  } else {
    base::log(base::LogLevel::warning, "functions", "no system call filter: " + filter.error().to_string());
  }
  if (sandbox.options_.enabled)
    sandbox.cgroups_ =
        Cgroups::open("escapement-" + std::to_string(::getpid()) + "-" + base::random_uuid().substr(0, 8));
  ESC_CHECK(sandbox.probe());
  return sandbox;
}

base::Result<void> Sandbox::prepare_directory() {
  std::string content;
  for (const base::EmbeddedFile& file : embedded::function_runtimes()) content.append(file.content);
  std::error_code error;
  const fs::path directory = fs::absolute(options_.directory, error);
  options_.directory = directory.string();
  runtimes_ = (directory / "runtimes" / base::sha256_hex(content).substr(0, 16)).string();
  for (const fs::path& path : {directory / "root", directory / "private", fs::path(runtimes_)}) {
    fs::create_directories(path, error);
    if (error) return base::make_error(base::ErrorCode::io, "cannot make " + path.string() + ": " + error.message());
  }
  for (const base::EmbeddedFile& file : embedded::function_runtimes()) {
    const fs::path path = fs::path(runtimes_) / file.name;
    // The folder is named by the content.
    if (fs::file_size(path, error) == file.content.size()) continue;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(file.content.data(), static_cast<std::streamsize>(file.content.size()));
    out.close();
    if (!out) return base::make_error(base::ErrorCode::io, "cannot write " + path.string());
    ::chmod(path.c_str(), 0444);
  }
  ::chmod(runtimes_.c_str(), 0755);
  return {};
}

// In memory where the kernel lets memory be run; else as a file of the directory.
base::Result<void> Sandbox::prepare_launcher() {
  constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, since Linux 6.3
  const std::string_view program = embedded::function_launcher().front().content;
  launcher_.reset(::memfd_create("escapement-launcher", MFD_CLOEXEC | MFD_ALLOW_SEALING | kExecutable));
  if (!launcher_ && errno == EINVAL)
    launcher_.reset(::memfd_create("escapement-launcher", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const std::string file = options_.directory + "/launcher";
  const bool in_memory = static_cast<bool>(launcher_);
  if (!in_memory) {
    ::unlink(file.c_str());
    launcher_.reset(::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755));
  }
  if (!launcher_) return io_error("make the launcher");
  if (::write(launcher_.get(), program.data(), program.size()) != static_cast<ssize_t>(program.size()))
    return io_error("write the launcher");
  ::fchmod(launcher_.get(), 0755);
  if (in_memory) {
    ::fcntl(launcher_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  } else {
    launcher_.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!launcher_) return io_error("open the launcher");
  }
  // Above the descriptors that the launcher is given, which are set before it is executed.
  launcher_.reset(::fcntl(launcher_.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
  return {};
}

base::Result<void> Sandbox::probe() {
  struct Attempt {
    Isolation isolation;
    std::uint32_t uid_base;
    const char* summary;
  };
  const bool root = ::geteuid() == 0;
  std::vector<Attempt> attempts;
  if (options_.enabled) {
    if (root) {
      attempts.push_back({Isolation::root, kUidBase, "namespaces, a user id for each process"});
      attempts.push_back({Isolation::root, kUidBaseSmall, "namespaces, a user id for each process"});
    }
    attempts.push_back({Isolation::user, kInnerUid, "namespaces under a user namespace"});
    if (root)
      attempts.push_back({Isolation::none, kUidBase,
                          "no namespaces (the kernel refuses them); Landlock and a user id for each process"});
    attempts.push_back(
        {Isolation::none, 0, "no namespaces (the kernel refuses them); Landlock where the kernel has it"});
  } else {
    attempts.push_back({Isolation::none, 0, "none, switched off by configuration"});
  }
  std::string reasons;
  for (const Attempt& attempt : attempts) {
    isolation_ = attempt.isolation;
    uid_base_ = attempt.uid_base;
    ProcessPlan plan;
    plan.arguments = {"/usr/bin/true"};
    plan.code_tree = runtimes_;
    auto started = start(plan);
    std::string text;
    if (started) {
      pollfd end{.fd = started->pidfd.get(), .events = POLLIN, .revents = 0};
      if (::poll(&end, 1, 5'000) != 1) ::kill(started->pid, SIGKILL);
      siginfo_t ignored{};
      ::waitid(P_PIDFD, static_cast<id_t>(started->pidfd.get()), &ignored, WEXITED);
      text = started->report_so_far + read_available(started->report.get());
      clean_up(plan.slot);
      if (line_after(text, "status ") == "0") {
        summary_ = std::string(attempt.summary) + "; " + cgroups_.description();
        if (seccomp_.empty()) summary_ += "; no system call filter";
        if (const std::string lacking = line_after(text, "missing "); !lacking.empty())
          summary_ += "; missing: " + lacking;
        base::log(isolation_ == Isolation::none ? base::LogLevel::warning : base::LogLevel::info, "functions",
                  "sandbox: " + summary_ + reasons);
        return {};
      }
    }
    reasons += "; " + (started ? line_after(text, "failed ") : started.error().message);
  }
  return base::make_error(base::ErrorCode::io, "no function process can be started here" + reasons);
}

std::string Sandbox::modules_for(int node_version) const {
  if (options_.node_modules.empty()) return {};
  std::string path = options_.node_modules + (node_version <= 16 ? "/sdk-v2/node_modules" : "/sdk-v3/node_modules");
  std::error_code error;
  return fs::is_directory(path, error) ? path : std::string();
}

std::string Sandbox::private_directory(std::uint32_t slot) const {
  return options_.directory + "/private/" + std::to_string(slot);
}

SandboxPaths Sandbox::paths(const ProcessPlan& plan) const {
  if (isolation_ == Isolation::none) {
    return {plan.code_tree, plan.layers_tree.empty() ? "/opt" : plan.layers_tree, runtimes_, plan.modules_tree,
            private_directory(plan.slot)};
  }
  return {"/var/task", "/opt", "/var/runtime/bootstrap", plan.modules_tree.empty() ? "" : "/var/runtime/node_modules",
          "/tmp"};
}

void Sandbox::append_root(std::string& spec, const ProcessPlan& plan) const {
  append_record(spec, Tag::new_root, options_.directory + "/root");
  append_record(spec, Tag::bind, "/usr", "/usr");
  for (const char* const name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    const fs::path target = fs::read_symlink(name, error);
    if (error) {
      append_record(spec, Tag::bind, name, name);
    } else {
      append_record(spec, Tag::link, target.string(), name);
    }
  }
  for (const char* const name :
       {"alternatives", "ca-certificates", "gai.conf", "hosts", "ld.so.cache", "localtime", "mime.types",
        "nsswitch.conf", "os-release", "pki", "protocols", "python3", "resolv.conf", "services", "ssl"}) {
    append_record(spec, Tag::bind, std::string("/etc/") + name, std::string("/etc/") + name);
  }
  const std::string uid = std::to_string(uid_of(isolation_ == Isolation::root ? plan.slot : 0));
  append_record(spec, Tag::file, "/etc/passwd", "function:x:" + uid + ":" + uid + "::/tmp:/usr/sbin/nologin\n");
  append_record(spec, Tag::file, "/etc/group", "function:x:" + uid + ":\n");
  for (const char* const name : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"})
    append_record(spec, Tag::device, name, name);
  append_record(spec, Tag::link, "/proc/self/fd", "/dev/fd");
  append_record(spec, Tag::link, "/proc/self/fd/0", "/dev/stdin");
  append_record(spec, Tag::link, "/proc/self/fd/1", "/dev/stdout");
  append_record(spec, Tag::link, "/proc/self/fd/2", "/dev/stderr");
  append_record(spec, Tag::proc, "/proc");
  append_record(spec, Tag::writable, "/tmp", std::to_string(std::uint64_t{plan.storage_mb} << 20));
  for (const std::string& program : {node_outside_, python_}) {
    if (program.empty() || program.starts_with("/usr/")) continue;
    // An installation outside /usr comes with its libraries: PREFIX/bin/PROGRAM.
    const fs::path prefix = fs::path(program).parent_path().parent_path();
    const std::string shown = prefix == "/" ? program : prefix.string();
    append_record(spec, Tag::bind, shown, shown);
  }
  append_record(spec, Tag::bind, runtimes_, "/var/runtime/bootstrap");
  append_record(spec, Tag::bind, plan.code_tree, "/var/task");
  if (!plan.modules_tree.empty()) {
    append_record(spec, Tag::bind, plan.modules_tree, "/var/runtime/node_modules");
    // Where an ES module below /var/task looks next; NODE_PATH is for CommonJS only.
    append_record(spec, Tag::link, "/var/runtime/node_modules", "/var/node_modules");
  }
  if (!plan.layers_tree.empty()) append_record(spec, Tag::bind, plan.layers_tree, "/opt");
}

void Sandbox::append_limits(std::string& spec, const ProcessPlan& plan) const {
  append_limit(spec, RLIMIT_CORE, 0);
  append_limit(spec, RLIMIT_NOFILE, 1'024);
  // Counted for each user id, so it can only be set where the process has one for itself, or a count of its own.
  const bool has_own_count = isolation_ == Isolation::user ? counts_by_namespace() : uid_base_ != 0;
  if (has_own_count) append_limit(spec, RLIMIT_NPROC, kProcessesMax);
  append_limit(spec, RLIMIT_FSIZE, std::uint64_t{plan.storage_mb} << 20);
  append_limit(spec, RLIMIT_MEMLOCK, 64u << 10);
  append_limit(spec, RLIMIT_MSGQUEUE, 0);
  // A backstop for what grows faster than the resident size is looked at: writable private memory, of which runtimes
  // reserve much more than they touch.
  append_limit(spec, RLIMIT_DATA, (std::uint64_t{plan.memory_mb} * 4 + 1'024) << 20);
}

std::string Sandbox::make_spec(const ProcessPlan& plan) const {
  std::string spec;
  // Files in /tmp are memory too, on top of the function's own; its resident size is watched by the worker.
  const Cgroups::Limits limits{.memory_bytes = std::uint64_t{plan.memory_mb + plan.storage_mb + kOwnMemoryMb} << 20,
                               .pids = kProcessesMax};
  for (const std::string& entrance : cgroups_.prepare(plan.slot, limits)) append_record(spec, Tag::cgroup, entrance);
  append_record(spec, Tag::isolation,
                isolation_ == Isolation::root   ? "root"
                : isolation_ == Isolation::user ? "user"
                                                : "none");
  if (uid_base_ != 0)
    append_record(spec, Tag::uid, std::to_string(uid_of(isolation_ == Isolation::user ? 0 : plan.slot)));
  if (isolation_ != Isolation::none) {
    append_root(spec, plan);
  } else if (options_.enabled) {
    for (const char* const path :
         {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ssl", "/etc/ca-certificates", "/etc/resolv.conf",
          "/etc/hosts", "/etc/nsswitch.conf", "/etc/localtime", "/etc/ld.so.cache", "/etc/passwd", "/etc/group",
          "/etc/alternatives", "/proc", "/dev"}) {
      append_record(spec, Tag::readable, path);
    }
    for (const std::string& path : {node_outside_, runtimes_, plan.code_tree, plan.layers_tree, plan.modules_tree}) {
      if (!path.empty()) append_record(spec, Tag::readable, path);
    }
    append_record(spec, Tag::changeable, private_directory(plan.slot));
    append_record(spec, Tag::changeable, "/dev/null");
  } else {
    append_record(spec, Tag::changeable, "/");
  }
  if (options_.enabled) {
    append_limits(spec, plan);
    append_record(spec, Tag::filter, seccomp_);
  }
  append_record(spec, Tag::directory, paths(plan).task);
  for (const std::string& argument : plan.arguments) append_record(spec, Tag::argument, argument);
  for (const std::string& variable : plan.variables) append_record(spec, Tag::variable, variable);
  return spec;
}

base::Result<StartedProcess> Sandbox::start(const ProcessPlan& plan) const {
  const std::string spec = make_spec(plan);
  if (isolation_ == Isolation::none) {
    const std::string place = private_directory(plan.slot);
    ::mkdir(place.c_str(), 0700);
    if (uid_base_ != 0 && ::chown(place.c_str(), uid_of(plan.slot), uid_of(plan.slot)) != 0)
      return io_error("chown " + place);
  }
  const FileDescriptor spec_file(::memfd_create("spec", MFD_CLOEXEC));
  if (!spec_file || ::write(spec_file.get(), spec.data(), spec.size()) != static_cast<ssize_t>(spec.size()))
    return io_error("write the spec");
  int control[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) return io_error("socketpair");
  StartedProcess process;
  process.control.reset(control[0]);
  const FileDescriptor control_inside(control[1]);
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return io_error("pipe2");
  process.output.reset(output[0]);
  const FileDescriptor output_inside(output[1]);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return io_error("pipe2");
  process.report.reset(report[0]);
  FileDescriptor report_inside(report[1]);
  for (const int fd : {process.control.get(), process.output.get(), process.report.get()})
    ::fcntl(fd, F_SETFL, O_NONBLOCK);

  ESC_CHECK(spawn_launcher(output_inside.get(), control_inside.get(), report_inside.get(), spec_file.get()));
  report_inside.reset();
  const std::string text = read_available(process.report.get());
  const std::string pid = line_after(text, "pid ");
  if (pid.empty()) return base::make_error(base::ErrorCode::io, "the sandbox failed: " + line_after(text, "failed "));
  process.pid = static_cast<pid_t>(std::strtol(pid.c_str(), nullptr, 10));
  process.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!process.pidfd) {
    const base::Error error = io_error("pidfd_open");
    ::kill(process.pid, SIGKILL);
    ::waitpid(process.pid, nullptr, 0);
    return error;
  }
  process.report_so_far = text;
  return process;
}

// Runs the launcher and waits for its end, which comes once the sandbox's process 1 lives.
base::Result<void> Sandbox::spawn_launcher(int output, int control, int report, int spec) const {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  // Sources above all targets, so that none is overwritten before it is copied.
  std::vector<FileDescriptor> sources;
  for (const int fd : {output, output, control, report, spec})
    sources.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFreeFd));
  for (int target = 1; target <= launcher::kSpecFd; ++target) {
    ::posix_spawn_file_actions_adddup2(&actions, sources[static_cast<std::size_t>(target - 1)].get(), target);
  }
  const std::string path = "/proc/self/fd/" + std::to_string(launcher_.get());
  char name[] = "esc-launcher";
  char* arguments[] = {name, nullptr};
  char* variables[] = {nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments, variables);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    errno = failed;
    return io_error("start the launcher");
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return {};
}

std::optional<std::uint32_t> Sandbox::uid_outside(std::uint32_t slot) const {
  if (isolation_ == Isolation::user || uid_base_ == 0) return std::nullopt;
  return uid_of(slot);
}

void Sandbox::clean_up(std::uint32_t slot) const {
  cgroups_.remove(slot);
  if (isolation_ != Isolation::none) return;
  std::error_code ignored;
  fs::remove_all(private_directory(slot), ignored);
}

}  // namespace escapement::functions
