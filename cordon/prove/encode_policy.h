// A resolved policy as a diagram whose leaves are return values, in the canonical form of encode_program.h.
#pragma once

#include <functional>
#include <optional>

#include "cordon/diagram/manager.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::prove {

// Cuts for the masks of the policy's tests.
void collect_cuts(const ResolvedPolicy& policy, diagram::Cuts& cuts);

// No node means anything when the manager is exhausted afterwards.
diagram::Node encode_policy(diagram::Manager& manager, const ResolvedPolicy& policy);

// The same with a node of the caller's for some segments.
using SegmentNode = std::function<std::optional<diagram::Node>(const ArchTable&, const Segment&)>;
diagram::Node encode_policy(diagram::Manager& manager, const ResolvedPolicy& policy, const SegmentNode& instead);

// Where the condition holds.
diagram::Node encode_condition(diagram::Manager& manager, const ResolvedCondition& condition, Endian endian);

}  // namespace cordon::prove
