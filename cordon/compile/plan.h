// Which tests tell the values of one word apart: the fewest, in an order that costs little.
//
//   numbers 0..4 allow, 5 errno, 6..9 allow, 10.. errno
//     ->  jge 10 ? errno : (jeq 5 ? errno : allow)       2 tests, where cutting at every change takes 3
//
// A linear pass over the runs of equal label finds the smallest set of tests: each run is either kept or
// taken out number by number with an equality. What is kept falls into regions, put under an optimal
// alphabetic tree; within a region the exceptions are tested one after another, or the region is cut once
// more where the steps saved are worth the test.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/compile/weights.h"

namespace cordon::compiler {

enum class TestOp : uint8_t { eq, ge, set };  // set: (A & k) != 0

// Values from `first` up to the next part's have the label; the first part begins at 0.
struct Part {
  uint32_t first = 0;
  uint32_t label = 0;

  bool operator==(const Part&) const = default;
};

struct Plan {
  static constexpr uint32_t kLeaf = 0x80000000;  // child = kLeaf | label, or an index of tests

  struct Test {
    TestOp op = TestOp::eq;
    uint32_t k = 0;
    uint32_t yes = 0;
    uint32_t no = 0;
  };
  std::vector<Test> tests;  // children come before their parents
  uint32_t root = 0;
};

struct PlanOptions {
  // Numbers below this count one each, as the kernel's emulator tries each of them when a filter is
  // attached (seccomp_cache_prepare_bitmap, 5.11); 0: every part counts the same.
  uint32_t numbers_end = 0;
  uint32_t numbers_begin = 0;               // numbers below do not come
  uint64_t steps_per_test = 100;            // a test is worth this many steps
  std::span<const NumberWeight> weights{};  // what numbers count for beside that, sorted
  uint32_t audit_arch = 0;                  // whose weights; 0: those of all arches
  bool plain = false;                       // a balanced tree of cuts at every change, nothing cleverer
};

// Neighbouring parts have different labels, and a label is below Plan::kLeaf.
constexpr Plan plan_tests(std::span<const Part> parts, const PlanOptions& options);

// The size of the smallest set of tests, without a plan that has them.
constexpr uint64_t fewest_tests(std::span<const Part> parts);

}  // namespace cordon::compiler

#include "cordon/compile/plan.inl.h"  // IWYU pragma: export
