// Texts for what is found out about conditions.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/policy/report.h"

namespace cordon::policy {
namespace {

std::string list_of_names(std::span<const std::string_view> names) {
  std::string text;
  for (std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// "flags of openat", "arg2 of syscall_600".
std::string operand_text(const ArgTest& test, const CallContext& call) {
  const Operand& operand = test.operand;
  std::string text;
  switch (operand.kind) {
    case Operand::Kind::instruction_pointer: return "ip";
    case Operand::Kind::slot: text = "arg" + std::to_string(operand.slot); break;
    case Operand::Kind::named: text = base::printable(operand.name); break;
  }
  if (operand.raw) text = "raw(" + text + ")";
  return call.syscall.empty() ? text : text + " of " + std::string(call.syscall);
}

std::string test_text(const ArgTest& test, const CallContext& call, const TestOutcome& outcome) {
  std::string operand = operand_text(test, call);
  return test.mask.empty() ? operand : operand + " & " + base::hex(outcome.mask);
}

std::string_view truth_of(const TestOutcome& outcome) {
  return outcome.is_always ? "always true" : outcome.is_never ? "never true" : "";
}

std::string levels(int limit) { return " is nested deeper than " + std::to_string(limit) + " levels"; }

}  // namespace

void Report::condition_nested_too_deep(const Condition& condition, const CallContext& call, int limit) {
  say(Severity::error, "nested-too-deep", call.rule, condition.span, "a condition" + levels(limit));
}

void Report::condition_always_true(const Condition& condition, const CallContext& call) {
  say(Severity::warning, "always-true", call.rule, condition.span, "this condition is always true");
}

void Report::condition_never_true(const Condition& condition, const CallContext& call) {
  say(Severity::warning, "never-true", call.rule, condition.span, "this condition is never true");
}

void Report::argument_name_on_number(const ArgTest& test, const CallContext& call) {
  say(Severity::error, "argument-name-on-number", call.rule, test.span,
      "'" + base::printable(test.operand.name) + "' cannot be told: a rule on numbers does not know their arguments",
      "write arg0 to arg5");
}

// What the call's arguments are called on the policy's architectures: not what only others call them.
std::vector<std::string_view> Report::argument_names(const CallContext& call) const {
  std::vector<std::string_view> names;
  for (std::string_view name : abi::argument_names(call.syscall)) {
    auto is_in_register = [&](Arch arch) { return abi::find_argument(call.syscall, name, arch).argument.has_value(); };
    // One that 64-bit calls have in a register is an argument of the others, though they may hide it.
    if (is_in_register(Arch::x86_64) || is_in_register(call.arch) ||
        std::any_of(policy_.arches.begin(), policy_.arches.end(), is_in_register))
      names.push_back(name);
  }
  return names;
}

void Report::no_such_argument(const ArgTest& test, const CallContext& call) {
  const std::vector<std::string_view> names = argument_names(call);
  std::string hint = "write arg0 to arg5";
  if (!names.empty()) {
    const std::string near = suggestion(test.operand.name, names);
    hint = near.empty() ? "it has " + list_of_names(names) : near;
  }
  const std::string syscall(call.syscall);
  std::string message = "'" + syscall + "' has no argument called '" + base::printable(test.operand.name) + "'";
  if (names.empty()) message = "the arguments of '" + syscall + "' have no names here";
  Diagnostic* said = say(Severity::error, "no-such-argument", call.rule, test.span, std::move(message), hint);
  if (said != nullptr && !names.empty() && hint.starts_with("did"))
    said->notes.push_back({{}, "its arguments are " + list_of_names(names)});
}

void Report::no_such_slot(const ArgTest& test, const CallContext& call) {
  say(Severity::error, "no-such-argument", call.rule, test.span, "a call has arguments arg0 to arg5");
}

void Report::beyond_prototype(const ArgTest& test, const CallContext& call) {
  warn("beyond-prototype", test, call,
       "'" + std::string(call.syscall) + "' has " + std::to_string(abi::argument_count(call.syscall, call.arch)) +
           " arguments on " + std::string(abi::name(call.arch)) + ", so the kernel does not read arg" +
           std::to_string(test.operand.slot),
       "whatever the program left in that register decides");
}

void Report::mask_too_wide(const ArgTest& test, const CallContext& call, uint64_t mask, unsigned width) {
  warn("value-too-wide", test, call,
       "the mask " + base::hex(mask) + " has bits beyond the " + std::to_string(width) + " that " +
           operand_text(test, call) + " has on " + std::string(abi::name(call.arch)),
       "those bits are always 0 here");
}

void Report::value_too_wide(const ArgTest& test, const CallContext& call, const TestOutcome& outcome) {
  const std::string truth(truth_of(outcome));
  warn("value-too-wide", test, call,
       test_text(test, call, outcome) + " has " + std::to_string(outcome.width) + " bits on " +
           std::string(abi::name(call.arch)) + " and a value does not fit in them: " +
           (truth.empty() ? "it reaches as far as the values do" : "so this is " + truth));
}

void Report::test_decided(const ArgTest& test, const CallContext& call, const TestOutcome& outcome) {
  const std::string_view code = outcome.is_always ? "always-true" : "never-true";
  const std::string text = test_text(test, call, outcome), truth(truth_of(outcome));
  if (outcome.mask == 0) {
    warn(code, test, call, text + " is always 0: this is " + truth);
  } else {
    warn(code, test, call, "this comparison of " + text + " is " + truth,
         test.mask.empty() ? "" : "compare with values that have only bits of the mask");
  }
}

void Report::signed_comparison(const ArgTest& test, const CallContext& call, unsigned width) {
  warn("signed-comparison", test, call,
       operand_text(test, call) + " is signed, but filters compare unsigned: negative values count as the greatest",
       "add a range for negative values if they matter: in " + base::hex(uint64_t{1} << (width - 1)) + "..-1");
}

void Report::range_runs_backwards(const ArgTest& test, const CallContext& call, const Interval& range) {
  say(Severity::error, "empty-range", call.rule, test.span,
      "the range " + base::hex(range.first) + ".." + base::hex(range.last) +
          " runs backwards: values are compared unsigned",
      "write the smaller value first, or two ranges");
}

void Report::compares_with_several_values(const ArgTest& test, const CallContext& call) {
  say(Severity::error, "bad-comparison", call.rule, test.span, "only 'in' compares with several values");
}

void Report::compares_under_several_masks(const ArgTest& test, const CallContext& call) {
  say(Severity::error, "bad-comparison", call.rule, test.span, "an argument is compared under one mask at most",
      "give the mask that has the bits of all of them");
}

std::string Report::pointer_text(const ArgTest& test, const CallContext& call) const {
  return operand_text(test, call) + " is a pointer, and what it points to cannot be seen by a filter";
}

void Report::pointer_compared(const ArgTest& test, const CallContext& call) {
  const bool may_be_raw = test.operand.kind == Operand::Kind::slot && policy_.format == PolicyFormat::cordon;
  say(Severity::error, "pointer-argument", call.rule, test.span, pointer_text(test, call),
      may_be_raw ? "a pointer can only be compared with 0; raw(arg" + std::to_string(test.operand.slot) +
                       ") compares the address"
                 : "a pointer can only be compared with 0: a filter cannot tell one path from another");
}

void Report::slot_of_pointer_compared(const ArgTest& test, const CallContext& call) {
  warn("pointer-argument", test, call, pointer_text(test, call),
       "a pointer can only be compared with 0: a filter cannot tell one path from another");
}

void Report::value_nested_too_deep(const Value& value, const ValueContext& context, int limit) {
  say(Severity::error, "nested-too-deep", context.rule, value.span, "a value" + levels(limit));
}

void Report::constant_absent(const Value& value, const ValueContext& context) {
  say(Severity::error, "constant-absent", context.rule, value.span,
      "'" + base::printable(value.name) + "' has no value on " + std::string(abi::name(context.arch)),
      "name the architecture that has it: 'call@arch(...)', or write the number");
}

void Report::unknown_constant(const Value& value, const ValueContext& context) {
  std::string hint = suggestion(value.name, abi::constant_names());
  say(Severity::error, "unknown-constant", context.rule, value.span,
      "no constant is called '" + base::printable(value.name) + "'", std::move(hint));
}

}  // namespace cordon::policy
