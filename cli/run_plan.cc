#include "cli/run_plan.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/bpf/simulate.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/partial.h"
#include "cordon/policy/resolve.h"
#include "cordon/sandbox/landlock_forecast.h"

namespace cordon::cli {
namespace {

bool kills(ActionKind kind) {
  return kind == ActionKind::kill_process || kind == ActionKind::kill_thread || kind == ActionKind::trap;
}

// The policy with its answers to some calls replaced by a question to the supervisor.
template <class IsAsked>
ResolvedPolicy asking(ResolvedPolicy policy, IsAsked is_asked) {
  auto ask = [&](Action& action, const Origin& origin) {
    if (is_asked(Decision{action, origin})) action = {ActionKind::notify, 0};
  };
  for (ArchTable& table : policy.arches)
    for (Segment& segment : table.segments)
      for (Clause& clause : segment.clauses) ask(clause.action, clause.origin);
  ask(policy.bad_arch, {.kind = Origin::Kind::bad_arch, .rule = 0, .policy = 0});
  return policy;
}

// The policy asking about these calls of this machine where it allows them. Numbers are sorted.
ResolvedPolicy asking_of_allowed(ResolvedPolicy policy, const std::vector<uint32_t>& numbers) {
  for (ArchTable& table : policy.arches) {
    if (table.audit_arch != abi::info(abi::native_arch()).audit_arch) continue;
    std::vector<Segment> cut;
    for (const Segment& segment : table.segments) {
      uint32_t first = segment.first;
      const auto add = [&](uint32_t last) { cut.push_back({first, last, segment.clauses}); };
      for (auto number = std::lower_bound(numbers.begin(), numbers.end(), segment.first);
           number != numbers.end() && *number <= segment.last; ++number) {
        if (first < *number) add(*number - 1);
        first = *number;
        add(*number);
        for (Clause& clause : cut.back().clauses)
          if (clause.action.kind == ActionKind::allow) clause.action = {ActionKind::notify, 0};
        ++first;
      }
      if (first <= segment.last) add(segment.last);
    }
    table.segments = std::move(cut);
  }
  return policy;
}

std::vector<uint32_t> numbers_of(std::span<const std::string_view> names) {
  std::vector<uint32_t> numbers;
  for (std::string_view name : names)
    if (const auto number = abi::number_of(name, abi::native_arch())) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// What some calls get, over the whole policy.
struct Traits {
  bool notifies = false;
  bool kills = false;
  bool denies_by_errno = false;
};

Traits traits_of(const ResolvedPolicy& policy) {
  Traits traits;
  traits.notifies = policy.bad_arch.kind == ActionKind::notify;
  for (const ArchTable& table : policy.arches)
    for (const Segment& segment : table.segments)
      for (const Clause& clause : segment.clauses) {
        traits.notifies |= clause.action.kind == ActionKind::notify;
        traits.denies_by_errno |= clause.action.kind == ActionKind::errno_;
        traits.kills |= kills(clause.action.kind) && clause.origin.kind != Origin::Kind::bad_arch;
      }
  return traits;
}

bool is_denial(ActionKind kind) { return kind == ActionKind::errno_ || kills(kind); }

template <class IsAsked>
Result<bpf::Program> asking_program(const bpf::Program& program, IsAsked is_asked) {
  std::vector<bpf::Insn> insns(program.insns().begin(), program.insns().end());
  for (bpf::Insn& insn : insns)
    if (insn.code == bpf::kRetK && is_asked(policy::from_ret(insn.k).kind))
      insn.k = policy::to_ret({ActionKind::notify, 0});
  return bpf::Program::create(std::move(insns));
}

// What a program computes may be a denial that nobody was asked about.
bool computes_answers(const bpf::Program& program) {
  return std::any_of(program.insns().begin(), program.insns().end(),
                     [](const bpf::Insn& insn) { return insn.code == bpf::kRetA; });
}

bool returns_kill(const bpf::Program& program) {
  for (const bpf::Insn& insn : program.insns())
    if (insn.code == bpf::kRetA || (insn.code == bpf::kRetK && kills(policy::from_ret(insn.k).kind))) return true;
  return false;
}

// Computed answers may be anything.
bool returns_notify(const bpf::Program& program) {
  for (const bpf::Insn& insn : program.insns())
    if (insn.code == bpf::kRetA || (insn.code == bpf::kRetK && policy::from_ret(insn.k).kind == ActionKind::notify))
      return true;
  return false;
}

uint32_t flags_of(const std::vector<Loaded>& policies, const PlanOptions& options) {
  uint32_t flags = options.filter_flags;
  for (const Loaded& loaded : policies)
    if (loaded.policy) flags |= loaded.policy->filter_flags & ~static_cast<uint32_t>(SECCOMP_FILTER_FLAG_TSYNC);
  return flags;
}

bool is_asked(const Decision& decision, const PlanOptions& options) {
  return !options.hands_over && decision.action.kind == ActionKind::errno_ && is_told(decision, options.explain_all);
}

// A filter that refuses seccomp(2) keeps every later one from being installed.
Diagnostics check_order(const std::vector<FilterSpec>& filters, const std::vector<const Loaded*>& whose) {
  Diagnostics problems;
  Call install;
  install.nr = *abi::number_of("seccomp", abi::native_arch());
  install.audit_arch = abi::info(abi::native_arch()).audit_arch;
  for (size_t i = 0; i + 1 < filters.size(); ++i) {
    const ActionKind answer = program_answer(filters[i].program, install).kind;
    if (answer == ActionKind::allow || answer == ActionKind::log) continue;
    Place place;
    place.file = whose[i]->name;
    problems.error("stack-order", std::move(place), "it denies seccomp, so that no filter could be installed after it",
                   "name it last, or allow seccomp in it");
  }
  return problems;
}

void add_filters(RunPlan& plan, const FilterStack& stack, uint32_t flags) {
  for (const Filter& filter : stack.filters) plan.filters.push_back({filter.program, flags});
}

// The filters that are asked about nothing. Several policies become the filter that means the same, so that none of
// them can keep a later one out; with a raw filter among them each is its own.
Result<RunPlan> plain_plan(const std::vector<Loaded>& policies, const PlanOptions& options) {
  RunPlan plan;
  Diagnostics warnings;
  if (std::optional<ResolvedPolicy> meaning = policies.size() > 1 ? cli::meaning_of(policies) : std::nullopt) {
    Result<FilterStack> stack = compile_stack_proved(*meaning, {}, options.proof);
    if (!stack && has_code(stack.error(), "proof-failed")) return stack.error();
    if (stack) {
      const Traits traits = traits_of(*meaning);
      plan.can_kill = traits.kills;
      plan.notifies = plan.has_unheard = traits.notifies;
      add_filters(plan, *stack, flags_of(policies, options));
      return {std::move(plan), stack.warnings()};
    }
  }
  std::vector<const Loaded*> whose;
  for (const Loaded& loaded : policies) {
    uint32_t flags = options.filter_flags;
    if (!loaded.policy) {
      plan.filters.push_back({loaded.programs.front(), flags});
      plan.can_kill |= returns_kill(loaded.programs.front());
      plan.notifies |= returns_notify(loaded.programs.front());
    } else {
      Result<FilterStack> stack = compile_stack(loaded, {}, options.proof);
      if (!stack) return stack.error();
      warnings.append(stack.warnings());
      flags |= loaded.policy->filter_flags & ~static_cast<uint32_t>(SECCOMP_FILTER_FLAG_TSYNC);
      add_filters(plan, *stack, flags);
      const Traits traits = traits_of(*loaded.resolved);
      plan.can_kill |= traits.kills;
      plan.notifies |= traits.notifies;
    }
    whose.resize(plan.filters.size(), &loaded);
  }
  plan.has_unheard = plan.notifies;
  if (Diagnostics problems = check_order(plan.filters, whose); problems.has_errors()) return problems;
  return {std::move(plan), std::move(warnings)};
}

// Landlock's refusals are told of calls that the one filter with the listener lets pass.
void note_silent_landlock(const PlanOptions& options, Diagnostics& notes) {
  if (options.explains_landlock)
    notes.note("landlock-not-explained", {},
               "what Landlock refuses is not explained: no one filter means the policies");
}

// A policy too large for one filter: the last one of its stack, which alone can have a listener, asks about its
// denials.
Result<RunPlan> stacked_plan(const std::vector<Loaded>& policies, const PlanOptions& options, ResolvedPolicy meaning) {
  Result<FilterStack> stack = policies.size() == 1 ? compile_stack(policies.front(), {}, options.proof)
                                                   : compile_stack_proved(meaning, {}, options.proof);
  if (!stack) return stack.error();
  const ResolvedPolicy asked =
      asking(stack->parts.back(), [&](const Decision& decision) { return is_asked(decision, options); });
  Result<Filter> last = compile_proved(asked, {}, options.proof);
  if (!last) return last.error();
  Diagnostics notes = stack.warnings();
  note_silent_landlock(options, notes);
  const bool is_silent = std::any_of(stack->parts.begin(), stack->parts.end() - 1,
                                     [](const ResolvedPolicy& part) { return traits_of(part).denies_by_errno; });
  if (is_silent)
    notes.note("errno-not-explained", {},
               "the policy takes " + std::to_string(stack->filters.size()) +
                   " filters, and one of them can ask: errno denials of calls with the longest conditions are not "
                   "explained");
  stack->filters.back() = std::move(*last);
  RunPlan plan;
  plan.listener = traits_of(asked).notifies;
  const Traits traits = traits_of(meaning);
  plan.can_kill = traits.kills;
  plan.notifies = traits.notifies;
  plan.has_unheard = std::any_of(stack->parts.begin(), stack->parts.end() - 1,
                                 [](const ResolvedPolicy& part) { return traits_of(part).notifies; });
  add_filters(plan, *stack, flags_of(policies, options));
  plan.meaning = std::move(meaning);
  plan.proof = options.proof;
  return {std::move(plan), std::move(notes)};
}

Result<RunPlan> without_explanations(const std::vector<Loaded>& policies, const PlanOptions& options, std::string why) {
  Result<RunPlan> plan = plain_plan(policies, options);
  if (!plan) return plan;
  Diagnostics notes = plan.warnings();
  notes.note("errno-not-explained", {}, "errno denials are not explained: " + std::move(why));
  note_silent_landlock(options, notes);
  return {std::move(*plan), std::move(notes)};
}

// As far as it was known, or can be found.
const ResolvedPolicy* meaning_of(const RunPlan& plan) {
  if (!plan.meaning && plan.find_meaning) plan.meaning = plan.find_meaning();
  return plan.meaning ? &*plan.meaning : nullptr;
}

}  // namespace

std::optional<ResolvedPolicy> meaning_of(const std::vector<Loaded>& policies) {
  std::vector<ResolvedPolicy> meanings;
  for (const Loaded& loaded : policies) {
    if (!loaded.resolved) return std::nullopt;
    meanings.push_back(*loaded.resolved);
  }
  if (meanings.size() == 1) return std::move(meanings.front());
  Result<ResolvedPolicy> combined = policy::combine(meanings);
  return combined ? std::optional(std::move(*combined)) : std::nullopt;
}

Result<RunPlan> make_plan(const std::vector<Loaded>& policies, const PlanOptions& options) {
  if (!options.explain_errno) return plain_plan(policies, options);
  if (policies.size() == 1 && !policies[0].policy) {
    const bpf::Program& own = policies[0].programs.front();
    CORDON_TRY(program,
               asking_program(own, [&](ActionKind kind) { return !options.hands_over && kind == ActionKind::errno_; }));
    RunPlan plan;
    plan.notifies = returns_notify(own);
    plan.listener = !(program == own) || (options.answers_notify && plan.notifies);
    plan.can_kill = returns_kill(program);
    plan.program = own;
    plan.filters.push_back({program, options.filter_flags});
    Diagnostics notes;
    note_silent_landlock(options, notes);
    return {std::move(plan), std::move(notes)};
  }
  // The kernel lets a chain have one listener, asked only by the filter that decides; so a stack that is
  // to be explained is installed as the one filter that means the same.
  RunPlan plan;
  plan.meaning = cli::meaning_of(policies);
  if (!plan.meaning) {
    const bool has_raw = std::any_of(policies.begin(), policies.end(), [](const Loaded& one) { return !one.resolved; });
    return without_explanations(
        policies, options,
        has_raw ? "a raw filter among several policies names no rules" : "the stack is too large for one filter");
  }
  ResolvedPolicy asked = asking(*plan.meaning, [&](const Decision& decision) { return is_asked(decision, options); });
  if (options.explains_landlock) asked = asking_of_allowed(std::move(asked), numbers_of(sandbox::landlock_calls()));
  Result<Filter> filter = compile_proved(asked, {}, options.proof);
  if (!filter && has_code(filter.error(), "program-too-large")) {
    Result<RunPlan> stacked = stacked_plan(policies, options, *plan.meaning);
    if (stacked || policies.size() == 1 || has_code(stacked.error(), "proof-failed")) return stacked;
  }
  if (!filter) {
    if (policies.size() == 1 || has_code(filter.error(), "proof-failed")) return filter.error();
    return without_explanations(policies, options,
                                has_code(filter.error(), "not-proved")
                                    ? "that the stack's one filter is right was not proved in time"
                                    : "the stack is too large for one filter");
  }
  const Traits traits = traits_of(asked);
  plan.listener = traits.notifies;
  plan.notifies = traits_of(*plan.meaning).notifies;
  plan.can_kill = traits.kills;
  plan.filters.push_back({filter->program, flags_of(policies, options)});
  plan.proof = options.proof;
  Diagnostics notes = filter.warnings();
  if (options.hands_over && traits.denies_by_errno)
    notes.note("errno-not-explained", {}, "errno denials are not explained: the one listener is handed over");
  return {std::move(plan), std::move(notes)};
}

std::optional<FilterSpec> make_gate(const RunPlan& plan) {
  if (plan.program && !computes_answers(*plan.program)) {
    if (Result<bpf::Program> program = asking_program(*plan.program, is_denial))
      return FilterSpec{std::move(*program), plan.filters.back().flags};
  }
  const ResolvedPolicy* meaning = meaning_of(plan);
  if (meaning == nullptr) return std::nullopt;
  auto is_denied = [](const Decision& decision) { return is_denial(decision.action.kind); };
  Result<Filter> filter = compile_proved(asking(*meaning, is_denied), {}, plan.proof);
  return filter ? std::optional(FilterSpec{filter->program, plan.filters.back().flags}) : std::nullopt;
}

bool is_told(const Decision& decision, bool explain_all) {
  if (explain_all || decision.action.kind != ActionKind::errno_) return true;
  if (decision.origin.kind == Origin::Kind::unknown) return false;
  const bool is_explicit =
      decision.origin.kind == Origin::Kind::rule || decision.origin.kind == Origin::Kind::multiplexed;
  return !(is_explicit && decision.action.data == ENOSYS);
}

Action program_answer(const bpf::Program& program, const Call& call) {
  bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
  std::copy(call.args.begin(), call.args.end(), std::begin(input.args));
  return policy::from_ret(bpf::simulate(program, input, abi::info(abi::native_arch()).endian).ret);
}

Decision decide(const RunPlan& plan, const Call& call) {
  if (const ResolvedPolicy* meaning = meaning_of(plan)) return policy::evaluate(*meaning, call);
  return {program_answer(*plan.program, call), {.kind = Origin::Kind::default_action, .rule = 0, .policy = 0}};
}

}  // namespace cordon::cli
