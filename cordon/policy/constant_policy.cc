#include "cordon/policy/constant_policy.h"

#include <string>

namespace cordon::policy {
namespace {

Value owning(const ConstantValue& value) {
  Value result{static_cast<Value::Kind>(value.kind), value.number, std::string(value.name), {}, value.span};
  for (const ConstantValue& operand : value.operands) result.operands.push_back(owning(operand));
  return result;
}

ArgTest owning(const ConstantTest& test) {
  ArgTest result;
  result.operand = {static_cast<Operand::Kind>(test.operand.kind), std::string(test.operand.name), test.operand.slot,
                    test.operand.raw};
  for (const ConstantValue& mask : test.mask) result.mask.push_back(owning(mask));
  result.op = test.op;
  for (const BasicValueRange<std::string_view>& range : test.values) {
    ValueRange& added = result.values.emplace_back(ValueRange{owning(range.low), {}});
    for (const ConstantValue& high : range.high) added.high.push_back(owning(high));
  }
  result.span = test.span;
  return result;
}

Condition owning(const ConstantCondition& condition) {
  Condition result{static_cast<Condition::Kind>(condition.kind), owning(condition.test), {}, condition.span};
  for (const ConstantCondition& operand : condition.operands) result.operands.push_back(owning(operand));
  return result;
}

NamedAction owning(const ConstantAction& action) { return {action.action, std::string(action.errno_name)}; }

Rule owning(const ConstantRule& rule) {
  const auto& target = rule.target;
  return {rule.action,
          {static_cast<Target::Kind>(target.kind), std::string(target.name), target.first, target.last, target.arch},
          owning(rule.condition),
          rule.span,
          std::string(rule.comment),
          std::string(rule.errno_name)};
}

}  // namespace

Policy owning(const ConstantPolicy& policy) {
  Policy result;
  result.name = policy.name;
  result.format = policy.format;
  result.arches = policy.arches;
  result.default_action = owning(policy.default_action);
  result.bad_arch = owning(policy.bad_arch);
  result.since = policy.since;
  if (policy.unknown) result.unknown = owning(*policy.unknown);
  for (const ConstantRule& rule : policy.rules) result.rules.push_back(owning(rule));
  for (const auto& comment : policy.comments)
    result.comments.push_back({comment.before_rule, std::string(comment.text)});
  result.sandbox = policy.sandbox;
  result.start = policy.start;
  result.filter_flags = policy.filter_flags;
  result.allow_unsafe_multiplexed = policy.allow_unsafe_multiplexed;
  result.sources = policy.sources;
  return result;
}

}  // namespace cordon::policy
