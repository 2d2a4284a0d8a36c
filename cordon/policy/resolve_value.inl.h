// The body of resolve_value.h, for policies of any text and whoever hears what is wrong with them.
#pragma once

#include <cstdint>
#include <optional>

#include "cordon/abi/constants.h"
#include "cordon/policy/condition.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/resolve_value.h"

namespace cordon::policy {
namespace detail {

inline constexpr int kMaxValueDepth = 100;

// A value on its way: what WidthValue says, and whether it stands for a number below zero.
struct Part {
  uint64_t bits = 0;
  bool fits = true;
  bool is_negative = false;
};

constexpr uint64_t sign_extended(uint64_t bits, unsigned width) {
  uint64_t sign = uint64_t{1} << (width - 1);
  return (bits ^ sign) - sign;
}

// A number below zero, as 64 bits, in the width: it fits if its sign and all above it are ones.
constexpr Part negative(uint64_t bits, unsigned width) {
  bool fits = sign_extended(bits & low_ones(width), width) == bits;
  return {fits ? bits & low_ones(width) : bits, fits, true};
}

template <class Text, class Hearer>
constexpr std::optional<Part> resolve_name(const BasicValue<Text>& value, const ValueContext& context, Hearer& report) {
  std::optional<uint64_t> number = abi::constant(value.name, context.arch);
  if (!number) {
    if (abi::is_constant_name(value.name)) {
      report.constant_absent(value, context);
    } else {
      report.unknown_constant(value, context);
    }
    return std::nullopt;
  }
  // As C has it: AT_FDCWD compared with a 64-bit register is 0xffffffffffffff9c.
  if (abi::is_negative_int(value.name)) return negative(sign_extended(*number, 32), context.width);
  uint64_t ones = low_ones(context.width);
  if (*number <= ones) return Part{*number, true, false};
  // ((unsigned long)-1) in a narrower argument
  if (sign_extended(*number & ones, context.width) == *number) return Part{*number & ones, true, true};
  return Part{*number, false, false};
}

// The least number of a width is 2^(width-1) below zero.
constexpr Part negated(const Part& part, unsigned width) {
  if (part.is_negative) {
    uint64_t magnitude = uint64_t{0} - (part.fits ? sign_extended(part.bits, width) : part.bits);
    return {magnitude, magnitude <= low_ones(width), false};
  }
  uint64_t bits = uint64_t{0} - part.bits;
  if (part.bits == 0) return part;
  if (part.bits <= uint64_t{1} << (width - 1)) return {bits & low_ones(width), true, true};
  return {bits, false, true};
}

// In the width where the operand fits in it; one that is written with more bits keeps them.
constexpr Part complemented(const Part& part, unsigned width) {
  if (part.fits) return {~part.bits & low_ones(width), true, !part.is_negative};
  return {~part.bits, ~part.bits <= low_ones(width), false};
}

template <class Text, class Hearer>
constexpr std::optional<Part> resolve_nested(const BasicValue<Text>& value, const ValueContext& context, Hearer& report,
                                             int depth) {
  using Kind = typename BasicValue<Text>::Kind;
  uint64_t ones = low_ones(context.width);
  if (value.kind == Kind::number) return Part{value.number, value.number <= ones, false};
  if (value.kind == Kind::name) return resolve_name(value, context, report);
  if (depth >= kMaxValueDepth) {
    report.value_nested_too_deep(value, context, kMaxValueDepth);
    return std::nullopt;
  }
  Part result;
  for (const BasicValue<Text>& operand : value.operands) {
    std::optional<Part> part = resolve_nested(operand, context, report, depth + 1);
    if (!part) return std::nullopt;
    result.bits |= part->bits;
    result.fits = result.fits && part->fits;
    result.is_negative = result.is_negative || part->is_negative;
  }
  if (value.kind == Kind::complement) return complemented(result, context.width);
  if (value.kind == Kind::negate) return negated(result, context.width);
  return result;
}

}  // namespace detail

template <class Text, class Hearer>
constexpr std::optional<WidthValue> value_in_width(const BasicValue<Text>& value, const ValueContext& context,
                                                   Hearer& report) {
  std::optional<detail::Part> part = detail::resolve_nested(value, context, report, 0);
  if (!part) return std::nullopt;
  return WidthValue{part->bits, part->fits};
}

}  // namespace cordon::policy
