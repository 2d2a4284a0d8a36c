// Whether two policies say the same in the same words: everything but places in texts.
#pragma once

#include <algorithm>

#include "cordon/policy/policy.h"

namespace cordon {

inline bool same(const Value& a, const Value& b) {
  return a.kind == b.kind && a.number == b.number && a.name == b.name &&
         std::equal(a.operands.begin(), a.operands.end(), b.operands.begin(), b.operands.end(),
                    [](const Value& x, const Value& y) { return same(x, y); });
}

inline bool same(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Value& x, const Value& y) { return same(x, y); });
}

inline bool same(const ArgTest& a, const ArgTest& b) {
  return a.operand.kind == b.operand.kind && a.operand.name == b.operand.name && a.operand.slot == b.operand.slot &&
         a.operand.raw == b.operand.raw && same(a.mask, b.mask) && a.op == b.op &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                    [](const ValueRange& x, const ValueRange& y) { return same(x.low, y.low) && same(x.high, y.high); });
}

inline bool same(const Condition& a, const Condition& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Condition::Kind::test) return same(a.test, b.test);
  return std::equal(a.operands.begin(), a.operands.end(), b.operands.begin(), b.operands.end(),
                    [](const Condition& x, const Condition& y) { return same(x, y); });
}

inline bool same(const Rule& a, const Rule& b) {
  return a.action == b.action && a.errno_name == b.errno_name && a.comment == b.comment &&
         a.target.kind == b.target.kind && a.target.name == b.target.name && a.target.first == b.target.first &&
         a.target.last == b.target.last && a.target.arch == b.target.arch && same(a.condition, b.condition);
}

inline bool same(const NamedAction& a, const NamedAction& b) {
  return a.action == b.action && a.errno_name == b.errno_name;
}

inline bool same(const Policy& a, const Policy& b) {
  bool headers = a.name == b.name && a.arches == b.arches && same(a.default_action, b.default_action) &&
                 same(a.bad_arch, b.bad_arch) && a.since == b.since && a.unknown.has_value() == b.unknown.has_value() &&
                 (!a.unknown || same(*a.unknown, *b.unknown));
  return headers && a.comments == b.comments &&
         std::equal(a.rules.begin(), a.rules.end(), b.rules.begin(), b.rules.end(),
                    [](const Rule& x, const Rule& y) { return same(x, y); }) &&
         std::equal(a.sandbox.lines.begin(), a.sandbox.lines.end(), b.sandbox.lines.begin(), b.sandbox.lines.end(),
                    [](const SandboxLine& x, const SandboxLine& y) { return x.subject == y.subject && x.words == y.words; });
}

}  // namespace cordon
