// How many tests number trees take when some bit tests are there to end in, and which numbers end there.
//
//   NumberCover cover(tables);
//   cover.cost(tests)            // the bit tests, and the least cuts and equalities beside them
//
// Reading the numbers from left to right, what the last region answers (a label, or whatever a bit test says) is either
// as cheap as can be or one test dearer, as one cut leads anywhere. So the cheapest ways are a set of bits, and a
// number costs a few operations.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/compile/bit_tests.h"

namespace cordon::compiler {

class NumberCover {
 public:
  static constexpr size_t kMaxTests = 12;
  static constexpr size_t kMaxTargets = 4;  // labels that a test may lead to: the first of labels()

  explicit NumberCover(const std::vector<NumberTable>& tables);

  uint32_t cost(const std::vector<BitTest>& tests);

  // Per table the numbers, ascending, that end in a bit test, and in which.
  struct Ending {
    uint32_t number = 0;
    uint32_t test = 0;
  };
  std::vector<std::vector<Ending>> endings(const std::vector<BitTest>& tests);

  // Those that most numbers get come first. With more labels of runs than are looked at there is nothing to cover.
  const std::vector<uint32_t>& labels() const { return labels_; }

 private:
  struct Number {
    uint32_t number = 0;
    uint32_t label = 0;
    bool is_single = false;  // else the first of a long run, which equalities cannot take out
  };
  using Set = std::vector<uint64_t>;  // of a table's numbers, by their index

  struct Table {
    std::vector<Number> numbers;
    std::vector<Set> agreeing;   // per state: the labels of runs, then the tests
    size_t tests = 0;            // how many of them are tests
    std::vector<Set> of_target;  // single numbers, by the labels that tests may lead to
    std::vector<Set> with_bit;   // single numbers, by their bits
  };

  // Where the last of some states disagrees, or the table's end, and which come so far.
  struct Place {
    size_t at = 0;
    uint64_t states = 0;
  };

  void drop_common_ends();
  void make_sets(Table& table) const;
  static void agree(Table& table, const std::vector<uint32_t>& labels, const std::vector<BitTest>& tests);
  static Place place_after(const Table& table, uint64_t states, size_t begin);
  static uint64_t agreeing_at(const Table& table, size_t at);
  static uint64_t states_after(const Table& table, const Place& place);

  std::vector<uint32_t> labels_;
  std::vector<uint32_t> run_labels_;
  std::vector<Table> tables_;
};

}  // namespace cordon::compiler
