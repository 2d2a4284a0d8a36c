// Must not compile: nothing is said of the numbers 11 to 19, which would get what 10 gets.
#include "cordon/compile/constant.h"

constexpr auto kInsns = cordon::compiler::constant_insns([] {
  using namespace cordon;
  const Clause allow{{}, {ActionKind::allow, 0}, {}}, kill{{}, {ActionKind::kill_process, 0}, {}};
  ResolvedPolicy policy;
  ArchTable& table = policy.arches.emplace_back();
  table.audit_arch = 0xc000003e;
  table.segments.push_back({0, 9, {kill}});
  table.segments.push_back({10, 10, {allow}});
  table.segments.push_back({20, UINT32_MAX, {kill}});
  return policy;
});
