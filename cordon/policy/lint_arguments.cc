#include "cordon/policy/lint_arguments.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/lint_verdict.h"

namespace cordon::policy {
namespace {

bool holds(const ResolvedTest& test, uint64_t value) {
  const auto after = std::upper_bound(test.allowed.begin(), test.allowed.end(), value & test.mask,
                                      [](uint64_t one, const Interval& interval) { return one < interval.first; });
  return after != test.allowed.begin() && (value & test.mask) <= std::prev(after)->last;
}

// What bits the kernel does not read do to a test. Tried with values around each bound of the test, without such
// bits and with two patterns of them; -1 and its like, which fill all of them, are what programs mean by a constant.
struct Unread {
  bool can_escape = false;  // a value that the test holds for no longer does
  bool can_enter = false;   // a value that it does not hold for does
};

Unread effect_of_unread_bits(const ResolvedTest& test, uint64_t read) {
  const uint64_t unread = test.mask & ~read, lowest = unread & (~unread + 1);
  std::vector<uint64_t> values = {0, read & test.mask};
  for (const Interval& interval : test.allowed)
    for (uint64_t bound : {interval.first, interval.last})
      for (uint64_t value : {bound - 1, bound, bound + 1}) values.push_back(value & read);
  Unread effect;
  bool can_hold_plainly = false;
  for (uint64_t value : values) {
    const bool plainly = holds(test, value);
    can_hold_plainly = can_hold_plainly || plainly;
    for (uint64_t bits : {lowest, unread ^ lowest}) {
      if (bits == 0) continue;
      effect.can_escape = effect.can_escape || (plainly && !holds(test, value | bits));
      effect.can_enter = effect.can_enter || (!plainly && holds(test, value | bits));
    }
  }
  effect.can_escape = effect.can_escape || !can_hold_plainly;
  return effect;
}

// The tests of a condition; it is no deeper than its reader allows, but the walk does not rely on it.
std::vector<const ResolvedTest*> tests_of(const ResolvedCondition& condition) {
  std::vector<const ResolvedTest*> tests;
  std::vector<const ResolvedCondition*> left = {&condition};
  while (!left.empty()) {
    const ResolvedCondition* next = left.back();
    left.pop_back();
    if (next->kind == ResolvedCondition::Kind::test) tests.push_back(&next->test);
    for (const ResolvedCondition& operand : next->operands) left.push_back(&operand);
  }
  return tests;
}

// Is nothing asked but whether the pointer is null?
bool asks_for_null(const ResolvedTest& test) {
  const bool is_null = test.allowed == std::vector<Interval>{{0, 0}};
  const bool is_not_null = test.allowed == std::vector<Interval>{{1, test.mask}};
  return is_null || is_not_null;
}

class ArgumentLinter {
 public:
  explicit ArgumentLinter(const Policy& policy) : policy_(policy) {}

  void check(const Segment& segment, Arch arch) {
    const std::string_view call = abi::name_of(segment.first, arch);
    if (segment.first != segment.last || call.empty()) return;
    for (const Clause& clause : segment.clauses) {
      if (clause.origin.kind != Origin::Kind::rule || clause.origin.rule >= policy_.rules.size()) continue;
      for (const ResolvedTest* test : tests_of(clause.condition)) {
        const auto argument = abi::argument_at(call, test->operand, arch);
        if (test->operand == ResolvedTest::kInstructionPointer || !argument) continue;
        check_pointer(call, *argument, *test, clause.origin.rule);
        check_width(call, *argument, *test, clause);
      }
    }
  }

  Diagnostics finish() {
    if (stricter_.empty()) return std::move(findings_);
    std::vector<std::string_view> names(stricter_.begin(), stricter_.end());
    findings_.note("wide-comparison", place_of_rule(policy_, first_stricter_),
                   "whole registers are compared where the kernel reads fewer bits: " + enumeration(names) +
                       "; a program that leaves something in the others gets a stricter answer",
                   "programs seldom do; cordon's own text compares what the kernel reads");
    return std::move(findings_);
  }

 private:
  // Where the call has a name, resolving has told it.
  void check_pointer(std::string_view call, const abi::Argument& argument, const ResolvedTest& test, uint32_t rule) {
    if (!argument.is_pointer || asks_for_null(test)) return;
    const Rule& written = policy_.rules[rule];
    const bool is_numbered = written.target.kind == Target::Kind::numbers || written.target.kind == Target::Kind::every;
    if (!is_numbered || !is_first(rule, test.operand, "pointer")) return;
    findings_.warning("pointer-argument", place_of_rule(policy_, rule),
                      "arg" + std::to_string(test.operand) + " of " + std::string(call) +
                          " is a pointer, and what it points to cannot be seen by a filter",
                      "a pointer can only be compared with 0: a filter cannot tell one path from another");
  }

  void check_width(std::string_view call, const abi::Argument& argument, const ResolvedTest& test,
                   const Clause& clause) {
    if (argument.bits >= 64) return;
    const uint64_t read = (uint64_t{1} << argument.bits) - 1;
    if ((test.mask & ~read) == 0) return;
    const uint32_t rule = clause.origin.rule;
    const Unread effect = effect_of_unread_bits(test, read);
    const bool is_allowing = may_run(clause.action.kind);
    const std::string name = std::string(argument.name) + " of " + std::string(call);
    if (!(is_allowing ? effect.can_enter : effect.can_escape)) {
      // Cordon's own text asks for it by name.
      if (policy_.format == PolicyFormat::cordon) return;
      if (stricter_.empty()) first_stricter_ = rule;
      stricter_.insert(name);
      return;
    }
    if (!is_first(rule, test.operand, "width")) return;
    findings_.warning("wide-comparison", place_of_rule(policy_, rule),
                      "the kernel reads the low " + std::to_string(argument.bits) + " bits of " + name +
                          ", but the rule tests higher ones too: a program that sets one " +
                          (is_allowing ? "gets what the rule allows with any value"
                                       : "escapes the rule, and the kernel does the same"),
                      policy_.format == PolicyFormat::cordon
                          ? "leave out raw(): the argument by itself is what the kernel reads"
                          : "compare under the mask " + mask_text(read) + ", or convert the policy to cordon's text");
  }

  static std::string mask_text(uint64_t read) { return read == 0xffff ? "0xffff" : "0xffffffff"; }

  bool is_first(uint32_t rule, uint8_t operand, const char* what) {
    return said_.insert(std::to_string(rule) + "." + std::to_string(operand) + what).second;
  }

  const Policy& policy_;
  Diagnostics findings_;
  std::set<std::string> said_;
  std::set<std::string> stricter_;  // "cmd of ioctl"
  uint32_t first_stricter_ = 0;
};

}  // namespace

Diagnostics find_unseen_arguments(const Policy& policy, const ResolvedPolicy& resolved, std::span<const Arch> arches) {
  ArgumentLinter linter(policy);
  for (Arch arch : arches) {
    if (abi::info(arch).word_bits != 64) continue;  // of a 32-bit ABI's registers the low words are compared
    for (const ArchTable& table : resolved.arches)
      if (table.audit_arch == abi::info(arch).audit_arch)
        for (const Segment& segment : table.segments) linter.check(segment, arch);
  }
  return linter.finish();
}

}  // namespace cordon::policy
