#include "cli/proved_filter.h"

#include <algorithm>
#include <utility>

#include "cli/exit_status.h"
#include "cordon/abi/arch.h"
#include "cordon/policy/describe.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/parts.h"

namespace cordon::cli {
namespace {

constexpr uint64_t kStepsPerEffort = 2'000'000;

Diagnostic not_proved(const prove::Undecided& undecided, unsigned effort, Severity severity) {
  Diagnostic problem;
  problem.severity = severity;
  problem.code = "not-proved";
  problem.message = "the filter could not be proved equal to the policy within " + std::to_string(undecided.steps) +
                    " steps" +
                    (undecided.pc ? " (instruction " + std::to_string(*undecided.pc) + " of it)"
                                  : std::string(" (conditions on scattered bits of several arguments)"));
  problem.hint = severity == Severity::error
                     ? "write fewer alternatives for one call; or run or compile it with --effort " +
                           std::to_string(10 * effort) + ", or unproved with --danger-unproved"
                     : "what the filter does was not proved: do not rely on it";
  return problem;
}

Diagnostic proof_failed(const prove::Comparison& result) {
  Diagnostic problem;
  problem.code = "proof-failed";
  problem.message = "the compiled filter is not what the policy says, so it is not given out";
  for (const auto* witness : {&result.looser, &result.tighter, &result.data})
    if (witness->has_value())
      problem.notes.push_back({{},
                               policy::describe_whole_call((*witness)->call) + ": policy " +
                                   policy::to_string((*witness)->left, abi::native_arch()) + ", filter " +
                                   policy::to_string((*witness)->right, abi::native_arch())});
  problem.hint = "this is a mistake of cordon: please report it with the policy";
  return problem;
}

// The value if it is proved, or taken without a proof.
template <class Value>
Result<Value> judged(Value value, const prove::Comparison& result, Diagnostics warnings, const ProofOptions& proof) {
  if (result.verdict == prove::Verdict::equal) return {std::move(value), std::move(warnings)};
  const bool is_wrong = result.looser || result.tighter || result.data;
  if (is_wrong || !result.undecided) return proof_failed(result);
  if (!proof.danger_unproved) return not_proved(*result.undecided, proof.effort, Severity::error);
  warnings.add(not_proved(*result.undecided, proof.effort, Severity::warning));
  return {std::move(value), std::move(warnings)};
}

prove::CompareOptions comparing_by(Endian endian, const ProofOptions& proof) {
  prove::CompareOptions comparing;
  comparing.encode.endian = endian;
  comparing.encode.max_steps = kStepsPerEffort * proof.effort;
  comparing.encode.max_part_steps *= proof.effort;
  return comparing;
}

}  // namespace

Result<Filter> compile_proved(const ResolvedPolicy& policy, const compiler::CompileOptions& options,
                              const ProofOptions& proof) {
  Result<Filter> filter = compiler::compile(policy, options);
  if (!filter) return filter;
  const prove::Comparison result =
      prove::compare(&policy, std::span<const bpf::Program>(&filter->program, 1), comparing_by(filter->endian, proof));
  return judged(std::move(*filter), result, filter.warnings(), proof);
}

Result<FilterStack> compile_stack_proved(const ResolvedPolicy& policy, const compiler::CompileOptions& options,
                                         const ProofOptions& proof) {
  Result<FilterStack> stack = compiler::compile_stack(policy, options);
  if (!stack) return stack;
  const std::vector<bpf::Program> programs = programs_of(*stack);
  const prove::CompareOptions comparing = comparing_by(stack->filters.front().endian, proof);
  prove::Comparison result;
  if (programs.size() > 1) result = prove::compare_parts(policy, stack->parts, programs, comparing);
  if (result.verdict != prove::Verdict::equal) result = prove::compare(&policy, programs, comparing);
  return judged(std::move(*stack), result, stack.warnings(), proof);
}

std::vector<bpf::Program> programs_of(const FilterStack& stack) {
  std::vector<bpf::Program> programs;
  for (const Filter& filter : stack.filters) programs.push_back(filter.program);
  return programs;
}

void add_proof_options(CommandLine& app, ProofOptions& options) {
  app.add_option("--effort", options.effort, "let the proof of a filter take so many times its usual bound, 1 to 1000")
      ->type_name("N")
      ->check(in_range(1, 1000));
  app.add_flag("--danger-unproved", options.danger_unproved, "take a filter although its proof was not decided");
}

bool has_code(const Diagnostics& problems, std::string_view code) {
  return std::any_of(problems.begin(), problems.end(), [&](const Diagnostic& one) { return one.code == code; });
}

int status_of_failure(const Diagnostics& problems, int status) {
  return has_code(problems, "not-proved") || has_code(problems, "proof-failed") ? kUndecided : status;
}

}  // namespace cordon::cli
