#include "cli/call_text.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/resolve_value.h"

namespace cordon::cli {
namespace {

Diagnostic bad_call(const std::string& text, std::string message, std::string hint) {
  Diagnostics problem;
  return problem.error("bad-call", {}, "'" + base::printable(text) + "': " + std::move(message), std::move(hint));
}

// A call is written `name=value`; the policy language, which reads it, says `name == value`.
std::string with_double_equals(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] != '=') continue;
    const bool part_of_operator = (i > 0 && std::string_view("=!<>").find(text[i - 1]) != std::string_view::npos) ||
                                  (i + 1 < text.size() && text[i + 1] == '=');
    if (!part_of_operator) result += '=';
  }
  return result;
}

// Puts the value of `operand == value` in; false if the condition is anything else.
bool take_values(const ResolvedCondition& condition, PartialCall& call) {
  if (condition.kind == ResolvedCondition::Kind::all) {
    for (const ResolvedCondition& operand : condition.operands)
      if (!take_values(operand, call)) return false;
    return true;
  }
  if (condition.kind != ResolvedCondition::Kind::test) return false;
  const ResolvedTest& test = condition.test;
  const bool is_one_value = test.allowed.size() == 1 && test.allowed[0].first == test.allowed[0].last;
  const bool is_whole = (test.mask & (test.mask + 1)) == 0;  // 16, 32 or 64 low bits
  if (!is_one_value || !is_whole || call.known[test.operand]) return false;
  call.known[test.operand] = true;
  if (test.operand == ResolvedTest::kInstructionPointer)
    call.call.instruction_pointer = test.allowed[0].first;
  else
    call.call.args[test.operand] = test.allowed[0].first;
  return true;
}

// A group, a range or *, with or without @arch.
std::optional<Diagnostic> not_one_call(const std::string& text, const std::string& name) {
  const std::string only = "a call is one name or one number: ";
  const std::string example = "as in 'openat(flags=O_WRONLY)'; `cordon show` prints every rule";
  if (name.starts_with('@'))
    return bad_call(text, only + "a group cannot be tested",
                    "`cordon list groups " + name.substr(1, name.find_first_of("@ ", 1) - 1) + "` names its calls");
  if (name.starts_with('*')) return bad_call(text, only + "'*' cannot be tested", example);
  const std::string_view range = std::string_view(name).substr(0, name.find('@'));
  if (range.find('-') != std::string_view::npos && range.find_first_not_of("0123456789- ") == std::string_view::npos)
    return bad_call(text, only + "a range cannot be tested", example);
  return std::nullopt;
}

struct Head {
  std::string name;
  Arch arch;
  std::string arguments;  // "(…)" or empty
};

// What ends a rule of the policy language, or begins a comment, would not be read as part of the call.
std::optional<Diagnostic> not_of_a_call(const std::string& text) {
  const size_t at = text.find_first_of("#;\n");
  if (at == std::string::npos) return std::nullopt;
  if (text[at] == '#') return bad_call(text, "unexpected '#'", "a call by number is written syscall_0");
  return bad_call(text, "one call was expected", "quote each call by itself");
}

// Where the '(' that a text begins with is closed.
size_t first_closed(std::string_view text) {
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

Result<Head> split_head(const std::string& text, Arch default_arch) {
  if (std::optional<Diagnostic> problem = not_of_a_call(text)) return *std::move(problem);
  size_t paren = text.find('(');
  Head head{text.substr(0, paren), default_arch, paren == std::string::npos ? "" : text.substr(paren)};
  const size_t closed = head.arguments.rfind(')');
  if (!head.arguments.empty() && closed == std::string::npos)
    return bad_call(text, "the '(' is not closed", "as in 'openat(flags=O_WRONLY)'");
  if (!head.arguments.empty() &&
      (head.arguments.find_last_not_of(' ') != closed || first_closed(head.arguments) < closed))
    return bad_call(text, "something follows the ')'", "quote each call by itself, as in 'openat(flags=O_WRONLY)'");
  if (head.arguments.find_first_not_of("( )") == std::string::npos) head.arguments.clear();
  if (std::optional<Diagnostic> problem = not_one_call(text, head.name)) return *std::move(problem);
  size_t at = head.name.find('@');
  if (at != std::string::npos) {
    auto arch = abi::find_arch(std::string_view(head.name).substr(at + 1));
    if (!arch)
      return bad_call(text, "no architecture is called '" + head.name.substr(at + 1) + "'",
                      "`cordon list arches` names them");
    head.arch = *arch;
    head.name.resize(at);
  }
  while (!head.name.empty() && head.name.back() == ' ') head.name.pop_back();
  if (head.name.empty())
    return bad_call(text, "a call begins with a name or a number", "as in 'openat(flags=O_WRONLY)'");
  if (head.name.find_first_not_of("0123456789") == std::string::npos) head.name = "syscall_" + head.name;
  return head;
}

// The `operand == value` of a rule, joined by nothing but commas and &&.
void collect_values(const Condition& condition, std::vector<const ArgTest*>& values) {
  const bool is_value = condition.kind == Condition::Kind::test && condition.test.op == CompareOp::eq &&
                        condition.test.mask.empty() && condition.test.values.size() == 1;
  if (is_value) values.push_back(&condition.test);
  if (condition.kind != Condition::Kind::all) return;
  for (const Condition& operand : condition.operands) collect_values(operand, values);
}

// Addresses are values like others in a call, NULL too; in a policy they are refused, as no rule about them holds long.
void take_addresses(Condition& condition, const std::string& call, Arch arch) {
  for (Condition& operand : condition.operands) take_addresses(operand, call, arch);
  if (condition.kind != Condition::Kind::test) return;
  Operand& operand = condition.test.operand;
  if (operand.kind == Operand::Kind::instruction_pointer) return;
  const auto argument = operand.kind == Operand::Kind::slot ? abi::argument_at(call, operand.slot, arch)
                                                            : abi::find_argument(call, operand.name, arch).argument;
  if (!argument || !argument->is_pointer) return;
  operand = {Operand::Kind::slot, {}, argument->slot, true};
  for (ValueRange& value : condition.test.values)
    if (value.low.kind == Value::Kind::name && value.low.name == "NULL") value.low = Value{};
}

// An argument that calls of the architecture do not have, or not in a register.
Diagnostic no_argument(const std::string& text, std::string_view call, const std::string& name, Arch arch) {
  std::vector<std::string_view> names;
  for (std::string_view one : abi::argument_names(call))
    if (abi::find_argument(call, one, arch).argument) names.push_back(one);
  std::string hint = base::did_you_mean(name, names);
  if (hint.empty())
    for (std::string_view one : names) hint += (hint.empty() ? "there it has " : ", ") + std::string(one);
  return bad_call(text,
                  "'" + std::string(call) + "' has no argument '" + base::printable(name) +
                      "' in a register of its own on " + std::string(abi::name(arch)),
                  hint);
}

// Why no call has the values, or why one value would be lost.
std::optional<Diagnostic> unfit_values(const std::string& text, const Policy& policy, uint32_t nr, Arch arch) {
  std::vector<const ArgTest*> values;
  collect_values(policy.rules[0].condition, values);
  std::array<std::string, 6> given;
  for (const ArgTest* test : values) {
    const Operand& operand = test->operand;
    if (operand.kind == Operand::Kind::instruction_pointer) continue;
    const bool is_slot = operand.kind == Operand::Kind::slot;
    const std::string_view call = abi::name_of(nr, arch);
    const auto argument =
        is_slot ? abi::argument_at(call, operand.slot, arch) : abi::find_argument(call, operand.name, arch).argument;
    if (!is_slot && !argument) return no_argument(text, call, operand.name, arch);
    const unsigned slot = is_slot ? operand.slot : argument->slot;
    const std::string name = is_slot ? "arg" + std::to_string(slot) : operand.name;
    if (slot >= given.size()) continue;
    if (!given[slot].empty())
      return bad_call(
          text,
          "the argument '" + name + "' is given twice" + (given[slot] == name ? "" : ": it is '" + given[slot] + "'"),
          "give it once");
    given[slot] = name;
    const unsigned register_bits = abi::info(arch).word_bits;
    const unsigned bits = argument && !operand.raw ? argument->bits : register_bits;
    const Value& value = test->values[0].low;
    const auto in_width = policy::resolve_value(value, {0, arch, bits});
    if (!in_width || in_width->fits) continue;
    const std::string written(policy.sources.text(value.span));
    const auto in_register = policy::resolve_value(value, {0, arch, register_bits});
    return bad_call(
        text,
        written + " does not fit: '" + name + "' has " + std::to_string(bits) + " bits on " +
            std::string(abi::name(arch)),
        in_register && in_register->fits
            ? "raw(" + name + ")=" + written + " gives the whole register, which the kernel cuts"
            : "raw(" + name + ")=VALUE gives the whole register, of " + std::to_string(register_bits) + " bits there");
  }
  return std::nullopt;
}

}  // namespace

Result<PartialCall> parse_call(const std::string& text, Arch default_arch) {
  CORDON_TRY(head, split_head(text, default_arch));
  // One rule in a policy of its own: names, widths and constants then mean what they mean in policies.
  const std::string policy_text = "arch " + std::string(abi::name(head.arch)) + "; default kill_process\nallow " +
                                  head.name + with_double_equals(head.arguments) + "\n";
  Result<Policy> policy = formats::read_cordon(policy_text, text, {});
  if (!policy && head.arguments.find('=') == std::string::npos && !head.arguments.empty())
    return bad_call(text, "arguments are written NAME=VALUE",
                    "as in 'openat(flags=O_WRONLY)'; `cordon syscalls " + head.name + "` shows the names");
  if (!policy) return bad_call(text, policy.error().begin()->message, policy.error().begin()->hint);
  if (policy->rules.size() != 1) return bad_call(text, "one call was expected", "quote each call by itself");
  Rule& rule = policy->rules[0];
  take_addresses(rule.condition, rule.target.name, head.arch);
  Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
  if (!resolved) return bad_call(text, resolved.error().begin()->message, resolved.error().begin()->hint);

  PartialCall call;
  call.call.audit_arch = abi::info(head.arch).audit_arch;
  const Target& target = policy->rules[0].target;
  if (target.kind == Target::Kind::numbers && target.first != target.last)
    return bad_call(text, "a call is one name or one number: a range cannot be tested",
                    "as in 'syscall_" + std::to_string(target.first) + "'; `cordon show` prints every rule");
  if (target.kind == Target::Kind::numbers) {
    call.call.nr = target.first;
  } else if (auto number = abi::number_of(target.name, head.arch)) {
    call.call.nr = *number;
  } else {
    return bad_call(text, "there is no " + target.name + " on " + std::string(abi::name(head.arch)), "");
  }
  if (auto problem = unfit_values(text, *policy, call.call.nr, head.arch)) return *std::move(problem);
  bool is_possible = false;  // false: the values contradict each other or cannot fit
  for (const ArchTable& table : resolved->arches)
    for (const Segment& segment : table.segments)
      if (segment.first <= call.call.nr && call.call.nr <= segment.last)
        for (const Clause& clause : segment.clauses) {
          if (clause.origin.kind != Origin::Kind::rule) continue;
          is_possible = true;
          if (!take_values(clause.condition, call))
            return bad_call(text, "each argument is given one value, once", "as in 'openat(flags=O_WRONLY)'");
        }
  if (!is_possible && !head.arguments.empty())
    return bad_call(text, "no call has these values",
                    "each argument takes one value of its width; raw(arg0)=VALUE gives all 64 bits");
  return call;
}

std::string describe_partial_call(const PartialCall& call) {
  std::string text = policy::describe_syscall(call.call) + "(";
  bool first = true;
  for (unsigned slot = 0; slot < 6; ++slot) {
    if (!call.known[slot]) continue;
    if (!first) text += ", ";
    first = false;
    const uint64_t value = call.call.args[slot];
    const auto arch = abi::arch_of_call(call.call.audit_arch, call.call.nr);
    const auto argument = arch ? abi::argument_at(abi::name_of(call.call.nr, *arch), slot, *arch) : std::nullopt;
    const std::string name = argument ? std::string(argument->name) : "arg" + std::to_string(slot);
    const bool is_wider = argument && argument->bits < 64 && value >> argument->bits != 0;
    text +=
        is_wider ? "raw(" + name + ")=" + base::hex(value) : name + "=" + policy::describe_argument(call.call, slot);
  }
  if (call.known[ResolvedTest::kInstructionPointer])
    text += (first ? "ip=" : ", ip=") + base::hex(call.call.instruction_pointer);
  return text + ")";
}

}  // namespace cordon::cli
