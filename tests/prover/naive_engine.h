// A second prover, slow and plain: a decision diagram over the 512 bits of struct seccomp_data, programs run on
// unknown bits path by path, policies by their definition. It shares nothing with cordon/diagram and cordon/prove,
// so that a mistake in one of the two shows as a disagreement.
//
//   NaiveComparison c = naive_compare(&policy, std::span<const bpf::Program>(&program, 1), {});
//   if (!c.gave_up) EXPECT_TRUE(c.is_equal());
//
// Costs milliseconds where the prover takes microseconds; products and quotients of two unknown words, and programs
// of many paths, are given up.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "cordon/bpf/program.h"
#include "cordon/bpf/simulate.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::engines {

// The oldest program first.
using NaiveMeaning = std::variant<const ResolvedPolicy*, std::span<const bpf::Program>>;

struct NaiveLimits {
  uint64_t max_steps = 1'000'000;  // calls of choose
  size_t max_paths = 5'000;        // of each program
  // Which bits are asked first: word after word, or the five lowest of all words, then the highest of all, and so on
  // down: for sums and comparisons of words, and for shifts by a word.
  enum class Order : uint8_t { by_word, interleaved } order = Order::by_word;
};

class NaiveEngine {
 public:
  using Node = uint32_t;
  using Bits = std::array<Node, 32>;  // the lowest first

  explicit NaiveEngine(const NaiveLimits& limits);

  // Leaves are policy::to_ret(policy::from_ret(ret)).
  Node encode(const NaiveMeaning& meaning);
  // Calls that no ABI can make answer 0: upper words of arguments where registers have 32 bits.
  Node on_possible_calls(Node node);
  Node combine(Node a, Node b, uint32_t (*function)(uint32_t, uint32_t));
  std::vector<uint32_t> leaves(Node node) const;
  uint32_t ret_at(Node node, const bpf::Input& input, Endian endian) const;
  bool gave_up() const { return gave_up_; }

 private:
  struct Record {
    uint32_t variable, low, high;  // of a leaf: kLeaf and its value
    bool operator==(const Record&) const = default;
  };
  struct Chosen {
    Record operands{kFree, 0, 0};
    Node result = kFalse;
  };
  static constexpr uint32_t kLeaf = 512;
  static constexpr Node kFree = UINT32_MAX;
  static constexpr Node kFalse = 0, kTrue = 1;
  struct State {
    uint32_t pc = 0;
    Node path = kTrue;  // where the program comes by here
    Bits a{}, x{};
    std::array<Bits, 16> cells{};
  };

  static size_t hash_of(const Record& record);
  Node make(const Record& record);
  void grow();
  Node leaf(uint32_t value) { return make({kLeaf, value, 0}); }
  Node choose(Node condition, Node yes, Node no);
  Node both(Node a, Node b) { return choose(a, b, kFalse); }
  Node either(Node a, Node b) { return choose(a, kTrue, b); }
  Node inverse(Node a) { return choose(a, kFalse, kTrue); }
  Node differ(Node a, Node b) { return choose(a, inverse(b), b); }
  Node below(Node node, uint32_t variable, bool is_set) const;

  Bits word(uint32_t number);
  Bits constant(uint32_t value) const;
  Bits sum(const Bits& a, const Bits& b, Node carry);
  Bits each_inverse(const Bits& a);
  Bits select(Node condition, const Bits& yes, const Bits& no);
  Bits compute(uint16_t code, const Bits& a, const Bits& operand);
  Bits product(const Bits& a, const Bits& b);
  Bits quotient(const Bits& a, const Bits& b);
  Bits shifted(const Bits& a, const Bits& by, bool is_left);
  Node at_least(std::span<const Node> a, std::span<const Node> b);
  Node relates(uint16_t code, const Bits& a, const Bits& operand);

  Node policy(const ResolvedPolicy& policy);
  Node holds(const ResolvedCondition& condition, Endian endian);
  Node passes(const ResolvedTest& test, Endian endian);
  Node program(const bpf::Program& program);
  void follow(const bpf::Program& program, State& state, std::vector<State>& others, Node& result);
  void move(const bpf::Insn& insn, State& state);
  Node returned(Node where, const Bits& a, unsigned count, uint32_t value);

  NaiveLimits limits_;
  uint64_t steps_ = 0;
  bool gave_up_ = false;
  std::array<std::array<uint32_t, 32>, 16> variables_;  // by word and bit
  std::vector<Record> nodes_;
  std::vector<Node> index_;     // open addressing by record; kFree is free
  std::vector<Chosen> chosen_;  // by the three operands; a newer result takes an older one's place
};

// What the right one is beside the left one, for some call each.
struct NaiveComparison {
  bool gave_up = false;
  bool is_looser = false, is_tighter = false, is_other_data = false;

  bool is_equal() const { return !is_looser && !is_tighter && !is_other_data; }
};
NaiveComparison naive_compare(const NaiveMeaning& left, const NaiveMeaning& right, const NaiveLimits& limits);

}  // namespace cordon::engines
