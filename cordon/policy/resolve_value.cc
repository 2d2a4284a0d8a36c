#include "cordon/policy/resolve_value.h"

#include <string>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace {

constexpr int kMaxDepth = 100;

// A value on its way: what WidthValue says, and whether it stands for a number below zero.
struct Part {
  uint64_t bits = 0;
  bool fits = true;
  bool is_negative = false;
};

uint64_t sign_extended(uint64_t bits, unsigned width) {
  uint64_t sign = uint64_t{1} << (width - 1);
  return (bits ^ sign) - sign;
}

// A number below zero, as 64 bits, in the width: it fits if its sign and all above it are ones.
Part negative(uint64_t bits, unsigned width) {
  bool fits = sign_extended(bits & low_ones(width), width) == bits;
  return {fits ? bits & low_ones(width) : bits, fits, true};
}

std::optional<Part> resolve_name(const Value& value, const ValueContext& context, Report& report) {
  std::optional<uint64_t> number = abi::constant(value.name, context.arch);
  if (!number) {
    std::string shown = base::printable(value.name);
    if (abi::is_constant_name(value.name)) {
      std::string arch(abi::name(context.arch));
      report.say(Severity::error, "constant-absent", context.rule, value.span,
                 "'" + shown + "' has no value on " + arch,
                 "name the architecture that has it: 'call@arch(...)', or write the number");
    } else {
      std::string hint = report.may_suggest() ? base::did_you_mean(value.name, abi::constant_names()) : "";
      report.say(Severity::error, "unknown-constant", context.rule, value.span, "no constant is called '" + shown + "'",
                 hint);
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
Part negated(const Part& part, unsigned width) {
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
Part complemented(const Part& part, unsigned width) {
  if (part.fits) return {~part.bits & low_ones(width), true, !part.is_negative};
  return {~part.bits, ~part.bits <= low_ones(width), false};
}

std::optional<Part> resolve_nested(const Value& value, const ValueContext& context, Report& report, int depth) {
  uint64_t ones = low_ones(context.width);
  if (value.kind == Value::Kind::number) return Part{value.number, value.number <= ones, false};
  if (value.kind == Value::Kind::name) return resolve_name(value, context, report);
  if (depth >= kMaxDepth) {
    report.say(Severity::error, "nested-too-deep", context.rule, value.span,
               "a value is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    return std::nullopt;
  }
  Part result;
  for (const Value& operand : value.operands) {
    std::optional<Part> part = resolve_nested(operand, context, report, depth + 1);
    if (!part) return std::nullopt;
    result.bits |= part->bits;
    result.fits = result.fits && part->fits;
    result.is_negative = result.is_negative || part->is_negative;
  }
  if (value.kind == Value::Kind::complement) return complemented(result, context.width);
  if (value.kind == Value::Kind::negate) return negated(result, context.width);
  return result;
}

}  // namespace

std::optional<WidthValue> resolve_value(const Value& value, const ValueContext& context, Report& report) {
  std::optional<Part> part = resolve_nested(value, context, report, 0);
  if (!part) return std::nullopt;
  return WidthValue{part->bits, part->fits};
}

}  // namespace cordon::policy
