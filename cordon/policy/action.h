// What happens to a call, in the kernel's own terms and order.
//
//   Action deny{ActionKind::errno_, 1};
//   policy::stricter(deny, Action{ActionKind::allow}) == deny
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/abi/arch.h"

namespace cordon {

// Most restrictive first, as the kernel's precedence has them (seccomp_run_filters).
enum class ActionKind : uint8_t { kill_process, kill_thread, trap, errno_, notify, trace, log, allow };

struct Action {
  ActionKind kind = ActionKind::kill_process;
  uint16_t data = 0;  // errno 0..4095, trap and trace 0..65535; 0 for every other kind

  bool operator==(const Action&) const = default;
};

namespace policy {

inline constexpr uint32_t kRetActionMask = 0xffff0000;
inline constexpr uint16_t kMaxErrno = 4095;

// The value a filter returns for the action.
constexpr uint32_t to_ret(Action action);
// The action a filter's return value has in the kernel: data of allow, kill and log is dropped, errno is
// clamped at 4095, a value that names no action kills the process (4.14 and later).
constexpr Action from_ret(uint32_t ret);

// The one the kernel obeys when two filters answer; `a` when both have the same kind.
constexpr Action stricter(Action a, Action b);
// The call is executed (at once or after somebody was asked): allow, log, notify, trace.
constexpr bool may_run(ActionKind kind);

constexpr std::string_view keyword(ActionKind kind);  // "kill_process", "errno", "notify" …
std::optional<ActionKind> find_action_kind(std::string_view keyword);
// "errno EPERM", "trap 7", "allow"; errno names of `arch`.
std::string to_string(Action action, Arch arch);

}  // namespace policy

namespace policy {

constexpr uint32_t to_ret(Action action) {
  switch (action.kind) {
    case ActionKind::kill_process: return 0x80000000;
    case ActionKind::kill_thread: return 0x00000000;
    case ActionKind::trap: return 0x00030000 | action.data;
    case ActionKind::errno_: return 0x00050000 | action.data;
    case ActionKind::notify: return 0x7fc00000;
    case ActionKind::trace: return 0x7ff00000 | action.data;
    case ActionKind::log: return 0x7ffc0000;
    case ActionKind::allow: return 0x7fff0000;
  }
  return 0x80000000;
}

constexpr Action from_ret(uint32_t ret) {
  uint16_t data = static_cast<uint16_t>(ret);
  switch (ret & kRetActionMask) {
    case 0x00000000: return {ActionKind::kill_thread, 0};
    case 0x00030000: return {ActionKind::trap, data};
    case 0x00050000: return {ActionKind::errno_, data > kMaxErrno ? kMaxErrno : data};
    case 0x7fc00000: return {ActionKind::notify, 0};
    case 0x7ff00000: return {ActionKind::trace, data};
    case 0x7ffc0000: return {ActionKind::log, 0};
    case 0x7fff0000: return {ActionKind::allow, 0};
    default: return {ActionKind::kill_process, 0};
  }
}

constexpr Action stricter(Action a, Action b) { return b.kind < a.kind ? b : a; }

constexpr bool may_run(ActionKind kind) { return kind >= ActionKind::notify; }

constexpr std::string_view keyword(ActionKind kind) {
  switch (kind) {
    case ActionKind::kill_process: return "kill_process";
    case ActionKind::kill_thread: return "kill_thread";
    case ActionKind::trap: return "trap";
    case ActionKind::errno_: return "errno";
    case ActionKind::notify: return "notify";
    case ActionKind::trace: return "trace";
    case ActionKind::log: return "log";
    case ActionKind::allow: return "allow";
  }
  return "kill_process";
}

}  // namespace policy
}  // namespace cordon
