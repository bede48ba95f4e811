#include "report.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "spec.h"

namespace escapement::functions::launcher {

void report(std::string line) {
  line.push_back('\n');
  // One write below PIPE_BUF: lines of several processes do not mix.
  [[maybe_unused]] const auto written = ::write(kReportFd, line.data(), line.size());
}

void missing(const std::string& what) { report("missing " + what + ": " + std::strerror(errno)); }

void fail(const std::string& what) {
  report("failed " + what + ": " + std::strerror(errno));
  ::_exit(125);
}

}  // namespace escapement::functions::launcher
