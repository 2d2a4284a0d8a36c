// Conditions as keys and by how much there is to read.
#pragma once

#include <string>

#include "cordon/policy/condition.h"

namespace cordon::prove {

struct ConditionalRule;

// Equal keys are equal rules.
void append_key(std::string& key, const ConditionalRule& rule);

// 0 for always.
unsigned reading_cost(const Condition& condition);

}  // namespace cordon::prove
