#include "cordon/sandbox/audit_reader.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstring>

namespace cordon::sandbox {
namespace {

constexpr size_t kLargestRecord = 16384;

}  // namespace

std::optional<AuditReader> AuditReader::open() {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT));
  if (!fd) return std::nullopt;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
  return AuditReader(std::move(fd));
}

// The header's length field does not count itself here (audit_send_multicast), so the datagram's size decides.
std::optional<AuditRecord> AuditReader::next() {
  std::string buffer(kLargestRecord, '\0');  // not on the stack, which may be small
  for (;;) {
    ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
    if (count <= static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
    nlmsghdr header;
    std::memcpy(&header, buffer.data(), sizeof header);
    if (header.nlmsg_type != AUDIT_SECCOMP) continue;
    std::string_view text(buffer.data() + sizeof header, static_cast<size_t>(count) - sizeof header);
    if (auto record = parse_audit_record(text)) return record;
  }
}

}  // namespace cordon::sandbox
