// The policies cordon ships: builtin:docker-default, unconfined, strict, hardened.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "cordon/policy/policy.h"

namespace cordon::formats {

struct Builtin {
  std::string_view name;
  std::string_view description;
  std::string_view text;            // in cordon's own language
  std::optional<StartPoint> start;  // where its filter begins, unless the user says
};

std::span<const Builtin> builtins();
const Builtin* find_builtin(std::string_view name);

}  // namespace cordon::formats
