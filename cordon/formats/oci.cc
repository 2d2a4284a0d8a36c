#include "cordon/formats/oci.h"

#include "cordon/formats/json.h"
#include "cordon/formats/oci_profile.h"
#include "cordon/formats/oci_rules.h"
#include "cordon/formats/oci_select.h"

namespace cordon::formats {
namespace {

void fill_policy(Policy& policy, const OciProfile& profile, const ReadOptions& options, ProfileReporter& report) {
  policy.format = PolicyFormat::oci;
  policy.bad_arch.action = {ActionKind::kill_thread, 0};
  policy.allow_unsafe_multiplexed = options.like_runc;
  policy.arches = select_arches(profile, options, report);
  if (profile.is_off) {
    policy.default_action.action = {ActionKind::allow, 0};
    policy.bad_arch.action = {ActionKind::allow, 0};
    return;
  }
  policy.default_action.action = profile.default_action;
  policy.filter_flags = profile.flags;

  std::vector<const OciEntry*> entries = select_entries(profile, options);
  if (options.like_runc) {
    OciStubOptions stub{profile.default_action, policy.arches, profile.default_span};
    policy.rules = make_runc_stub(entries, stub);
  }
  OciRuleOptions rule_options{profile.default_action, options.like_runc};
  for (Rule& rule : make_oci_rules(entries, rule_options, report)) policy.rules.push_back(std::move(rule));
}

}  // namespace

Result<Policy> read_oci(std::string_view text, std::string name, const ReadOptions& options) {
  Policy policy;
  SourceId id = policy.sources.add(std::move(name), std::string(text));
  ProfileReporter report(policy.sources);
  JsonRead json = parse_json(policy.sources, id, {.lenient = options.lenient}, report);
  if (report.has_errors()) {
    // With certain cures the rest can be judged too, so that one run shows every mistake.
    if (json.root && json.is_certain) {
      ProfileReporter later(policy.sources);
      read_oci_profile(*json.root, {options.arch}, later);
      report.add_errors_of(later);
    }
    return std::move(report).take();
  }
  OciProfile profile = read_oci_profile(*json.root, {options.arch}, report);
  if (!report.has_errors()) fill_policy(policy, profile, options, report);
  if (report.has_errors()) return std::move(report).take();
  Diagnostics found = std::move(report).take();
  return Result<Policy>(std::move(policy), std::move(found));
}

}  // namespace cordon::formats
