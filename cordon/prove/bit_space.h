// A diagram of single bits, read as sets of the values of whole arguments: what decompiling looks at.
//
//   BitSpace space(manager, Endian::little);               // argument words of the manager are cut at every bit
//   space.values(set, 0xff, 24) == {{1, 3}, {9, 9}}        // the set asks no other bits than those of 0xff
//
// Every bit of an argument is a level of its own, so that the bits a set depends on are the levels it has; the
// bits of one argument stand together, the highest first.
//
// Work is counted by the manager; what is given after it is exhausted means nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/diagram/manager.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::prove {

// Slots 0..5, then the instruction pointer.
inline constexpr uint8_t kOperandCount = 7;

// Values with these bits: x & mask == value.
struct Cube {
  uint64_t mask = 0;
  uint64_t value = 0;
};

// Neighbouring levels taken as one: those of an argument, or of a part of one that something looks at.
struct Grouping {
  std::vector<uint16_t> of_level;
  std::vector<uint64_t> bits;  // of each group, in its argument's value

  size_t count() const { return bits.size(); }
};

// The values of one group that lead to one pair of functions of the later groups.
struct ValueClass {
  diagram::Node set = 0;
  diagram::Node lower = 0, upper = 0;
};

class BitSpace {
 public:
  // `cuts` are those of the filter itself.
  BitSpace(diagram::Manager& manager, Endian endian, const diagram::Cuts& cuts);

  // Cuts every word of the arguments and of the instruction pointer.
  static void cut(diagram::Cuts& cuts);

  diagram::Manager& manager() const { return manager_; }
  // A group for each operand, in order; and one for each part that a mask of the filter cuts out of a word.
  const Grouping& operands() const { return operands_; }
  const Grouping& fields() const { return fields_; }
  // The group the node asks first; their count for a leaf.
  size_t group_of(diagram::Node node, const Grouping& grouping) const;
  // True where the function has this leaf.
  diagram::Node where(diagram::Node function, diagram::Node leaf);
  // Splits a pair of functions by the values of the group they ask first.
  std::optional<std::vector<ValueClass>> classes(diagram::Node lower, diagram::Node upper, const Grouping& grouping,
                                                 size_t max);

  // Of sets of one operand's values. The bits they depend on:
  uint64_t support(diagram::Node set) const;
  // The intervals of values under the mask, which covers the support; none where there are more than `max`.
  std::optional<std::vector<Interval>> values(diagram::Node set, uint64_t mask, size_t max) const;
  // Cubes whose union is the set, none of them needless.
  std::optional<std::vector<Cube>> cubes(diagram::Node set, size_t max);

 private:
  struct Edges;
  struct Flattening;
  struct Covering;
  struct Splitting;

  unsigned bit_of(diagram::Level level) const;
  diagram::Node child(diagram::Node node, diagram::Level level, bool is_one) const;
  diagram::Node indicate(diagram::Node node, diagram::Node leaf, std::vector<diagram::Node>& known);
  Edges edges_under(diagram::Node node, uint64_t mask, std::unordered_map<diagram::Node, Edges>& known) const;
  Edges widened(Edges edges, unsigned from_bit, unsigned to_bit, uint64_t mask) const;
  void flatten(diagram::Node node, unsigned bits, uint64_t prefix, Flattening& state) const;
  diagram::Node add_cubes(diagram::Node lower, diagram::Node upper, Cube cube, Covering& state);
  size_t split(diagram::Node lower, diagram::Node upper, Splitting& state);

  diagram::Manager& manager_;
  Endian endian_;
  Grouping operands_, fields_;
};

}  // namespace cordon::prove
