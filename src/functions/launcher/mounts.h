// The file system that a sandboxed program sees: an empty tmpfs with only what the spec names, everything read-only but
// the private writable places.
#pragma once

#include "parse.h"

namespace escapement::functions::launcher {

// Takes effect for the calling process, which must be alone in its mount namespace. Ends the process where it cannot.
void make_root(const Spec& spec);

}  // namespace escapement::functions::launcher
