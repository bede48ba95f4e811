#include "confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "report.h"

namespace escapement::functions::launcher {
namespace {

bool write_text(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return good;
}

constexpr std::uint64_t kLandlockRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kLandlockAll = kLandlockRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                       LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                       LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                       LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kLandlockFileOnly =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

void allow_beneath(int rules, const std::string& path, std::uint64_t access) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  struct stat info{};
  if (::fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode)) access &= kLandlockFileOnly;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = fd;
  if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) missing("landlock " + path);
  ::close(fd);
}

}  // namespace

void enter_cgroups(const Spec& spec) {
  for (const std::string& path : spec.cgroups) {
    if (!write_text(path.c_str(), "0")) missing("cgroup " + path);
  }
}

void enter_user_namespace(const Spec& spec) {
  const std::string outer_uid = std::to_string(::getuid());
  const std::string outer_gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER) != 0) fail("unshare the user namespace");
  const std::string inner = std::to_string(spec.uid.value_or(::getuid()));
  if (!write_text("/proc/self/setgroups", "deny")) missing("setgroups");
  if (!write_text("/proc/self/uid_map", inner + " " + outer_uid + " 1")) fail("write uid_map");
  if (!write_text("/proc/self/gid_map", inner + " " + outer_gid + " 1")) fail("write gid_map");
}

void set_limits(const Spec& spec) {
  for (const auto& [resource, value] : spec.limits) {
    rlimit limit{.rlim_cur = value, .rlim_max = value};
    rlimit present{};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &present) == 0 && present.rlim_max < limit.rlim_max) {
      limit.rlim_cur = limit.rlim_max = present.rlim_max;
    }
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
      missing("limit " + std::to_string(resource));
  }
}

void confine_files(const Spec& spec) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = kLandlockAll;
  const int rules =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0));
  if (rules < 0) return missing("landlock");
  for (const std::string& path : spec.readable) allow_beneath(rules, path, kLandlockRead);
  for (const std::string& path : spec.changeable) allow_beneath(rules, path, kLandlockAll);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::syscall(SYS_landlock_restrict_self, rules, 0) != 0) missing("landlock");
  ::close(rules);
}

void drop_privileges(const Spec& spec) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (int capability = 0; capability <= 63; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
  }
  if (spec.uid && ::geteuid() == 0 && spec.isolation != Isolation::user) {
    if (::setgroups(0, nullptr) != 0) fail("setgroups");
    if (::setresgid(*spec.uid, *spec.uid, *spec.uid) != 0) fail("setresgid");
    if (::setresuid(*spec.uid, *spec.uid, *spec.uid) != 0) fail("setresuid");
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capset, &header, data) != 0) fail("capset");
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // A change of user id clears the request to die with the parent; for process 1 it must stand.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void install_filter(const Spec& spec) {
  if (spec.filter.empty()) return;
  std::vector<sock_filter> code(spec.filter.size() / sizeof(sock_filter));
  std::memcpy(code.data(), spec.filter.data(), code.size() * sizeof(sock_filter));
  sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) missing("seccomp");
}

void kill_leftovers(const Spec& spec, int program) {
  // A user id of its own: all that this process may signal is the program's. Else the program's session, which is what
  // it leads.
  ::kill(spec.uid && ::getuid() == *spec.uid ? -1 : -program, SIGKILL);
}

}  // namespace escapement::functions::launcher
