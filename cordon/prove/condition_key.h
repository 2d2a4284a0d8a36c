// Conditions as keys and by how much there is to read.
#pragma once

#include <string>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/policy/condition.h"

namespace cordon::prove {

struct ConditionalRule;

// Equal keys are equal rules.
void append_key(std::string& key, const ConditionalRule& rule);

// The same condition where the registers have no more bits than the kernel reads of them, as on 32-bit
// architectures: told of whole registers.
Condition with_raw_operands(const Condition& condition, std::string_view syscall, Arch arch);

// 0 for always.
unsigned reading_cost(const Condition& condition);

}  // namespace cordon::prove
