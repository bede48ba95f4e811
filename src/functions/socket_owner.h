// Whose process is at the other end of a local TCP connection.
#pragma once

#include <cstdint>
#include <optional>

namespace escapement::functions {

// The user id that owns the peer's socket of the accepted IPv4 connection `fd`, as the kernel's socket diagnostics tell
// it; nullopt where they cannot. Costs a few system calls.
std::optional<std::uint32_t> socket_owner(int fd);

}  // namespace escapement::functions
