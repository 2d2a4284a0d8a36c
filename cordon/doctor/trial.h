// Tries that may change or end the process that makes them, made by a child.
#pragma once

#include "cordon/doctor/probe.h"

namespace cordon::doctor {

// `attempt` runs in a child and returns 0 or an errno. A child that is killed, or that has not ended after
// some seconds, gives `no` without an errno; kCannotTry gives unknown.
inline constexpr int kCannotTry = 255;
Trial try_in_child(int (*attempt)());

Trial try_listener();
Trial try_sync_wake_up();
Trial try_ptrace();
Trial try_user_namespace();
Trial try_bpf();
Trial try_audit_log();
Trial try_x32();
Trial try_i386();

}  // namespace cordon::doctor
