#include "cordon/compile/bit_tests.h"

#include <algorithm>
#include <array>

#include "cordon/compile/number_cover.h"

namespace cordon::compiler {
namespace {

constexpr size_t kMaxSearched = 9;     // bit tests of one program
constexpr unsigned kMaskBits = 10;     // of the numbers that kernels have
constexpr uint32_t kBit = 0x40000000;  // of x32's numbers

// xorshift64: the same numbers everywhere.
class Random {
 public:
  explicit Random(uint32_t seed) : state_(0x9e3779b97f4a7c15ull ^ seed) {}

  uint32_t below(size_t end) { return static_cast<uint32_t>((next() >> 33) % end); }

 private:
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }

  uint64_t state_;
};

class Walk {
 public:
  Walk(NumberCover& cover, const BitSearch& search) : cover_(cover), search_(search), random_(search.seed) {}

  std::vector<BitTest> run() {
    uint32_t cost = cover_.cost(tests_), least = cost;
    std::vector<BitTest> best;
    for (uint32_t step = 0; step < search_.steps; ++step) {
      before_ = tests_;
      move();
      const uint32_t now = cover_.cost(tests_);
      if (now > cost && !takes_worse(now - cost, step)) {
        tests_.swap(before_);
        continue;
      }
      cost = now;
      if (cost >= least) continue;
      least = cost;
      best = tests_;
    }
    return best;
  }

 private:
  // With a probability that falls to nothing, and with each test that it is worse.
  bool takes_worse(uint32_t by, uint32_t step) {
    constexpr uint64_t kOne = 1 << 16;
    const uint64_t left = (search_.steps - step) * kOne / search_.steps;
    uint64_t chance = kOne;
    for (uint32_t i = 0; i < by && chance > 0; ++i) chance = chance * left / kOne * left / kOne * 2 / 5;
    return random_.below(kOne) < chance;
  }

  uint32_t random_target(size_t test) {
    const size_t labels = std::min(cover_.labels().size(), NumberCover::kMaxTargets);
    const uint32_t chosen = random_.below(labels + test);
    return chosen < labels ? cover_.labels()[chosen] : BitTest::kTest | static_cast<uint32_t>(chosen - labels);
  }

  uint32_t random_mask() { return 1u << random_.below(kMaskBits) | 1u << random_.below(kMaskBits); }

  void remove(size_t index) {
    const BitTest removed = tests_[index];
    tests_.erase(tests_.begin() + static_cast<std::ptrdiff_t>(index));
    auto redirect = [&](uint32_t& target) {
      if ((target & BitTest::kTest) == 0) return;
      const uint32_t to = target & ~BitTest::kTest;
      if (to == index)
        target = removed.no;
      else if (to > index)
        --target;
    };
    for (size_t i = index; i < tests_.size(); ++i) redirect(tests_[i].yes), redirect(tests_[i].no);
  }

  void move() {
    const size_t count = tests_.size();
    const uint32_t kind = random_.below(10);
    if (count == 0 || (kind == 0 && count < kMaxSearched)) {
      tests_.push_back({random_mask(), random_target(count), random_target(count)});
      return;
    }
    const size_t index = random_.below(count);
    BitTest& test = tests_[index];
    if (kind == 1) {
      remove(index);
    } else if (kind == 2) {
      test.mask = random_mask();
    } else if (kind == 3) {
      test.yes = random_target(index);
    } else if (kind == 4) {
      test.no = random_target(index);
    } else {
      test.mask ^= 1u << random_.below(kMaskBits);
    }
  }

  NumberCover& cover_;
  std::vector<BitTest> before_;
  BitSearch search_;
  Random random_;
  std::vector<BitTest> tests_;
};

void append(std::vector<Part>& parts, uint32_t first, uint32_t label) {
  if (parts.empty() || parts.back().label != label) parts.push_back({first, label});
}

// The part's numbers from `first` on, some of which end in a test.
void append_part(std::vector<Part>& parts, uint32_t first, uint64_t end, uint32_t label, uint32_t bit,
                 const std::vector<NumberCover::Ending>& endings, const std::vector<NodeId>& nodes,
                 const std::vector<uint32_t>& answers) {
  uint64_t next = first;
  auto at = std::lower_bound(endings.begin(), endings.end(), first & ~bit,
                             [](const NumberCover::Ending& one, uint32_t number) { return one.number < number; });
  for (; at != endings.end() && (at->number | bit) < end; ++at) {
    if (answers[static_cast<size_t>(at - endings.begin())] != label) continue;
    const uint32_t number = at->number | bit;
    if (next < number) append(parts, static_cast<uint32_t>(next), label);
    append(parts, number, nodes[at->test]);
    next = uint64_t{number} + 1;
  }
  if (next < end) append(parts, static_cast<uint32_t>(next), label);
}

uint32_t answer_of(const std::vector<BitTest>& tests, uint32_t test, uint32_t number) {
  for (;;) {
    const uint32_t target = (number & tests[test].mask) != 0 ? tests[test].yes : tests[test].no;
    if ((target & BitTest::kTest) == 0) return target;
    test = target & ~BitTest::kTest;  // an earlier one
  }
}

}  // namespace

std::vector<BitTest> find_bit_tests(const std::vector<NumberTable>& tables, const BitSearch& search) {
  NumberCover cover(tables);
  if (cover.labels().size() < 2) return {};
  return Walk(cover, search).run();
}

std::vector<NumberTable> with_bit_tests(const std::vector<NumberTable>& tables, const std::vector<BitTest>& tests,
                                        Graph& graph) {
  constexpr Accumulator kNumber{kWordNr, UINT32_MAX};
  constexpr uint64_t kFewNumbers = 1024;  // of x32's own parts: what nobody names there is one long part
  std::vector<NodeId> nodes;
  auto node_of = [&](uint32_t target) {
    return (target & BitTest::kTest) != 0 ? nodes[target & ~BitTest::kTest] : target;
  };
  for (const BitTest& test : tests)
    nodes.push_back(graph.test(kNumber, TestOp::set, test.mask, node_of(test.yes), node_of(test.no)));
  const auto endings = NumberCover(tables).endings(tests);
  std::vector<NumberTable> result;
  for (size_t table = 0; table < tables.size() && !endings.empty(); ++table) {
    std::vector<uint32_t> answers;
    for (const NumberCover::Ending& ending : endings[table])
      answers.push_back(answer_of(tests, ending.test, ending.number));
    const std::vector<Part>& parts = tables[table].parts;
    NumberTable& changed = result.emplace_back();
    changed.audit_arch = tables[table].audit_arch;
    for (size_t i = 0; i < parts.size(); ++i) {
      const uint64_t end = i + 1 < parts.size() ? parts[i + 1].first : uint64_t{UINT32_MAX} + 1;
      const bool has_bit = parts[i].first >= kBit && parts[i].first < 2 * kBit && end - parts[i].first <= kFewNumbers;
      if (parts[i].first < kBit || has_bit)
        append_part(changed.parts, parts[i].first, end, parts[i].label, has_bit ? kBit : 0, endings[table], nodes,
                    answers);
      else
        append(changed.parts, parts[i].first, parts[i].label);
    }
  }
  return result.empty() ? tables : result;
}

}  // namespace cordon::compiler
