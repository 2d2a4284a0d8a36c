// The kernel's audit record of a seccomp verdict (type 1326), as text.
//
//   auto record = sandbox::parse_audit_record("audit(1795305148.770:2): auid=… pid=17497 comm=\"k\" …");
//
// Pure. Takes the netlink form ("audit(…): …"), the daemon's ("type=SECCOMP msg=audit(…): …") and the
// kernel log's ("audit: type=1326 audit(…): …"). It names the process and never the thread, and has no
// arguments; `command` is the thread's name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordon {

struct AuditRecord {
  pid_t pid = 0;  // in the initial pid namespace
  std::string command;
  std::string executable;
  int signal = 0;  // 31 kill, 9 strict mode, 0 otherwise (a trap too)
  uint32_t audit_arch = 0;
  uint32_t nr = 0;
  uint64_t instruction_pointer = 0;
  uint32_t code = 0;  // the action, without data
};

namespace sandbox {

// No value if it is no seccomp record, or lacks one of pid, arch, syscall, code.
std::optional<AuditRecord> parse_audit_record(std::string_view text);

}  // namespace sandbox
}  // namespace cordon
