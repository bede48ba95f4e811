// The system calls that functions may not make, as a program for the kernel's seccomp.
//
// A deny list, not an allow list: functions run any program that their author packed. Denied is what administers the
// machine, looks into other processes, makes namespaces, or has a history of holes that a function has no use for.
// Denied calls answer EPERM; clone3 and io_uring answer ENOSYS, so that libraries fall back to what can be checked.
#pragma once

#include <string>

#include "base/result.h"

namespace escapement::functions {

// The program as sock_filter structures. Errors: unsupported (libseccomp cannot make one for this architecture).
base::Result<std::string> make_seccomp_filter();

}  // namespace escapement::functions
