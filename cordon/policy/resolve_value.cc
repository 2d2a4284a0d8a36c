#include "cordon/policy/resolve_value.h"

#include <string>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace {

constexpr int kMaxDepth = 100;

std::optional<WidthValue> resolve_name(const Value& value, const ValueContext& context, Report& report) {
  std::optional<uint64_t> number = abi::constant(value.name, context.arch);
  if (!number) {
    std::string shown = base::printable(value.name);
    if (abi::is_constant_name(value.name)) {
      std::string arch(abi::name(context.arch));
      report.say(Severity::error, "constant-absent", context.rule, value.span,
                 "'" + shown + "' has no value on " + arch,
                 "name the ABI that has it: 'call@arch(...)', or write the number");
    } else {
      std::string hint = report.may_suggest() ? base::did_you_mean(value.name, abi::constant_names()) : "";
      report.say(Severity::error, "unknown-constant", context.rule, value.span,
                 "no constant is called '" + shown + "'", hint);
    }
    return std::nullopt;
  }
  uint64_t ones = low_ones(context.width);
  if (*number <= ones) return WidthValue{*number, true};
  // Tables hold negative constants (AT_FDCWD) sign-extended to 64 bits on some ABIs.
  bool is_sign_extension = *number >> (context.width - 1) == UINT64_MAX >> (context.width - 1);
  if (is_sign_extension) return WidthValue{*number & ones, true};
  return WidthValue{*number, false};
}

std::optional<WidthValue> resolve_nested(const Value& value, const ValueContext& context, Report& report, int depth) {
  uint64_t ones = low_ones(context.width);
  if (value.kind == Value::Kind::number) return WidthValue{value.number, value.number <= ones};
  if (value.kind == Value::Kind::name) return resolve_name(value, context, report);
  if (depth >= kMaxDepth) {
    report.say(Severity::error, "nested-too-deep", context.rule, value.span,
               "a value is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    return std::nullopt;
  }
  WidthValue result;
  for (const Value& operand : value.operands) {
    std::optional<WidthValue> part = resolve_nested(operand, context, report, depth + 1);
    if (!part) return std::nullopt;
    result.bits |= part->bits;
    result.fits = result.fits && part->fits;
  }
  if (value.kind == Value::Kind::complement) result.bits = ~result.bits;
  if (value.kind == Value::Kind::negate) result.bits = uint64_t{0} - result.bits;
  if (result.fits) {
    result.bits &= ones;
  } else if (result.bits <= ones) {
    result.bits = UINT64_MAX;
  }
  return result;
}

}  // namespace

std::optional<WidthValue> resolve_value(const Value& value, const ValueContext& context, Report& report) {
  return resolve_nested(value, context, report, 0);
}

}  // namespace cordon::policy
