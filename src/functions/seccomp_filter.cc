#include "functions/seccomp_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "functions/file_descriptor.h"

namespace escapement::functions {
namespace {

constexpr const char* kDenied[] = {
    "acct",
    "add_key",
    "adjtimex",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "get_kernel_syms",
    "init_module",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mbind",
    "migrate_pages",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "query_module",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "set_mempolicy",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "stime",
    "swapoff",
    "swapon",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "uselib",
    "userfaultfd",
    "ustat",
    "vhangup",
    "vm86",
    "vm86old",
};
constexpr const char* kAbsent[] = {"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};

constexpr scmp_datum_t kNamespaceFlags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

int add(scmp_filter_ctx context, std::uint32_t action, const char* name) {
  const int number = ::seccomp_syscall_resolve_name(name);
  // A call that this architecture or this libseccomp does not know cannot be made by number either, or is harmless.
  if (number == __NR_SCMP_ERROR) return 0;
  const int result = ::seccomp_rule_add(context, action, number, 0);
  return result == -EDOM || result == -EINVAL ? 0 : result;
}

int add_rules(scmp_filter_ctx context) {
  for (const char* const name : kDenied) {
    if (const int result = add(context, SCMP_ACT_ERRNO(EPERM), name); result != 0) return result;
  }
  for (const char* const name : kAbsent) {
    if (const int result = add(context, SCMP_ACT_ERRNO(ENOSYS), name); result != 0) return result;
  }
  for (scmp_datum_t flag = 1; flag != 0 && flag <= kNamespaceFlags; flag <<= 1) {
    if ((kNamespaceFlags & flag) == 0) continue;
    const int result =
        ::seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
    if (result != 0) return result;
  }
  // Typing into somebody's terminal.
  return ::seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI));
}

}  // namespace

base::Result<std::string> make_seccomp_filter() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> context(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release);
  if (!context || add_rules(context.get()) != 0) {
    return base::make_error(base::ErrorCode::unsupported, "libseccomp cannot make a filter for this architecture");
  }
  const FileDescriptor file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file || ::seccomp_export_bpf(context.get(), file.get()) != 0) {
    return base::make_error(base::ErrorCode::unsupported, "libseccomp cannot export its filter");
  }
  std::string program(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  if (::pread(file.get(), program.data(), program.size(), 0) != static_cast<ssize_t>(program.size())) {
    return base::make_error(base::ErrorCode::io, "cannot read the seccomp filter back");
  }
  return program;
}

}  // namespace escapement::functions
