// Which register a condition speaks of, and how many of its bits the kernel reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cordon/policy/condition.h"
#include "cordon/policy/resolve_condition.h"

namespace cordon::policy {

struct ResolvedOperand {
  uint8_t operand = 0;  // as in ResolvedTest, or a hidden one
  unsigned width = 64;
  bool is_signed = false;
  bool is_pointer = false;  // named, so only null may be asked for
};

// No value: an error was reported.
std::optional<ResolvedOperand> resolve_operand(const ArgTest& test, const CallContext& call, Report& report);

// "flags of openat", "arg2 of syscall_600".
std::string operand_text(const Operand& operand, const CallContext& call);

}  // namespace cordon::policy
