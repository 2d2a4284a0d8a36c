#include "tests/prover/naive_engine.h"

#include <algorithm>
#include <map>
#include <set>

#include "cordon/abi/arch.h"
#include "cordon/policy/action.h"

namespace cordon::engines {
namespace {

constexpr uint8_t kOperands = 7;  // the arguments, then the instruction pointer

// Words are numbered by their offsets; the value's halves lie in machine order.
uint32_t half_of(uint8_t operand, bool is_high, Endian endian) {
  const uint32_t first = operand == ResolvedTest::kInstructionPointer ? 2 : 4 + 2 * uint32_t{operand};
  const bool is_second = endian == Endian::little ? is_high : !is_high;
  return first + (is_second ? 1 : 0);
}

uint32_t action_part(uint32_t ret) { return ret & 0xffff0000; }

// As seccomp_run_filters has it: `newer` stays unless the older answer is lower.
uint32_t obeyed(uint32_t newer, uint32_t older) {
  return static_cast<int32_t>(action_part(older)) < static_cast<int32_t>(action_part(newer)) ? older : newer;
}

uint32_t canonical(uint32_t ret, uint32_t) { return policy::to_ret(policy::from_ret(ret)); }

enum Relation : uint32_t { kSame, kOtherData, kLooser, kTighter };

uint32_t relation(uint32_t left, uint32_t right) {
  if (left == right) return kSame;
  if (action_part(left) == action_part(right)) return kOtherData;
  return static_cast<int32_t>(action_part(left)) < static_cast<int32_t>(action_part(right)) ? kLooser : kTighter;
}

}  // namespace

NaiveEngine::NaiveEngine(const NaiveLimits& limits) : limits_(limits), index_(1 << 12, kFree), chosen_(1 << 16) {
  constexpr uint32_t kWords[] = {1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14, 3, 2};
  uint32_t next = 0;
  auto take = [&](uint32_t number, uint32_t bit) { variables_[number][bit] = next++; };
  if (limits.order == NaiveLimits::Order::by_word) {
    for (uint32_t number : kWords)
      for (uint32_t bit = 32; bit-- > 0;) take(number, bit);
  } else {
    for (uint32_t bit = 5; bit-- > 0;)
      for (uint32_t number : kWords) take(number, bit);
    for (uint32_t bit = 32; bit-- > 5;)
      for (uint32_t number : kWords) take(number, bit);
  }
  leaf(0);
  leaf(1);
}

size_t NaiveEngine::hash_of(const Record& record) {
  const uint64_t hash = (uint64_t{record.low} << 32 | record.high) * 0x9e3779b97f4a7c15 + record.variable;
  return (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9 >> 20;
}

NaiveEngine::Node NaiveEngine::make(const Record& record) {
  if (record.variable != kLeaf && record.low == record.high) return record.low;
  if (2 * nodes_.size() >= index_.size()) grow();
  const size_t mask = index_.size() - 1;
  size_t at = hash_of(record) & mask;
  for (; index_[at] != kFree; at = (at + 1) & mask)
    if (nodes_[index_[at]] == record) return index_[at];
  nodes_.push_back(record);
  return index_[at] = static_cast<Node>(nodes_.size() - 1);
}

void NaiveEngine::grow() {
  index_.assign(4 * index_.size(), kFree);
  for (Node node = 0; node < nodes_.size(); ++node) {
    size_t at = hash_of(nodes_[node]) & (index_.size() - 1);
    while (index_[at] != kFree) at = (at + 1) & (index_.size() - 1);
    index_[at] = node;
  }
}

NaiveEngine::Node NaiveEngine::below(Node node, uint32_t variable, bool is_set) const {
  if (nodes_[node].variable != variable) return node;
  return is_set ? nodes_[node].high : nodes_[node].low;
}

// Deep as there are bits, at most.
NaiveEngine::Node NaiveEngine::choose(Node condition, Node yes, Node no) {
  if (++steps_ > limits_.max_steps) gave_up_ = true;
  if (gave_up_) return kFalse;
  if (condition == kTrue || yes == no) return yes;
  if (condition == kFalse) return no;
  if (yes == kTrue && no == kFalse) return condition;
  const Record key{condition, yes, no};
  Chosen& known = chosen_[hash_of(key) & (chosen_.size() - 1)];
  if (known.operands == key) return known.result;
  const uint32_t top = std::min({nodes_[condition].variable, nodes_[yes].variable, nodes_[no].variable});
  const Node low = choose(below(condition, top, false), below(yes, top, false), below(no, top, false));
  const Node high = choose(below(condition, top, true), below(yes, top, true), below(no, top, true));
  if (gave_up_) return kFalse;
  known = {key, make({top, low, high})};
  return known.result;
}

NaiveEngine::Node NaiveEngine::combine(Node a, Node b, uint32_t (*function)(uint32_t, uint32_t)) {
  std::map<std::pair<Node, Node>, Node> known;
  auto walk = [&](auto& self, Node left, Node right) -> Node {
    if (++steps_ > limits_.max_steps) gave_up_ = true;
    if (gave_up_) return kFalse;
    const uint32_t top = std::min(nodes_[left].variable, nodes_[right].variable);
    if (top == kLeaf) return leaf(function(nodes_[left].low, nodes_[right].low));
    if (auto found = known.find({left, right}); found != known.end()) return found->second;
    const Node low = self(self, below(left, top, false), below(right, top, false));
    const Node high = self(self, below(left, top, true), below(right, top, true));
    return known[{left, right}] = make({top, low, high});
  };
  return walk(walk, a, b);
}

std::vector<uint32_t> NaiveEngine::leaves(Node node) const {
  std::set<Node> seen{node};
  std::vector<Node> todo{node};
  std::vector<uint32_t> values;
  while (!todo.empty()) {
    const Record record = nodes_[todo.back()];
    todo.pop_back();
    if (record.variable == kLeaf) {
      values.push_back(record.low);
      continue;
    }
    for (Node child : {record.low, record.high})
      if (seen.insert(child).second) todo.push_back(child);
  }
  return values;
}

uint32_t NaiveEngine::ret_at(Node node, const bpf::Input& input, Endian endian) const {
  std::array<bool, kLeaf> values{};
  auto set = [&](uint32_t number, uint64_t value) {
    for (uint32_t bit = 0; bit < 32; ++bit) values[variables_[number][bit]] = (value >> bit & 1) != 0;
  };
  set(0, input.nr);
  set(1, input.audit_arch);
  for (uint8_t operand = 0; operand < kOperands; ++operand) {
    const uint64_t value = operand == 6 ? input.instruction_pointer : input.args[operand];
    set(half_of(operand, true, endian), value >> 32);
    set(half_of(operand, false, endian), value);
  }
  while (nodes_[node].variable != kLeaf) node = below(node, nodes_[node].variable, values[nodes_[node].variable]);
  return nodes_[node].low;
}

NaiveEngine::Node NaiveEngine::on_possible_calls(Node node) {
  Node impossible = kFalse;
  for (const abi::ArchInfo& arch : abi::arches()) {
    // Only these kernels clear the upper halves of registers (see prove/pair.h).
    if (arch.arch != Arch::ppc && arch.arch != Arch::sparc) continue;
    Node has_upper = kFalse;
    for (uint8_t operand = 0; operand < kOperands; ++operand)
      for (Node bit : word(half_of(operand, true, arch.endian))) has_upper = either(has_upper, bit);
    const Node is_arch = relates(bpf::kJeqK, word(1), constant(arch.audit_arch));
    impossible = either(impossible, both(is_arch, has_upper));
  }
  return choose(impossible, leaf(0), node);
}

NaiveEngine::Node NaiveEngine::encode(const NaiveMeaning& meaning) {
  if (auto* resolved = std::get_if<const ResolvedPolicy*>(&meaning)) return policy(**resolved);
  Node result = leaf(policy::to_ret({ActionKind::allow, 0}));
  const auto programs = std::get<std::span<const bpf::Program>>(meaning);
  for (size_t i = programs.size(); i-- > 0;) result = combine(result, program(programs[i]), obeyed);
  return combine(result, kFalse, canonical);
}

NaiveEngine::Node NaiveEngine::policy(const ResolvedPolicy& policy) {
  Node result = leaf(policy::to_ret(policy.bad_arch));
  for (const ArchTable& table : policy.arches) {
    Node answers = kFalse;
    for (const Segment& segment : table.segments) {
      Node answer = kFalse;
      for (size_t i = segment.clauses.size(); i-- > 0;) {
        const Clause& clause = segment.clauses[i];
        answer = choose(holds(clause.condition, table.endian), leaf(policy::to_ret(clause.action)), answer);
      }
      const Node is_inside =
          both(at_least(word(0), constant(segment.first)), at_least(constant(segment.last), word(0)));
      answers = choose(is_inside, answer, answers);
    }
    result = choose(relates(bpf::kJeqK, word(1), constant(table.audit_arch)), answers, result);
  }
  return result;
}

// Deep as the condition is.
NaiveEngine::Node NaiveEngine::holds(const ResolvedCondition& condition, Endian endian) {
  if (condition.kind == ResolvedCondition::Kind::test) return passes(condition.test, endian);
  const bool is_all = condition.kind == ResolvedCondition::Kind::all;
  Node result = is_all ? kTrue : kFalse;
  for (const ResolvedCondition& operand : condition.operands) {
    const Node one = holds(operand, endian);
    result = is_all ? both(result, one) : either(result, one);
  }
  return result;
}

NaiveEngine::Node NaiveEngine::passes(const ResolvedTest& test, Endian endian) {
  std::array<Node, 64> value, first, last;
  const Bits low = word(half_of(test.operand, false, endian)), high = word(half_of(test.operand, true, endian));
  for (uint32_t bit = 0; bit < 64; ++bit)
    value[bit] = (test.mask >> bit & 1) == 0 ? kFalse : bit < 32 ? low[bit] : high[bit - 32];
  Node result = kFalse;
  for (const Interval& interval : test.allowed) {
    for (uint32_t bit = 0; bit < 64; ++bit) {
      first[bit] = (interval.first >> bit & 1) != 0 ? kTrue : kFalse;
      last[bit] = (interval.last >> bit & 1) != 0 ? kTrue : kFalse;
    }
    result = either(result, both(at_least(value, first), at_least(last, value)));
  }
  return result;
}

NaiveEngine::Node NaiveEngine::program(const bpf::Program& program) {
  Node result = kFalse;
  std::vector<State> todo(1);
  for (size_t paths = 0; !todo.empty(); ++paths) {
    if (paths >= limits_.max_paths) gave_up_ = true;
    if (gave_up_) return kFalse;
    State state = todo.back();
    todo.pop_back();
    follow(program, state, todo, result);
  }
  return result;
}

// To the end of one path; where it parts, the other side is left for later.
void NaiveEngine::follow(const bpf::Program& program, State& state, std::vector<State>& others, Node& result) {
  for (; !gave_up_; ++state.pc) {
    const bpf::Insn& insn = program[state.pc];
    const Bits operand = (insn.code & 8) != 0 ? state.x : constant(insn.k);
    if (insn.code == bpf::kRetK || insn.code == bpf::kRetA) {
      const Bits value = insn.code == bpf::kRetA ? state.a : constant(insn.k);
      result = choose(state.path, returned(state.path, value, 32, 0), result);
      return;
    }
    if (insn.code == bpf::kJa) {
      state.pc += insn.k;
    } else if ((insn.code & 7) == 5) {
      const Node test = relates(insn.code, state.a, operand);
      const Node yes = both(state.path, test), no = both(state.path, inverse(test));
      if (yes != kFalse && no != kFalse) {
        others.push_back(state);
        others.back().path = no;
        others.back().pc += 1u + insn.jf;
      }
      state.path = yes != kFalse ? yes : no;
      state.pc += yes != kFalse ? insn.jt : insn.jf;
    } else if (insn.code == bpf::kDivX) {
      const Node is_zero = relates(bpf::kJeqX, state.x, constant(0));
      result = choose(both(state.path, is_zero), leaf(0), result);
      state.path = both(state.path, inverse(is_zero));
      if (state.path == kFalse) return;
      state.a = quotient(state.a, state.x);
    } else if ((insn.code & 7) == 4) {
      state.a = compute(insn.code, state.a, operand);
    } else {
      move(insn, state);
    }
  }
}

// A leaf for each value the bits can have there.
NaiveEngine::Node NaiveEngine::returned(Node where, const Bits& a, unsigned count, uint32_t value) {
  if (count == 0 || where == kFalse) return leaf(value);
  const Node bit = a[count - 1];
  const Node yes = both(where, bit), no = both(where, inverse(bit));
  const uint32_t with_bit = value | uint32_t{1} << (count - 1);
  if (no == kFalse) return returned(where, a, count - 1, with_bit);
  if (yes == kFalse) return returned(where, a, count - 1, value);
  return choose(bit, returned(yes, a, count - 1, with_bit), returned(no, a, count - 1, value));
}

NaiveComparison naive_compare(const NaiveMeaning& left, const NaiveMeaning& right, const NaiveLimits& limits) {
  NaiveEngine engine(limits);
  const auto a = engine.on_possible_calls(engine.encode(left)), b = engine.on_possible_calls(engine.encode(right));
  const auto relations = engine.leaves(engine.combine(a, b, relation));
  auto has = [&](uint32_t wanted) { return std::count(relations.begin(), relations.end(), wanted) != 0; };
  if (engine.gave_up()) return {true, false, false, false};
  return {false, has(kLooser), has(kTighter), has(kOtherData)};
}

}  // namespace cordon::engines
