// Rules and conditions of policies that stand in C++, for constant expressions above all.
//
//   using namespace cordon::policy::write;
//   rule(kAllow, "read")
//   rule(kAllow, "socket", is("family", "AF_UNIX", "AF_INET"))                   // one of them
//   rule(kAllow, "openat", masked("flags", "O_ACCMODE").is("O_RDONLY"))
//   rule(kAllow, "lseek", any(within("offset", 0, 4095), is("whence", "SEEK_CUR")))
//   on(Arch::i386, rule(errno_("EPERM"), "mprotect")), group(kAllow, "startup"), numbers(kKillProcess, 1000, 1999)
//
// An argument is named as in the kernel's prototype, or "arg0" to "arg5" or "ip". A value is a number or the name of a
// constant; bits("O_CREAT", "O_TRUNC") joins them. A name stands for what each ABI has by it, a macro or enumerator of
// a C header for what the compiler's machine has. Texts are views: write literals. What is wrong with a name or a value
// is told where the policy is resolved.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cordon/policy/policy.h"

namespace cordon {

using ConstantValue = BasicValue<std::string_view>;
using ConstantTest = BasicArgTest<std::string_view>;
using ConstantCondition = BasicCondition<std::string_view>;
using ConstantRule = BasicRule<std::string_view>;
using ConstantAction = BasicNamedAction<std::string_view>;
using ConstantPolicy = BasicPolicy<std::string_view>;

namespace policy::write {

inline constexpr ConstantAction kAllow{{ActionKind::allow, 0}, {}}, kLog{{ActionKind::log, 0}, {}};
inline constexpr ConstantAction kKillProcess{{ActionKind::kill_process, 0}, {}};
inline constexpr ConstantAction kKillThread{{ActionKind::kill_thread, 0}, {}};
constexpr ConstantAction errno_(std::string_view name) { return {{ActionKind::errno_, 0}, name}; }

constexpr ConstantValue value(ConstantValue written) { return written; }
constexpr ConstantValue value(std::string_view name) {
  ConstantValue result;
  result.kind = ConstantValue::Kind::name;
  result.name = name;
  return result;
}
// Enumerators count as numbers: C headers have some constants as such.
template <class Written>
concept Number = std::integral<Written> ||(std::is_enum_v<Written>&& std::is_convertible_v<Written, uint64_t>);
constexpr ConstantValue value(Number auto written) {
  const auto number = +written;
  ConstantValue result;
  result.number = static_cast<uint64_t>(number);
  if (std::cmp_less(number, 0)) {
    ConstantValue magnitude;
    magnitude.number = uint64_t{0} - result.number;
    result = ConstantValue();
    result.kind = ConstantValue::Kind::negate;
    result.operands.push_back(std::move(magnitude));
  }
  return result;
}

// Its parts joined by |.
template <class... Values>
requires(sizeof...(Values) > 0) constexpr ConstantValue bits(Values... values) {
  ConstantValue result;
  result.kind = ConstantValue::Kind::any_of;
  (result.operands.push_back(value(values)), ...);
  return result;
}

// All bits but these.
template <class Written>
constexpr ConstantValue complement_of(Written bits_left_out) {
  ConstantValue result;
  result.kind = ConstantValue::Kind::complement;
  result.operands.push_back(value(bits_left_out));
  return result;
}

// An argument, maybe under a mask, that waits for what it is compared with.
class Compared {
 public:
  constexpr explicit Compared(std::string_view argument) {
    using Kind = BasicOperand<std::string_view>::Kind;
    const bool is_slot =
        argument.size() == 4 && argument.substr(0, 3) == "arg" && argument[3] >= '0' && argument[3] <= '9';
    condition_.kind = ConstantCondition::Kind::test;
    condition_.test.operand.name = argument;
    condition_.test.operand.kind = argument == "ip" ? Kind::instruction_pointer : is_slot ? Kind::slot : Kind::named;
    if (is_slot) condition_.test.operand.slot = static_cast<uint8_t>(argument[3] - '0');
  }
  // Once.
  template <class Written>
  constexpr Compared& under(Written mask) {
    condition_.test.mask.push_back(value(mask));
    return *this;
  }
  // All 64 bits, whatever the prototype says.
  constexpr Compared& raw() {
    condition_.test.operand.raw = true;
    return *this;
  }

  // Equals one of the values.
  template <class... Values>
  requires(sizeof...(Values) > 0) constexpr ConstantCondition is(Values... values) {
    (add(value(values)), ...);
    condition_.test.op = sizeof...(Values) == 1 ? CompareOp::eq : CompareOp::in;
    return std::move(condition_);
  }
  template <class Written>
  constexpr ConstantCondition compare(CompareOp op, Written with) {
    add(value(with));
    condition_.test.op = op;
    return std::move(condition_);
  }
  // Inclusive.
  template <class First, class Last>
  constexpr ConstantCondition within(First first, Last last) {
    add(value(first));
    condition_.test.values.back().high.push_back(value(last));
    condition_.test.op = CompareOp::in;
    return std::move(condition_);
  }

 private:
  constexpr void add(ConstantValue written) { condition_.test.values.emplace_back().low = std::move(written); }

  ConstantCondition condition_;
};

constexpr Compared argument(std::string_view name) { return Compared(name); }
template <class Written>
constexpr Compared masked(std::string_view name, Written mask) {
  return std::move(Compared(name).under(mask));
}
template <class... Values>
requires(sizeof...(Values) > 0) constexpr ConstantCondition is(std::string_view name, Values... values) {
  return Compared(name).is(values...);
}
template <class First, class Last>
constexpr ConstantCondition within(std::string_view name, First first, Last last) {
  return Compared(name).within(first, last);
}

template <class... Conditions>
constexpr ConstantCondition joined(ConstantCondition::Kind kind, Conditions... conditions) {
  ConstantCondition result;
  result.kind = kind;
  (result.operands.push_back(std::move(conditions)), ...);
  return result;
}
template <class... Conditions>
requires(sizeof...(Conditions) > 0) constexpr ConstantCondition all(Conditions... conditions) {
  return joined(ConstantCondition::Kind::all, std::move(conditions)...);
}
template <class... Conditions>
requires(sizeof...(Conditions) > 0) constexpr ConstantCondition any(Conditions... conditions) {
  return joined(ConstantCondition::Kind::any, std::move(conditions)...);
}
template <class... Conditions>
requires(sizeof...(Conditions) > 0) constexpr ConstantCondition none(Conditions... conditions) {
  return joined(ConstantCondition::Kind::none, any(std::move(conditions)...));
}

constexpr ConstantRule rule(ConstantAction action, std::string_view call, ConstantCondition condition = {}) {
  ConstantRule result;
  result.action = action.action;
  result.errno_name = action.errno_name;
  result.target.name = call;
  result.condition = std::move(condition);
  return result;
}
// Without its '@'.
constexpr ConstantRule group(ConstantAction action, std::string_view name) {
  ConstantRule result = rule(action, name);
  result.target.kind = BasicTarget<std::string_view>::Kind::group;
  return result;
}
// Inclusive.
constexpr ConstantRule numbers(ConstantAction action, uint32_t first, uint32_t last, ConstantCondition condition = {}) {
  ConstantRule result = rule(action, {}, std::move(condition));
  result.target.kind = BasicTarget<std::string_view>::Kind::numbers;
  result.target.first = first;
  result.target.last = last;
  return result;
}
constexpr ConstantRule every(ConstantAction action, ConstantCondition condition = {}) {
  ConstantRule result = rule(action, {}, std::move(condition));
  result.target.kind = BasicTarget<std::string_view>::Kind::every;
  return result;
}
// On this ABI only.
constexpr ConstantRule on(Arch arch, ConstantRule rule) {
  rule.target.arch = arch;
  return rule;
}

// So that several calls of it do not move all rules each time.
constexpr void make_room(ConstantPolicy& policy, size_t more) {
  const size_t needed = policy.rules.size() + more;
  if (needed > policy.rules.capacity()) policy.rules.reserve(std::max(needed, 2 * policy.rules.size()));
}

template <class... Rules>
constexpr void add(ConstantPolicy& policy, Rules... rules) {
  make_room(policy, sizeof...(rules));
  (policy.rules.push_back(std::move(rules)), ...);
}

// Rules without conditions, one for each call: what `add` does, for a compiler that counts steps a third of the work.
constexpr void add_calls(ConstantPolicy& policy, ConstantAction action, std::initializer_list<std::string_view> calls) {
  make_room(policy, calls.size());
  for (std::string_view call : calls) {
    ConstantRule& rule = policy.rules.emplace_back();
    rule.action = action.action;
    rule.errno_name = action.errno_name;
    rule.target.name = call;
  }
}

}  // namespace policy::write
}  // namespace cordon
