// Seccomp records from the kernel's audit multicast group: no daemon, no log file, no loss by rate limits.
//
//   std::optional<AuditReader> reader = AuditReader::open();     // needs CAP_AUDIT_READ
//   while (auto record = reader->next()) …
//
// It sees the records of the whole machine from the moment it was opened.
#pragma once

#include <optional>

#include "cordon/base/fd.h"
#include "cordon/sandbox/audit_record.h"

namespace cordon::sandbox {

class AuditReader {
 public:
  static std::optional<AuditReader> open();

  int fd() const { return fd_.get(); }
  // Never waits.
  std::optional<AuditRecord> next();

 private:
  explicit AuditReader(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace cordon::sandbox
