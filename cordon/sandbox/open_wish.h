// What a waiting call that opens a file asks for: registers, and one copy of what they point to.
//
//   const OpenWishRead read = sandbox::read_open_wish(notification);   // open, openat, openat2, creat
//   if (read.error != 0) return Response::fail(read.error);
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

struct OpenWish {
  int directory = AT_FDCWD;
  std::string path;
  uint64_t flags = 0;  // those open(2) knows
  mode_t mode = 0;
  uint64_t resolve = 0;  // openat2's RESOLVE_*

  bool has(uint64_t flag) const { return (flags & flag) == flag; }
  bool writes() const { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0; }
};

struct OpenWishRead {
  OpenWish wish;
  int error = 0;  // what the kernel would say to the registers
};

OpenWishRead read_open_wish(const Notification& notification);

// A pointer as the caller's architecture has it.
uint64_t pointer_of(const Call& call, unsigned slot);

}  // namespace cordon::sandbox
