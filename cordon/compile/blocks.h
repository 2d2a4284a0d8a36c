// Second stage, first half: lists of clauses become graphs of word tests.
//
//   [arg1 == 1 -> A] [arg1 == 2 && arg2 == 7 -> A] [always -> B]
//     ->  ld arg1; jeq 1 ? A : (jeq 2 ? (ld arg2; jeq 7 ? A : B) : B)
//
// The alternatives of clauses that follow each other are taken in groups that test the same word with
// sets that are equal or do not meet: one look at the word decides which of them are left. Whatever fails
// goes on with the next group and forgets what was learned, so that the graph stays as long as the policy
// is (a single decision diagram can be exponentially larger).
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cordon/compile/graph.h"
#include "cordon/compile/split.h"
#include "cordon/policy/budget.h"

namespace cordon::compiler {

struct BlockOptions {
  PlanOptions plan;
  bool group = true;         // false: alternatives one after another
  bool use_bits = true;      // jset for sets that are all subsets of a mask
  bool keep_origins = true;  // false: attributions() and origins() stay empty
  // Looks at alternatives and sets while they are grouped; far above what any program that fits asks for.
  uint64_t max_steps = uint64_t{1} << 26;
};

// Which clause a node was made for; `origin` is an index into BlockBuilder::origins().
struct Attribution {
  NodeId node = 0;
  uint32_t origin = 0;
};

class BlockBuilder {
 public:
  constexpr BlockBuilder(Graph& graph, const BlockOptions& options)
      : graph_(graph), options_(options), steps_(options.max_steps) {}

  // The last clause always holds.
  constexpr NodeId build(std::span<const SplitClause> clauses);

  // Nodes that stand for others are there for the same clauses.
  constexpr void attribute(std::span<const Replacement> replacements);

  // The clauses have more alternatives that do not group than the steps allow: what was built is not whole.
  constexpr bool is_exceeded() const { return steps_.is_exceeded(); }

  constexpr const std::vector<Attribution>& attributions() const { return attributions_; }
  constexpr const std::vector<Origin>& origins() const { return origins_; }

 private:
  // An alternative on its way: which of its tests are still to be made, and where it leads.
  struct Item {
    const Alternative* alternative = nullptr;
    uint32_t left = 0;  // bit i: test i
    NodeId target = 0;
    uint32_t origin = 0;
  };
  struct Member {
    Item item;
    const WordTest* test = nullptr;
    uint32_t set = 0;  // index into Group::sets
  };
  struct Group {
    Accumulator accumulator;
    std::vector<Member> members;
    std::vector<const std::vector<WordRange>*> sets;  // distinct
    NodeId target = kNoNode;                          // of an alternative without tests: the chain ends here
  };
  using MembersOfSets = std::vector<std::vector<const Member*>>;
  struct Atom {
    uint32_t first = 0;
    std::vector<uint32_t> sets;  // those that hold here
  };

  constexpr NodeId build_condition(const SplitCondition& condition, NodeId yes, NodeId no, uint32_t origin);
  constexpr NodeId build_items(std::vector<Item> items, NodeId fail, unsigned operand_hint);
  constexpr NodeId build_single(Item item, NodeId fail, unsigned operand_hint);
  constexpr std::vector<Group> make_groups(std::vector<Item> items, unsigned operand_hint);
  constexpr bool joins(const Group& group, const WordTest& test, bool ends, Member& member);
  constexpr NodeId build_group(const Group& group, NodeId fail);
  constexpr NodeId build_child(const Group& group, const MembersOfSets& members_of, std::span<const uint32_t> sets,
                               NodeId fail);
  constexpr std::vector<Atom> atoms_of(const Group& group) const;
  constexpr NodeId lower(Accumulator accumulator, std::vector<Part> parts);
  constexpr NodeId lower_subset(Accumulator accumulator, std::span<const Part> parts, size_t tests);
  constexpr void attribute(NodeId node, uint32_t origin) {
    if (options_.keep_origins) attributions_.push_back({node, origin});
  }
  constexpr void attribute(NodeId first, NodeId last, const Group& group, std::span<const Atom> atoms);

  Graph& graph_;
  BlockOptions options_;
  std::vector<Attribution> attributions_;
  std::vector<Origin> origins_;
  policy::Budget steps_;
};

}  // namespace cordon::compiler

#include "cordon/compile/blocks.inl.h"  // IWYU pragma: export
