// What the server tells the launcher: one sandbox and the program to run in it.
//
// A spec is a sequence of records: a tag (one byte), the length of the content (four bytes, little endian), the
// content. Contents with several parts separate them by NUL. The order of mounts is the order in which they are made.
// The format never leaves this machine or this build: launcher and server are one program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace escapement::functions::launcher {

enum class Tag : char {
  isolation = 'i',   // "root", "user" or "none" (see Isolation)
  uid = 'u',         // decimal: the user and group to run as; absent: the caller's
  new_root = 'r',    // an existing empty directory: where the new root is put together
  bind = 'b',        // SOURCE NUL TARGET: read-only, recursive; a missing source is skipped
  device = 'd',      // SOURCE NUL TARGET: a device node
  writable = 'w',    // TARGET NUL BYTES: a private tmpfs
  link = 'l',        // CONTENT NUL TARGET: a symbolic link
  file = 'f',        // TARGET NUL CONTENT: a small file
  proc = 'p',        // TARGET: a proc of the new pid namespace
  limit = 'L',       // NUMBER NUL VALUE: setrlimit(2), soft and hard
  cgroup = 'c',      // the path of a cgroup.procs (or tasks) file to enter
  readable = 'R',    // PATH: isolation none: what Landlock still lets be read
  changeable = 'W',  // PATH: isolation none: what Landlock still lets be written
  filter = 's',      // the seccomp program, as the kernel takes it
  directory = 'C',   // where to change to before the program starts
  argument = 'a',    // one argument of the program; the first is its path
  variable = 'v',    // NAME=VALUE
};

// Descriptors of the launcher.
inline constexpr int kControlFd = 3;  // kept for the program: the socket to the server
inline constexpr int kReportFd = 4;   // reports to the server, closed before the program starts
inline constexpr int kSpecFd = 5;     // the spec

// Reports are lines: "pid N", "status N" (as wait(2) gives it), "missing WHAT: WHY", "failed WHAT: WHY".

inline void append_record(std::string& spec, Tag tag, std::string_view content) {
  const auto size = static_cast<std::uint32_t>(content.size());
  spec.push_back(static_cast<char>(tag));
  for (int shift = 0; shift < 32; shift += 8) spec.push_back(static_cast<char>(size >> shift & 0xff));
  spec.append(content);
}

inline void append_record(std::string& spec, Tag tag, std::string_view first, std::string_view second) {
  std::string content(first);
  content.push_back('\0');
  content.append(second);
  append_record(spec, tag, content);
}

}  // namespace escapement::functions::launcher
