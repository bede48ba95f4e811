#include "functions/socket_owner.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "functions/file_descriptor.h"

namespace escapement::functions {

std::optional<std::uint32_t> socket_owner(int fd) {
  sockaddr_in ours{};
  sockaddr_in theirs{};
  socklen_t size = sizeof ours;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &size) != 0 || ours.sin_family != AF_INET)
    return std::nullopt;
  size = sizeof theirs;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &size) != 0) return std::nullopt;

  const FileDescriptor netlink(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return std::nullopt;
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = AF_INET;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0u;
  // The peer's socket: its own address is the source.
  question.request.id.idiag_sport = theirs.sin_port;
  question.request.id.idiag_dport = ours.sin_port;
  question.request.id.idiag_src[0] = theirs.sin_addr.s_addr;
  question.request.id.idiag_dst[0] = ours.sin_addr.s_addr;
  question.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (::send(netlink.get(), &question, sizeof question, 0) < 0) return std::nullopt;

  alignas(nlmsghdr) char buffer[4096];
  const ssize_t count = ::recv(netlink.get(), buffer, sizeof buffer, 0);
  if (count < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(inet_diag_msg))) return std::nullopt;
  nlmsghdr header{};
  std::memcpy(&header, buffer, sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  inet_diag_msg answer{};
  std::memcpy(&answer, buffer + NLMSG_HDRLEN, sizeof answer);
  return answer.idiag_uid;
}

}  // namespace escapement::functions
