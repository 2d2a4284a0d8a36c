#include "cordon/policy/resolve_operand.h"

#include <algorithm>
#include <span>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/base/text.h"
#include "cordon/policy/condition_algebra.h"

namespace cordon::policy {
namespace {

unsigned word_bits(Arch arch) { return abi::info(arch).word_bits; }

std::string list_of_names(std::span<const std::string_view> names) {
  std::string text;
  for (std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// What the call's arguments are called on the policy's architectures: not what only others call them.
std::vector<std::string_view> names_for_policy(const CallContext& call, const Policy& policy) {
  std::vector<std::string_view> names;
  for (std::string_view name : abi::argument_names(call.syscall)) {
    auto is_in_register = [&](Arch arch) { return abi::find_argument(call.syscall, name, arch).argument.has_value(); };
    // One that 64-bit calls have in a register is an argument of the others, though they may hide it.
    if (is_in_register(Arch::x86_64) || is_in_register(call.arch) ||
        std::any_of(policy.arches.begin(), policy.arches.end(), is_in_register))
      names.push_back(name);
  }
  return names;
}

void report_unknown_name(const ArgTest& test, const CallContext& call, Report& report) {
  std::string shown = base::printable(test.operand.name);
  if (call.by_number) {
    report.say(Severity::error, "argument-name-on-number", call.rule, test.span,
               "'" + shown + "' cannot be told: a rule on numbers does not know their arguments", "write arg0 to arg5");
    return;
  }
  const std::vector<std::string_view> names = names_for_policy(call, report.policy());
  std::string hint = "write arg0 to arg5";
  if (!names.empty()) {
    std::string near = report.may_suggest() ? base::did_you_mean(test.operand.name, names) : "";
    hint = near.empty() ? "it has " + list_of_names(names) : near;
  }
  std::string message = "'" + std::string(call.syscall) + "' has no argument called '" + shown + "'";
  if (names.empty()) message = "the arguments of '" + std::string(call.syscall) + "' have no names here";
  Diagnostic* said = report.say(Severity::error, "no-such-argument", call.rule, test.span, message, hint);
  if (said != nullptr && !names.empty() && hint.starts_with("did"))
    said->notes.push_back({{}, "its arguments are " + list_of_names(names)});
}

// The call has the argument, but not in a register of its own on this ABI. Its width is that of the
// 64-bit prototype: nothing but constant folding depends on it.
ResolvedOperand hidden_operand(std::string_view name, const CallContext& call) {
  std::span<const std::string_view> names = abi::argument_names(call.syscall);
  auto index = static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  ResolvedOperand result;
  result.operand = static_cast<uint8_t>(kFirstHiddenOperand + std::min<size_t>(index, 200));
  if (auto wide = abi::find_argument(call.syscall, name, Arch::x86_64).argument) result.width = wide->bits;
  return result;
}

std::optional<ResolvedOperand> named_operand(const ArgTest& test, const CallContext& call, Report& report) {
  if (call.by_number) {
    report_unknown_name(test, call, report);
    return std::nullopt;
  }
  abi::ArgumentLookup lookup = abi::find_argument(call.syscall, test.operand.name, call.arch);
  if (lookup.argument) {
    const abi::Argument& argument = *lookup.argument;
    return ResolvedOperand{argument.slot, argument.bits, argument.is_signed, argument.is_pointer};
  }
  if (lookup.absence == abi::ArgumentAbsence::not_in_slots) return hidden_operand(test.operand.name, call);
  report_unknown_name(test, call, report);
  return std::nullopt;
}

ResolvedOperand slot_operand(const ArgTest& test, const CallContext& call, Report& report) {
  unsigned slot = test.operand.slot;
  ResolvedOperand result{static_cast<uint8_t>(slot), word_bits(call.arch), false, false};
  if (call.syscall.empty()) return result;
  if (auto argument = abi::argument_at(call.syscall, slot, call.arch)) {
    result.width = argument->bits;
    result.is_signed = argument->is_signed;
    result.is_pointer = argument->is_pointer && !call.by_number;
  } else if (!call.by_number && slot >= abi::argument_count(call.syscall, call.arch)) {
    report.say(Severity::warning, "beyond-prototype", call.rule, test.span,
               "'" + std::string(call.syscall) + "' has " +
                   std::to_string(abi::argument_count(call.syscall, call.arch)) + " arguments on " +
                   std::string(abi::name(call.arch)) + ", so the kernel does not read arg" + std::to_string(slot),
               "whatever the program left in that register decides");
  }
  return result;
}

}  // namespace

std::optional<ResolvedOperand> resolve_operand(const ArgTest& test, const CallContext& call, Report& report) {
  std::optional<ResolvedOperand> result;
  switch (test.operand.kind) {
    case Operand::Kind::instruction_pointer:
      result = ResolvedOperand{ResolvedTest::kInstructionPointer, 64, false, false};
      break;
    case Operand::Kind::slot:
      if (test.operand.slot > 5) {
        report.say(Severity::error, "no-such-argument", call.rule, test.span, "a call has arguments arg0 to arg5");
        return std::nullopt;
      }
      result = slot_operand(test, call, report);
      break;
    case Operand::Kind::named: result = named_operand(test, call, report); break;
  }
  if (!result || result->operand >= kFirstHiddenOperand) return result;
  if (test.operand.raw) {
    result->width = 64;
    result->is_signed = false;
  }
  result->width = std::min(result->width, word_bits(call.arch));
  return result;
}

std::string operand_text(const Operand& operand, const CallContext& call) {
  std::string text;
  switch (operand.kind) {
    case Operand::Kind::instruction_pointer: return "ip";
    case Operand::Kind::slot: text = "arg" + std::to_string(operand.slot); break;
    case Operand::Kind::named: text = base::printable(operand.name); break;
  }
  if (operand.raw) text = "raw(" + text + ")";
  return call.syscall.empty() ? text : text + " of " + std::string(call.syscall);
}

}  // namespace cordon::policy
