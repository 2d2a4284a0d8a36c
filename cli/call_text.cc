#include "cli/call_text.h"

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/resolve.h"

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

struct Head {
  std::string name;
  Arch arch;
  std::string arguments;  // "(…)" or empty
};

Result<Head> split_head(const std::string& text, Arch default_arch) {
  size_t paren = text.find('(');
  Head head{text.substr(0, paren), default_arch, paren == std::string::npos ? "" : text.substr(paren)};
  if (!head.arguments.empty() && head.arguments.find_last_not_of(' ') != head.arguments.rfind(')'))
    return bad_call(text, "the '(' is not closed at the end", "as in 'openat(flags=O_WRONLY)'");
  if (head.arguments.find_first_not_of("( )") == std::string::npos) head.arguments.clear();
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
  Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
  if (!resolved) return bad_call(text, resolved.error().begin()->message, resolved.error().begin()->hint);

  PartialCall call;
  call.call.audit_arch = abi::info(head.arch).audit_arch;
  const Target& target = policy->rules[0].target;
  if (target.kind == Target::Kind::numbers) {
    call.call.nr = target.first;
  } else if (auto number = abi::number_of(target.name, head.arch)) {
    call.call.nr = *number;
  } else {
    return bad_call(text, "there is no " + target.name + " on " + std::string(abi::name(head.arch)), "");
  }
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
  return text + ")";
}

}  // namespace cordon::cli
