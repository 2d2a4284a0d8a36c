#include "cordon/prove/link_index.h"

#include <algorithm>
#include <span>

namespace cordon::prove {
namespace {

constexpr size_t kFewValues = 4;

bool has_few_values(const ResolvedCondition& condition) {
  const auto& allowed = condition.test.allowed;
  return condition.kind == ResolvedCondition::Kind::test && allowed.size() <= kFewValues &&
         std::all_of(allowed.begin(), allowed.end(), [](const Interval& one) { return one.first == one.last; });
}

// What all have to hold.
std::span<const ResolvedCondition> conjuncts(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::all) return condition.operands;
  return {&condition, 1};
}

}  // namespace

LinkIndex::LinkIndex(const Chain& chain) {
  for (uint32_t link = 0; link < chain.links.size(); ++link)
    if (!add(link, *chain.links[link].condition)) always_.push_back(link);
}

bool LinkIndex::add(uint32_t link, const ResolvedCondition& condition) {
  for (const ResolvedCondition& conjunct : conjuncts(condition)) {
    if (!has_few_values(conjunct)) continue;
    const ResolvedTest& test = conjunct.test;
    auto known = std::find_if(by_value_.begin(), by_value_.end(),
                              [&](const ByValue& one) { return one.operand == test.operand && one.mask == test.mask; });
    if (known == by_value_.end()) known = by_value_.insert(known, ByValue{test.operand, test.mask, {}});
    for (const Interval& value : test.allowed) known->links[value.first].push_back(link);
    return true;
  }
  return false;
}

const std::vector<uint32_t>& LinkIndex::candidates(const Call& call) {
  candidates_ = always_;
  for (const ByValue& one : by_value_) {
    const uint64_t value =
        one.operand == ResolvedTest::kInstructionPointer ? call.instruction_pointer : call.args[one.operand];
    const auto found = one.links.find(value & one.mask);
    if (found != one.links.end()) candidates_.insert(candidates_.end(), found->second.begin(), found->second.end());
  }
  return candidates_;
}

}  // namespace cordon::prove
