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
#include "cordon/prove/encode_stack.h"
#include "cordon/prove/forward.h"
#include "cordon/prove/interleaving.h"
#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Edge;
using diagram::Manager;
using diagram::Node;
using diagram::Order;
using diagram::Word;

constexpr uint32_t kUprobeCalls[] = {335, 336};

// One side, prepared: programs are executed on unknown words once, whatever the orders tried.
struct Side {
  explicit Side(const Meaning& meaning) {
    if (auto* resolved = std::get_if<const ResolvedPolicy*>(&meaning))
      policy = *resolved;
    else
      for (const bpf::Program& program : programs = std::get<std::span<const bpf::Program>>(meaning))
        executions.emplace_back(program);
  }

  // Why a program of it has no execution: it has too many states.
  std::optional<Undecided> overflow(bool is_left) const {
    for (size_t i = 0; i < executions.size(); ++i)
      if (executions[i].overflow()) return Undecided{executions[i].overflow(), static_cast<uint32_t>(i), is_left, 0};
    return std::nullopt;
  }

  // The words that are looked at bit by bit where programs are run forwards.
  uint16_t forward_words() const {
    uint32_t words = 0;
    if (overflow(true))
      for (const bpf::Program& program : programs) words |= loaded_words(program);
    return static_cast<uint16_t>(words);
  }

  void cut(diagram::Cuts& cuts, const StandIns& stand_ins) const {
    if (policy != nullptr) collect_cuts(*policy, cuts);
    if (overflow(true))
      for (Word word = 0; word < diagram::kWordCount; ++word) {
        if ((forward_words() >> word & 1) != 0) cuts.at_every_bit(word);
      }
    else
      for (const Execution& execution : executions) collect_cuts(execution, cuts, stand_ins);
  }

  const ResolvedPolicy* policy = nullptr;
  std::span<const bpf::Program> programs;
  std::vector<Execution> executions;  // of each program
};

std::optional<Undecided> encode(Manager& manager, const Side& side, const StandIns& stand_ins, bool is_left,
                                Node& node) {
  if (side.policy != nullptr) {
    node = encode_policy(manager, *side.policy);
    if (manager.exhausted()) return Undecided{std::nullopt, 0, is_left, manager.steps()};
    return std::nullopt;
  }
  const StackNode encoded = side.overflow(is_left) ? encode_stack_forward(manager, side.programs)
                                                   : encode_stack(manager, side.executions, stand_ins);
  node = encoded.node;
  if (encoded.undecided_at || manager.exhausted())
    return Undecided{encoded.undecided_at, encoded.program, is_left, manager.steps()};
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
  return diagram::by_word(manager, {kArchWord}, pieces);
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
                   diagram::by_word(manager, {kNrWord}, exempt));
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

WordOrder plain_order(const Side& left, const Side& right, Endian endian) {
  const ResolvedPolicy* policy = left.policy != nullptr ? left.policy : right.policy;
  return policy != nullptr ? word_order(endian, *policy) : word_order(endian);
}

std::vector<const Execution*> executions_of(const Side& left, const Side& right) {
  std::vector<const Execution*> all;
  for (const Side* side : {&left, &right})
    for (const Execution& execution : side->executions) all.push_back(&execution);
  return all;
}

// Word after word, then all words that are loaded in turns.
std::optional<Pair> attempt_forward(const Side& left, const Side& right, const EncodeOptions& options) {
  diagram::Cuts cuts;
  left.cut(cuts, {});
  right.cut(cuts, {});
  std::vector<Word> loaded;
  for (Word word = 0; word < diagram::kWordCount; ++word)
    if (((left.forward_words() | right.forward_words()) >> word & 1) != 0) loaded.push_back(word);
  const WordOrder plain = plain_order(left, right, options.endian);
  auto result = attempt(Order::of_words(plain, cuts), left, right, {}, options);
  if (!std::holds_alternative<Pair>(result) && loaded.size() > 1)
    result = attempt(Order::interleaved(plain, cuts, {&loaded, 1}), left, right, {}, options);
  if (auto* pair = std::get_if<Pair>(&result)) return std::move(*pair);
  return std::nullopt;
}

}  // namespace

std::variant<Pair, Undecided> encode_pair(const Meaning& left_meaning, const Meaning& right_meaning,
                                          const EncodeOptions& options) {
  const Side left(left_meaning), right(right_meaning);
  auto undecided = left.overflow(true);
  if (!undecided) undecided = right.overflow(false);
  if (undecided) {
    if (options.stand_ins != Standing::none) return *undecided;
    auto pair = attempt_forward(left, right, options);
    return pair ? std::move(*pair) : std::variant<Pair, Undecided>(*undecided);
  }
  StandIns stand_ins;
  if (options.stand_ins != Standing::none) {
    // The answers of a stack are combined, so that none can stand for itself.
    if (options.stand_ins == Standing::tests && (left.executions.size() > 1 || right.executions.size() > 1))
      return Undecided{};
    const auto found = StandIns::make(executions_of(left, right), options.stand_ins);
    if (!found) return Undecided{};
    stand_ins = *found;
  }
  diagram::Cuts cuts;
  for (unsigned i = 0; i < stand_ins.count(); ++i) cuts.at_every_bit(spare_word(i));
  left.cut(cuts, stand_ins);
  right.cut(cuts, stand_ins);
  std::variant<Pair, Undecided> result = Undecided{};
  const WordOrder plain = plain_order(left, right, options.endian);
  const std::vector<const Execution*> executions = executions_of(left, right);
  auto order = interleaved_order(executions, plain, cuts, stand_ins);
  if (stand_ins.which() == Standing::none) {
    EncodeOptions first = options;
    // Where words meet in arithmetic the other order is the better one, nearly always.
    if (order) first.max_steps /= 4;
    result = attempt(Order::of_words(plain, cuts), left, right, stand_ins, first);
    if (std::holds_alternative<Pair>(result)) return result;
  }
  if (order) {
    auto second = attempt(std::move(*order), left, right, stand_ins, options);
    if (std::holds_alternative<Pair>(second) || stand_ins.which() != Standing::none) return second;
  }
  return result;
}

}  // namespace cordon::prove
