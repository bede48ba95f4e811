// What is taken from a process before it becomes the function's program: user id, capabilities, system calls,
// resources, files.
#pragma once

#include "parse.h"

namespace escapement::functions::launcher {

void enter_cgroups(const Spec& spec);
// Maps the caller's user to the spec's uid (or itself) in a namespace of its own.
void enter_user_namespace(const Spec& spec);
void set_limits(const Spec& spec);
// Without a mount namespace: Landlock, so that only the spec's paths can be opened.
void confine_files(const Spec& spec);
// The spec's uid, no groups, no capabilities, no way to gain any.
void drop_privileges(const Spec& spec);
void install_filter(const Spec& spec);
// Without a pid namespace: kills what the ended program left running.
void kill_leftovers(const Spec& spec, int program);

}  // namespace escapement::functions::launcher
