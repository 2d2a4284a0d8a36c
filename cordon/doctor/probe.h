// What the running kernel and this process's surroundings offer to cordon.
//
//   KernelFeatures features = doctor::probe();
//   if (features.flags.listener == Presence::yes) …
//
// What can be asked is asked; what can only be tried is tried, in a child that ends at once and leaves
// nothing behind. The whole takes a few milliseconds. Answers hold for this process: another user,
// container or security module may see others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/abi/kernel_version.h"

namespace cordon {

enum class Presence : uint8_t { no, yes, unknown };

// What became of a try: unknown where it could not be made.
struct Trial {
  Presence presence = Presence::unknown;
  int error = 0;  // errno of the refusal, 0 if there was none

  bool operator==(const Trial&) const = default;
};

struct SeccompActions {
  Presence kill_process = Presence::unknown, kill_thread = Presence::unknown, trap = Presence::unknown,
           error = Presence::unknown, notify = Presence::unknown, trace = Presence::unknown, log = Presence::unknown,
           allow = Presence::unknown;
};

struct SeccompFlags {
  Presence tsync = Presence::unknown, log = Presence::unknown, spec_allow = Presence::unknown,
           listener = Presence::unknown, tsync_esrch = Presence::unknown, wait_killable = Presence::unknown;
};

// Of seccomp's user notification, bytes.
struct NotificationSizes {
  uint16_t notification = 0, response = 0, data = 0;
};

struct KernelFeatures {
  std::optional<KernelVersion> version;
  std::string release;  // uname -r
  std::string machine;  // uname -m

  Presence filters = Presence::unknown;  // seccomp filter mode
  SeccompActions actions;
  SeccompFlags flags;
  std::optional<NotificationSizes> notification_sizes;
  Trial listener;                                      // a filter with a listener, installed by a child
  Trial sync_wake_up;                                  // on that listener
  Presence constant_allow_bitmap = Presence::unknown;  // judged by version and machine: cannot be asked

  Trial ptrace;                   // seizing an own child
  std::optional<int> yama_scope;  // no value: no Yama
  std::optional<int> landlock_abi;
  std::optional<uint32_t> landlock_errata;
  int landlock_error = 0;                              // ENOSYS: not built, EOPNOTSUPP: disabled at boot
  std::optional<std::vector<std::string>> namespaces;  // the kinds built in; no value: no /proc to see it
  Trial user_namespace;
  std::vector<std::string> cgroup_controllers;  // of v2, that a group made from here could have
  std::string cgroup_problem, cgroup_cure;      // why not all of memory, pids and cpu are among them
  Trial bpf;                                    // loading a tracepoint program of two instructions
  std::optional<int> unprivileged_bpf_disabled;
  Presence btf = Presence::unknown;
  std::optional<std::vector<std::string>> security_modules;
  std::optional<std::string> lockdown;  // "none", "integrity", "confidentiality"
  Trial audit_log;                      // joining the audit multicast group
  Trial x32;                            // one call of each ABI
  Trial i386;

  std::optional<uint64_t> effective_capabilities;
  std::optional<bool> no_new_privs;
  std::optional<int> seccomp_mode;     // of this process: 0 none, 1 strict, 2 filters
  std::optional<int> seccomp_filters;  // how many it already has
};

namespace doctor {

KernelFeatures probe();

inline constexpr unsigned kCapSetpcap = 8, kCapSysPtrace = 19, kCapSysAdmin = 21, kCapAuditRead = 37, kCapPerfmon = 38,
                          kCapBpf = 39;

// What /proc/PID/status says under a name: the rest of the line, without blanks around it.
std::optional<std::string> status_field(const std::string& status, const std::string& name);
// The word in brackets of "none [integrity] confidentiality".
std::optional<std::string> chosen_word(const std::string& text);
// 5.11 and later, on the machines whose kernel keeps the bitmap.
Presence has_constant_allow_bitmap(const std::optional<KernelVersion>& version, const std::string& machine);

}  // namespace doctor
}  // namespace cordon
