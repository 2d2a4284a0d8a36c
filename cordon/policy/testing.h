// Short ways to write policies in tests, which have no text reader.
//
//   Policy policy = make_policy({Arch::x86_64}, kKill);
//   policy.rules.push_back(on("openat", kAllow, test("flags", CompareOp::eq, {number(0)}, name("O_ACCMODE"))));
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/base/diagnostic.h"
#include "cordon/policy/call.h"
#include "cordon/policy/policy.h"

namespace cordon::policy::testing {

inline constexpr Action kAllow{ActionKind::allow, 0};
inline constexpr Action kKill{ActionKind::kill_process, 0};
inline constexpr Action kLog{ActionKind::log, 0};
inline constexpr Action kNotify{ActionKind::notify, 0};
inline constexpr Action kTrace{ActionKind::trace, 0};
constexpr Action failing(uint16_t number) { return {ActionKind::errno_, number}; }

// The codes of what was found, joined by blanks.
inline std::string codes(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics) text += (text.empty() ? "" : " ") + one.code;
  return text;
}

inline Policy make_policy(std::vector<Arch> arches, Action default_action) {
  Policy policy;
  policy.arches = std::move(arches);
  policy.default_action.action = default_action;
  return policy;
}

inline Value number(uint64_t value) {
  Value result;
  result.number = value;
  return result;
}
inline Value name(std::string text) {
  Value result;
  result.kind = Value::Kind::name;
  result.name = std::move(text);
  return result;
}
inline Value compound(Value::Kind kind, std::vector<Value> operands) {
  Value result;
  result.kind = kind;
  result.operands = std::move(operands);
  return result;
}
inline Value minus(Value value) { return compound(Value::Kind::negate, {std::move(value)}); }
inline Value complement_of(Value value) { return compound(Value::Kind::complement, {std::move(value)}); }

// "arg0" to "arg5" are slots, "ip" the instruction pointer, "raw:NAME" compares all bits.
inline Operand operand(std::string_view text) {
  Operand result;
  if (text.starts_with("raw:")) {
    result.raw = true;
    text.remove_prefix(4);
  }
  if (text == "ip") {
    result.kind = Operand::Kind::instruction_pointer;
  } else if (text.size() == 4 && text.starts_with("arg")) {
    result.slot = static_cast<uint8_t>(text[3] - '0');
  } else {
    result.kind = Operand::Kind::named;
    result.name = text;
  }
  return result;
}

inline Condition test(std::string_view left, CompareOp op, std::vector<Value> values, std::optional<Value> mask = {}) {
  Condition condition;
  condition.kind = Condition::Kind::test;
  condition.test.operand = operand(left);
  condition.test.op = op;
  for (Value& value : values) condition.test.values.push_back({std::move(value), {}});
  if (mask) condition.test.mask.push_back(*std::move(mask));
  return condition;
}
inline Condition equals(std::string_view left, Value value) { return test(left, CompareOp::eq, {std::move(value)}); }
inline Condition equals(std::string_view left, uint64_t value) { return equals(left, number(value)); }
inline Condition in_range(std::string_view left, Value low, Value high) {
  Condition condition = test(left, CompareOp::in, {});
  condition.test.values.push_back({std::move(low), {std::move(high)}});
  return condition;
}
inline Condition joined(Condition::Kind kind, std::vector<Condition> operands) {
  Condition condition;
  condition.kind = kind;
  condition.operands = std::move(operands);
  return condition;
}

inline Rule on(std::string_view call, Action action, Condition condition = {}) {
  Rule rule;
  rule.action = action;
  rule.target.name = call;
  rule.condition = std::move(condition);
  return rule;
}
inline Rule on_arch(std::string_view call, Arch arch, Action action, Condition condition = {}) {
  Rule rule = on(call, action, std::move(condition));
  rule.target.arch = arch;
  return rule;
}
inline Rule on_group(std::string_view group, Action action) {
  Rule rule = on(group, action);
  rule.target.kind = Target::Kind::group;
  return rule;
}
inline Rule on_numbers(uint32_t first, uint32_t last, Action action, Condition condition = {}) {
  Rule rule = on("", action, std::move(condition));
  rule.target.kind = Target::Kind::numbers;
  rule.target.first = first;
  rule.target.last = last;
  return rule;
}
inline Rule on_every(Action action, Condition condition = {}) {
  Rule rule = on("", action, std::move(condition));
  rule.target.kind = Target::Kind::every;
  return rule;
}

inline Call call_of(Arch arch, uint32_t nr, std::initializer_list<uint64_t> args = {}) {
  Call call;
  call.nr = nr;
  call.audit_arch = abi::info(arch).audit_arch;
  size_t slot = 0;
  for (uint64_t arg : args) call.args[slot++] = arg;
  return call;
}

}  // namespace cordon::policy::testing
