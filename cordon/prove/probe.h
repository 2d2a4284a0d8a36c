// Calls that meet each condition of a policy or just miss it, calls at and beside every constant that two functions
// compare with, and random ones: what is left to try where no proof was found in time.
#pragma once

#include <functional>

#include "cordon/policy/call.h"
#include "cordon/prove/pair.h"

namespace cordon::prove {

// Gives up to `count` calls, and half as many for the conditions of each policy, to `visit`, the same ones every time,
// until it says false.
void probe(const Meaning& left, const Meaning& right, unsigned count, const std::function<bool(const Call&)>& visit);

}  // namespace cordon::prove
