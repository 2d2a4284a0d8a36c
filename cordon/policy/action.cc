#include "cordon/policy/action.h"

#include <array>

#include "cordon/abi/constants.h"

namespace cordon::policy {
namespace {

constexpr std::array kKinds = {ActionKind::kill_process, ActionKind::kill_thread, ActionKind::trap, ActionKind::errno_,
                               ActionKind::notify,       ActionKind::trace,       ActionKind::log,  ActionKind::allow};

std::string errno_text(uint16_t number, Arch arch) {
  std::string_view symbol = number == 0 ? std::string_view() : abi::errno_symbol(number, arch);
  return symbol.empty() ? std::to_string(number) : std::string(symbol);
}

}  // namespace

std::optional<ActionKind> find_action_kind(std::string_view word) {
  for (ActionKind kind : kKinds)
    if (keyword(kind) == word) return kind;
  return std::nullopt;
}

std::string to_string(Action action, Arch arch) {
  std::string text(keyword(action.kind));
  switch (action.kind) {
    case ActionKind::errno_: return text + " " + errno_text(action.data, arch);
    case ActionKind::trap:
    case ActionKind::trace: return action.data == 0 ? text : text + " " + std::to_string(action.data);
    default: return text;
  }
}

}  // namespace cordon::policy
