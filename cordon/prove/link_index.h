// Which links of a chain a call can meet at all.
//
//   for (uint32_t link : index.candidates(call)) if (policy::holds(*chain.links[link].condition, call)) …
//
// Most lists want one of few values of some argument, and each value is wanted by few links: they are found without
// asking the others. Links that want no single values are candidates of every call.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cordon/policy/call.h"
#include "cordon/prove/chain.h"

namespace cordon::prove {

class LinkIndex {
 public:
  explicit LinkIndex(const Chain& chain);

  // In no order. Valid until the next call.
  const std::vector<uint32_t>& candidates(const Call& call);

 private:
  struct ByValue {
    uint8_t operand = 0;
    uint64_t mask = 0;
    std::unordered_map<uint64_t, std::vector<uint32_t>> links;
  };

  bool add(uint32_t link, const ResolvedCondition& condition);

  std::vector<ByValue> by_value_;
  std::vector<uint32_t> always_;
  std::vector<uint32_t> candidates_;
};

}  // namespace cordon::prove
