#include "cordon/policy/resolve.h"

#include <utility>

#include "cordon/policy/report.h"
#include "cordon/policy/resolve.inl.h"

namespace cordon::policy {

Result<ResolvedPolicy> resolve(const Policy& policy, const ResolveOptions& options) {
  Report report(policy);
  ResolvedPolicy resolved = resolve_for(policy, options, report);
  if (report.has_errors()) return report.finish();
  return {std::move(resolved), report.finish()};
}

std::optional<WidthValue> resolve_value(const Value& value, const ValueContext& context) {
  struct Unheard {
    void constant_absent(const Value&, const ValueContext&) {}
    void unknown_constant(const Value&, const ValueContext&) {}
    void value_nested_too_deep(const Value&, const ValueContext&, int) {}
  } unheard;
  return value_in_width(value, context, unheard);
}

AbiRules collect_rules(const Policy& policy, Arch arch, std::vector<NumberRange> share, std::vector<char>& found) {
  Report unheard(policy);
  return collect_rules(policy, arch, std::move(share), unheard, found);
}

}  // namespace cordon::policy
