// The long lists of conditions in a policy, which a diagram cannot hold.
//
//   arg0 == 1 && arg3 < 7 -> allow, arg1 == 5 && arg3 >= 2 -> allow, … 200 more …, always -> kill
//
// As one function of all arguments such a list can be exponentially large, though each condition alone is small. A
// Subset names the function of a part of the list without building it: the first of the chosen links that holds
// answers, else the end of the chain does.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/policy/resolved_policy.h"
#include "cordon/prove/link_set.h"

namespace cordon::prove {

struct Link {
  const ResolvedCondition* condition = nullptr;
  uint64_t answer = 0;      // a return value
  diagram::Node holds = 0;  // filled by Chains::encode
};

struct Chain {
  const ArchTable* table = nullptr;
  const Segment* segment = nullptr;  // the first that has it
  std::vector<Link> links;
  uint64_t end = 0;   // the answer where no link holds
  size_t weight = 0;  // what evaluating all links costs: their tests and intervals
};

struct Subset {
  uint32_t chain = 0;
  LinkSet has;

  auto operator<=>(const Subset&) const = default;
};

// A comparison of 64 bits as one link, or as links that ask its high word only and such that ask the low word of one
// high word: programs ask those at different places.
enum class Comparisons : uint8_t { whole, divided };

class Chains {
 public:
  // Those of the policy that are long and ask several arguments; often there is none.
  Chains(const ResolvedPolicy& policy, Comparisons comparisons);

  bool empty() const { return chains_.empty(); }
  const std::vector<Chain>& all() const { return chains_; }
  std::optional<uint32_t> of(const Segment& segment) const;
  void encode(diagram::Manager& manager);

  // Subsets are known by numbers, and stand in diagrams as leaves that no return value is equal to.
  uint32_t number_of(Subset subset);
  uint32_t whole(uint32_t chain);
  const Subset& subset(uint32_t number) const { return *subsets_[number]; }
  static uint64_t leaf_of(uint32_t number) { return kMark | number; }
  static std::optional<uint32_t> number_in(uint64_t leaf);

 private:
  static constexpr uint64_t kMark = 0x40000000;  // no action has a value from here to 0x4fffffff

  std::deque<ResolvedCondition> divided_;  // conditions of links that the policy does not have as such
  std::vector<Chain> chains_;
  std::map<const Segment*, uint32_t> of_;
  std::map<Subset, uint32_t> numbers_;
  std::vector<const Subset*> subsets_;
};

}  // namespace cordon::prove
