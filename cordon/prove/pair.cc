#include "cordon/prove/pair.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/diagram/sets.h"
#include "cordon/policy/action.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Edge;
using diagram::Manager;
using diagram::Node;
using diagram::Order;
using diagram::Word;

// `a` is what the newer filters returned, `b` what an older one did: the lower action wins as a signed number,
// the newer value between equals (seccomp_run_filters).
uint64_t stricter_ret(uint64_t a, uint64_t b) {
  auto rank = [](uint64_t ret) { return static_cast<int32_t>(static_cast<uint32_t>(ret) & policy::kRetActionMask); };
  return rank(b) < rank(a) ? b : a;
}

constexpr uint32_t kUprobeCalls[] = {335, 336};

Word spare_word(unsigned i) { return static_cast<Word>(diagram::kWordCount + i); }

// One side, prepared: programs are executed on unknown words once, whatever the orders tried.
struct Side {
  explicit Side(const Meaning& meaning) {
    if (auto* resolved = std::get_if<const ResolvedPolicy*>(&meaning))
      policy = *resolved;
    else
      for (const bpf::Program& program : std::get<std::span<const bpf::Program>>(meaning))
        executions.emplace_back(program);
  }

  void cut(diagram::Cuts& cuts, const StandIns& stand_ins) const {
    if (policy != nullptr) collect_cuts(*policy, cuts);
    for (const Execution& execution : executions) collect_cuts(execution, cuts, stand_ins);
  }

  const ResolvedPolicy* policy = nullptr;
  std::vector<Execution> executions;
};

std::optional<Undecided> encode(Manager& manager, const Side& side, const StandIns& stand_ins, bool is_left,
                                Node& node) {
  if (side.policy != nullptr) {
    node = encode_policy(manager, *side.policy);
    if (manager.exhausted()) return Undecided{std::nullopt, 0, is_left, manager.steps()};
    return std::nullopt;
  }
  const bool is_stack = side.executions.size() > 1;
  node = manager.leaf(policy::to_ret({ActionKind::allow, 0}));
  for (size_t i = 0; i < side.executions.size(); ++i) {
    const ProgramNode encoded =
        encode_program(manager, side.executions[i], is_stack ? Leaves::of_a_stack : Leaves::actions, stand_ins);
    const Undecided undecided{encoded.undecided_at, static_cast<uint32_t>(i), is_left, manager.steps()};
    if (encoded.undecided_at) return undecided;
    node = i == 0 ? encoded.node : manager.combine(stricter_ret, encoded.node, node);
    if (is_stack && i + 1 == side.executions.size()) node = as_actions(manager, node);
    if (manager.exhausted()) return undecided;
  }
  return std::nullopt;
}

// True for the audit values of the ABIs that the predicate picks.
template <class Predicate>
Node is_arch(Manager& manager, Predicate predicate) {
  std::vector<uint32_t> values;
  for (const abi::ArchInfo& arch : abi::arches())
    if (predicate(arch)) values.push_back(arch.audit_arch);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<Edge> pieces;
  for (uint32_t value : values) {
    if (value != 0 && (pieces.empty() || pieces.back().last != value - 1))
      pieces.push_back({value - 1, Manager::kFalse});
    pieces.push_back({value, Manager::kTrue});
  }
  if (pieces.empty() || pieces.back().last != UINT32_MAX) pieces.push_back({UINT32_MAX, Manager::kFalse});
  return diagram::by_word(manager, kArchWord, pieces);
}

// ABIs whose upper words are always zero: the kernel masks registers before a filter sees them
// (syscall_get_arguments of ppc and sparc). i386 is not one: `int 0x80` from 64-bit code shows whole registers.
bool has_no_upper_words(const abi::ArchInfo& arch) { return arch.arch == Arch::ppc || arch.arch == Arch::sparc; }

// The function on calls that can occur and that the kernel filters; elsewhere it is any one function.
Node on_care_set(Manager& manager, Node node, const EncodeOptions& options) {
  node = manager.choose(is_arch(manager, has_no_upper_words), manager.with_zero(node, upper_words(Endian::big)), node);
  if (!options.exempt_uprobe_calls) return node;
  const Edge exempt[] = {
      {kUprobeCalls[0] - 1, Manager::kFalse}, {kUprobeCalls[1], Manager::kTrue}, {UINT32_MAX, Manager::kFalse}};
  const Node is_exempt =
      manager.both(is_arch(manager, [](const abi::ArchInfo& arch) { return arch.arch == Arch::x86_64; }),
                   diagram::by_word(manager, kNrWord, exempt));
  return manager.choose(is_exempt, manager.leaf(policy::to_ret({ActionKind::allow, 0})), node);
}

std::variant<Pair, Undecided> attempt(Order order, const Side& left, const Side& right, const StandIns& stand_ins,
                                      const EncodeOptions& options) {
  Pair pair{Manager(std::move(order), {options.max_steps}), 0, 0};
  if (auto undecided = encode(pair.manager, left, stand_ins, true, pair.left)) return *undecided;
  if (auto undecided = encode(pair.manager, right, stand_ins, false, pair.right)) return *undecided;
  if (pair.left == pair.right) return pair;
  pair.left = on_care_set(pair.manager, pair.left, options);
  pair.right = on_care_set(pair.manager, pair.right, options);
  if (pair.manager.exhausted()) return Undecided{std::nullopt, 0, false, pair.manager.steps()};
  return pair;
}

std::optional<Undecided> overflow(const Side& side, bool is_left) {
  for (size_t i = 0; i < side.executions.size(); ++i)
    if (side.executions[i].overflow())
      return Undecided{side.executions[i].overflow(), static_cast<uint32_t>(i), is_left, 0};
  return std::nullopt;
}

WordOrder plain_order(const Side& left, const Side& right, Endian endian) {
  const ResolvedPolicy* policy = left.policy != nullptr ? left.policy : right.policy;
  return policy != nullptr ? word_order(endian, *policy) : word_order(endian);
}

// The order in which words that meet in arithmetic lie bit by bit beside each other; none meet: no order.
std::optional<Order> interleaved_order(const Side& left, const Side& right, const diagram::Cuts& cuts,
                                       const StandIns& stand_ins, Endian endian) {
  std::vector<Word> words{kArchWord, kNrWord};
  std::vector<std::vector<Word>> groups;
  for (const Side* side : {&left, &right})
    for (const Execution& execution : side->executions) {
      MeetingWords meeting = meeting_words(execution, stand_ins);
      words.insert(words.end(), meeting.first.begin(), meeting.first.end());
      groups.insert(groups.end(), meeting.groups.begin(), meeting.groups.end());
    }
  if (groups.empty() && words.size() == 2 && stand_ins.which() == Standing::none) return std::nullopt;
  const bool are_tests = stand_ins.which() == Standing::tests;
  for (unsigned i = 0; i < stand_ins.count() && are_tests; ++i) words.push_back(spare_word(i));
  for (Word word : plain_order(left, right, endian)) words.push_back(word);
  for (unsigned i = 0; i < stand_ins.count() && !are_tests; ++i) words.push_back(spare_word(i));
  // A word of two groups joins them.
  for (size_t i = 0; i < groups.size(); ++i)
    for (size_t j = i + 1; j < groups.size();) {
      const bool meet = std::any_of(groups[j].begin(), groups[j].end(), [&](Word word) {
        return std::find(groups[i].begin(), groups[i].end(), word) != groups[i].end();
      });
      if (!meet) {
        ++j;
        continue;
      }
      for (Word word : groups[j])
        if (std::find(groups[i].begin(), groups[i].end(), word) == groups[i].end()) groups[i].push_back(word);
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(j));
      j = i + 1;
    }
  return Order::interleaved(words, cuts, groups);
}

std::optional<StandIns> stand_ins_of(const Side& left, const Side& right, Standing which) {
  std::vector<const Execution*> executions;
  for (const Side* side : {&left, &right})
    for (const Execution& execution : side->executions) executions.push_back(&execution);
  return StandIns::make(executions, which);
}

}  // namespace

std::variant<Pair, Undecided> encode_pair(const Meaning& left_meaning, const Meaning& right_meaning,
                                          const EncodeOptions& options) {
  const Side left(left_meaning), right(right_meaning);
  if (auto undecided = overflow(left, true)) return *undecided;
  if (auto undecided = overflow(right, false)) return *undecided;
  StandIns stand_ins;
  if (options.stand_ins != Standing::none) {
    // The answers of a stack are combined, so that none can stand for itself.
    if (options.stand_ins == Standing::tests && (left.executions.size() > 1 || right.executions.size() > 1))
      return Undecided{};
    const auto found = stand_ins_of(left, right, options.stand_ins);
    if (!found) return Undecided{};
    stand_ins = *found;
  }
  diagram::Cuts cuts;
  for (unsigned i = 0; i < stand_ins.count(); ++i) cuts.at_every_bit(spare_word(i));
  left.cut(cuts, stand_ins);
  right.cut(cuts, stand_ins);
  std::variant<Pair, Undecided> result = Undecided{};
  auto order = interleaved_order(left, right, cuts, stand_ins, options.endian);
  if (stand_ins.which() == Standing::none) {
    EncodeOptions first = options;
    // Where words meet in arithmetic the other order is the better one, nearly always.
    if (order) first.max_steps /= 4;
    result = attempt(Order::of_words(plain_order(left, right, options.endian), cuts), left, right, stand_ins, first);
    if (std::holds_alternative<Pair>(result)) return result;
  }
  if (order) {
    auto second = attempt(std::move(*order), left, right, stand_ins, options);
    if (std::holds_alternative<Pair>(second) || stand_ins.which() != Standing::none) return second;
  }
  return result;
}

}  // namespace cordon::prove
