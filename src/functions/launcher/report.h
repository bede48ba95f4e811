// Lines to the server on kReportFd.
#pragma once

#include <string>

namespace escapement::functions::launcher {

void report(std::string line);
// Something that the sandbox does without: reported once as "missing WHAT: WHY" (errno's text), then life goes on.
void missing(const std::string& what);
// Something that it cannot do without: reported as "failed WHAT: WHY"; the process ends.
[[noreturn]] void fail(const std::string& what);

}  // namespace escapement::functions::launcher
