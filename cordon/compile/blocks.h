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

namespace cordon::compiler {

struct BlockOptions {
  PlanOptions plan;
  bool group = true;     // false: alternatives one after another
  bool use_bits = true;  // jset for sets that are all subsets of a mask
};

// Which clause a node was made for; `origin` is an index into BlockBuilder::origins().
struct Attribution {
  NodeId node = 0;
  uint32_t origin = 0;
};

class BlockBuilder {
 public:
  BlockBuilder(Graph& graph, const BlockOptions& options) : graph_(graph), options_(options) {}

  // The last clause always holds.
  NodeId build(std::span<const SplitClause> clauses);

  // A node made later stands where another stood.
  void attribute_as(NodeId node, NodeId other);

  const std::vector<Attribution>& attributions() const { return attributions_; }
  const std::vector<Origin>& origins() const { return origins_; }

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
  struct Atom {
    uint32_t first = 0;
    std::vector<uint32_t> sets;  // those that hold here
  };

  NodeId build_condition(const SplitCondition& condition, NodeId yes, NodeId no, uint32_t origin);
  NodeId build_items(std::vector<Item> items, NodeId fail, unsigned operand_hint);
  std::vector<Group> make_groups(std::vector<Item> items, unsigned operand_hint) const;
  bool joins(const Group& group, const WordTest& test, bool ends, Member& member) const;
  NodeId build_group(const Group& group, NodeId fail);
  std::vector<Atom> atoms_of(const Group& group) const;
  NodeId lower(Accumulator accumulator, std::vector<Part> parts);
  NodeId lower_subset(Accumulator accumulator, std::span<const Part> parts, size_t tests);
  void attribute(NodeId first, NodeId last, const Group& group, std::span<const Atom> atoms);

  Graph& graph_;
  BlockOptions options_;
  std::vector<Attribution> attributions_;
  std::vector<Origin> origins_;
};

}  // namespace cordon::compiler
