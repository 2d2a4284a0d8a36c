// Loads of what is known of the call become loads of constants, so that what is left of the filters is about this call
// and no instruction changes its place. The leaves of their diagram tell the return instruction beside the answer; the
// function of the answers alone is put into words by what decompiling uses, resolved as any policy is, and made a
// diagram again: it has to be the same node.
//
//   ld [0] ; jeq #257, 2, 9 ; ld [32] ; jset #0x40, 4, 5        openat, flags not given
//   ld #257 ; jeq #257, 2, 9 ; ld [32] ; jset #0x40, 4, 5       asks word 8 alone
#include "cordon/prove/outcomes.h"

#include <algorithm>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/base/assert.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/call_rules.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/interleaving.h"
#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

Diagnostic too_large() {
  Diagnostic problem;
  problem.code = "outcomes-too-large";
  problem.message = "the answers to this call are too many to tell apart";
  problem.hint = "give more of its arguments";
  return problem;
}

// The words that are known, and their values.
struct Known {
  diagram::Point point{};
  uint16_t words = (1u << kArchWord) | (1u << kNrWord);
};

Known known_words(const PartialCall& call, const abi::ArchInfo& arch) {
  Known known;
  known.point[kArchWord] = call.call.audit_arch;
  known.point[kNrWord] = call.call.nr;
  for (uint8_t operand = 0; operand < kOperandCount; ++operand) {
    const diagram::Operand words = words_of(operand, arch.endian);
    const uint64_t value =
        operand == ResolvedTest::kInstructionPointer ? call.call.instruction_pointer : call.call.args[operand];
    // Where the kernel shows no upper halves they are zero whatever the rest is.
    const bool has_no_upper = arch.arch == Arch::ppc || arch.arch == Arch::sparc;
    if (call.known[operand] || has_no_upper) known.words |= static_cast<uint16_t>(1u << *words.high);
    if (!call.known[operand]) continue;
    known.words |= static_cast<uint16_t>(1u << words.low);
    known.point[*words.high] = has_no_upper ? 0 : static_cast<uint32_t>(value >> 32);
    known.point[words.low] = static_cast<uint32_t>(value);
  }
  return known;
}

bpf::Program specialised(const bpf::Program& program, const Known& known) {
  std::vector<bpf::Insn> insns(program.insns().begin(), program.insns().end());
  for (bpf::Insn& insn : insns) {
    if (insn.code != bpf::kLdAbs || (known.words >> insn.k / 4 & 1) == 0) continue;
    insn = {bpf::kLdImm, insn.jt, insn.jf, known.point[insn.k / 4]};
  }
  Result<bpf::Program> result = bpf::Program::create(std::move(insns));
  CORDON_ASSERT(result, "a constant is admitted where a load is");
  return std::move(*result);
}

uint64_t is_same(uint64_t a, uint64_t b) { return a == b ? 1 : 0; }

class OutcomeFinder {
 public:
  OutcomeFinder(Manager& manager, const diagram::Cuts& cuts, const abi::ArchInfo& arch, const PartialCall& call,
                const Known& known)
      : manager_(manager), cuts_(cuts), arch_(arch), call_(call), known_(known) {}

  // Conditions are read from a diagram in which the bits of an argument stand together.
  enum class Told : uint8_t { by_conditions, by_examples };

  Result<ProgramOutcomes> find(Node with_deciders, Told told) {
    decided_ = with_deciders;
    answers_ = without_deciders(manager_, decided_);
    if (manager_.exhausted()) return too_large();
    ProgramOutcomes found;
    const bool is_certain = manager_.is_leaf(answers_);
    const auto clauses = is_certain || told == Told::by_conditions ? conditions() : std::nullopt;
    if (!clauses || !add_outcomes(*clauses, found)) {
      found = {{}, false};
      for (Node leaf : diagram::leaves(manager_, answers_))
        add(manager_.combine(is_same, answers_, leaf), {}, action_of(leaf), found);
    }
    if (manager_.exhausted()) return too_large();
    return found;
  }

 private:
  Action action_of(Node leaf) const { return policy::from_ret(static_cast<uint32_t>(manager_.value(leaf))); }

  // The answers as clauses; none where the language has no words for them.
  std::optional<std::vector<Clause>> conditions() {
    if (manager_.is_leaf(answers_)) return std::vector<Clause>{{{}, action_of(answers_), {}}};
    RuleFinder finder(BitSpace(manager_, arch_.endian, cuts_));
    const std::string_view name = abi::name_of(call_.call.nr, arch_.arch);
    const SetPlace place{{.syscall = name, .slot = 0, .arch = arch_.arch}, name.empty()};
    auto rules = finder.of(answers_, place, {});
    if (!rules) return std::nullopt;
    Result<ResolvedPolicy> resolved = policy::resolve(policy_of(*rules, name), {});
    if (!resolved) return std::nullopt;
    PartialCall open = call_;
    open.known = {};
    return policy::outcomes(*resolved, open);
  }

  Policy policy_of(const CallRules& rules, std::string_view name) const {
    Policy policy;
    policy.arches = {arch_.arch};
    policy.default_action = rules.rest;
    for (const ConditionalRule& one : rules.rules) {
      Rule rule;
      rule.action = one.action.action;
      rule.errno_name = one.action.errno_name;
      rule.condition = one.condition;
      rule.target.kind = name.empty() ? Target::Kind::numbers : Target::Kind::name;
      rule.target.name = name;
      rule.target.first = rule.target.last = call_.call.nr;
      policy.rules.push_back(std::move(rule));
    }
    return policy;
  }

  // False: what the clauses say is not what the filters answer.
  bool add_outcomes(const std::vector<Clause>& clauses, ProgramOutcomes& found) {
    Node left = Manager::kTrue;  // where no earlier clause holds
    for (const Clause& clause : clauses) {
      const Node holds = manager_.both(left, encode_condition(manager_, clause.condition, arch_.endian));
      if (manager_.exhausted()) return false;
      left = manager_.both(left, manager_.negation(holds));
      if (holds == Manager::kFalse) continue;
      if (manager_.choose(holds, answers_, manager_.leaf(policy::to_ret(clause.action))) !=
          manager_.leaf(policy::to_ret(clause.action)))
        return false;
      add(holds, clause.condition, clause.action, found);
    }
    return left == Manager::kFalse && !found.outcomes.empty();
  }

  // The outcome that the function has where `holds`.
  void add(Node holds, const ResolvedCondition& condition, Action action, ProgramOutcomes& found) {
    constexpr uint64_t kElsewhere = UINT64_MAX;  // no leaf: instructions are counted to 4096
    if (manager_.exhausted()) return;
    ProgramOutcome outcome{condition, action, {}, {}};
    const Node here = manager_.choose(holds, decided_, manager_.leaf(kElsewhere));
    for (Node leaf : diagram::leaves(manager_, here))
      if (manager_.value(leaf) != kElsewhere) outcome.deciders.push_back(decider_of(manager_.value(leaf)));
    std::sort(outcome.deciders.begin(), outcome.deciders.end());
    outcome.deciders.erase(std::unique(outcome.deciders.begin(), outcome.deciders.end()), outcome.deciders.end());
    auto point = diagram::find(manager_, here, [](uint64_t value) { return value != kElsewhere; }, {});
    for (unsigned word = 0; word < diagram::kWordCount; ++word)
      if ((known_.words >> word & 1) != 0) (*point)[word] = known_.point[word];
    outcome.example = call_at(*point, arch_.endian);
    found.outcomes.push_back(std::move(outcome));
  }

  Manager& manager_;
  const diagram::Cuts& cuts_;
  const abi::ArchInfo& arch_;
  const PartialCall& call_;
  const Known& known_;
  Node decided_ = 0, answers_ = 0;
};

}  // namespace

Result<ProgramOutcomes> outcomes(std::span<const bpf::Program> programs, const PartialCall& call,
                                 const OutcomeOptions& options) {
  const abi::ArchInfo& arch =
      abi::info(abi::arch_of_call(call.call.audit_arch, call.call.nr).value_or(abi::native_arch()));
  const Known known = known_words(call, arch);
  std::vector<Execution> executions;
  for (const bpf::Program& program : programs) executions.emplace_back(specialised(program, known));
  diagram::Cuts cuts;
  for (const Execution& execution : executions) {
    if (execution.overflow()) return too_large();
    collect_cuts(execution, cuts);
  }
  const WordOrder plain = word_order(arch.endian);
  diagram::Cuts every = cuts;
  BitSpace::cut(every);
  const auto attempt = [&](diagram::Order order, OutcomeFinder::Told told) -> Result<ProgramOutcomes> {
    Manager manager(std::move(order), {.max_steps = options.max_steps});
    const StackNode encoded = encode_deciders(manager, executions);
    if (encoded.undecided_at || manager.exhausted()) return too_large();
    return OutcomeFinder(manager, cuts, arch, call, known).find(encoded.node, told);
  };
  Result<ProgramOutcomes> found = attempt(diagram::Order::of_words(plain, every), OutcomeFinder::Told::by_conditions);
  if (found) return found;
  std::vector<const Execution*> all;
  for (const Execution& execution : executions) all.push_back(&execution);
  auto interleaved = interleaved_order(all, plain, cuts);
  return interleaved ? attempt(std::move(*interleaved), OutcomeFinder::Told::by_examples) : std::move(found);
}

}  // namespace cordon::prove
