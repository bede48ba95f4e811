#include "mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "report.h"

namespace escapement::functions::launcher {
namespace {

// struct mount_attr of linux/mount.h, which cannot be included beside sys/mount.h.
struct MountAttributes {
  std::uint64_t attr_set;
  std::uint64_t attr_clr;
  std::uint64_t propagation;
  std::uint64_t userns_fd;
};
constexpr std::uint64_t kReadOnly = 0x1;
constexpr std::uint64_t kNoSetuid = 0x2;
constexpr std::uint64_t kNoDevices = 0x4;
constexpr unsigned kRecursive = 0x8000;

void make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);
  }
}

bool make_place(const std::string& source, const std::string& target) {
  struct stat info{};
  if (::stat(source.c_str(), &info) != 0) return false;
  make_parents(target);
  if (S_ISDIR(info.st_mode)) {
    ::mkdir(target.c_str(), 0755);
  } else {
    const int fd = ::open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0444);
    if (fd >= 0) ::close(fd);
  }
  return true;
}

void make_read_only(const std::string& target) {
  MountAttributes attributes{
      .attr_set = kReadOnly | kNoSetuid | kNoDevices, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
  if (::syscall(SYS_mount_setattr, AT_FDCWD, target.c_str(), kRecursive, &attributes, sizeof attributes) == 0) return;
  // Before Linux 5.12: the topmost mount only.
  if (::mount(nullptr, target.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) !=
      0) {
    fail("remount " + target);
  }
}

void bind(const std::string& source, const std::string& target, bool device) {
  if (!make_place(source, target)) return;
  if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | (device ? 0ul : static_cast<unsigned long>(MS_REC)),
              nullptr) != 0) {
    fail("bind " + source);
  }
  if (!device) make_read_only(target);
}

void mount_writable(const std::string& target, const std::string& bytes) {
  make_parents(target);
  ::mkdir(target.c_str(), 0755);
  const std::string options = "mode=1777,size=" + bytes;
  if (::mount("tmpfs", target.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) fail("mount " + target);
}

void mount_proc(const std::string& target) {
  make_parents(target);
  ::mkdir(target.c_str(), 0755);
  if (::mount("proc", target.c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0) return;
  // Inside containers that mask parts of /proc a fresh one is refused; programs live without it.
  missing("proc");
}

void write_file(const std::string& target, const std::string& content) {
  make_parents(target);
  const int fd = ::open(target.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0444);
  if (fd < 0) return missing("file " + target);
  [[maybe_unused]] const auto written = ::write(fd, content.data(), content.size());
  ::close(fd);
}

void apply(const Mount& mount, const std::string& root) {
  switch (mount.tag) {
    case Tag::bind:
      return bind(mount.first, root + mount.second, false);
    case Tag::device:
      return bind(mount.first, root + mount.second, true);
    case Tag::writable:
      return mount_writable(root + mount.first, mount.second);
    case Tag::proc:
      return mount_proc(root + mount.first);
    case Tag::file:
      return write_file(root + mount.first, mount.second);
    case Tag::link:
      make_parents(root + mount.second);
      if (::symlink(mount.first.c_str(), (root + mount.second).c_str()) != 0) missing("link " + mount.second);
      return;
    default:
      return;
  }
}

}  // namespace

void make_root(const Spec& spec) {
  ::umask(0);
  // Nothing made here may reach the outside.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("make mounts private");
  const std::string& root = spec.new_root;
  if (::mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") != 0) fail("mount " + root);
  for (const Mount& mount : spec.mounts) apply(mount, root);
  // pivot_root with both names alike stacks the old root on the new one, where it can be let go.
  if (::chdir(root.c_str()) != 0) fail("chdir " + root);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) fail("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) fail("umount the old root");
  if (::chdir("/") != 0) fail("chdir /");
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) != 0)
    fail("remount /");
  ::umask(022);
}

}  // namespace escapement::functions::launcher
