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

// What the mistakes leave of a profile. Entries whose includes or excludes are wrong are left out: they may not
// be for this machine.
PolicyDraft make_draft(Policy policy, OciProfile profile, const ReadOptions& options) {
  PolicyDraft draft;
  draft.policy = std::move(policy);
  draft.policy.rules.clear();
  draft.are_arches_firm = !profile.has_bad_arches;
  std::erase_if(profile.entries, [](const OciEntry& entry) { return entry.has_bad_filter; });
  ProfileReporter unheard(draft.policy.sources);
  fill_policy(draft.policy, profile, options, unheard);
  return draft;
}

}  // namespace

PolicyReading read_oci_draft(std::string_view text, std::string name, const ReadOptions& options) {
  Policy policy;
  SourceId id = policy.sources.add(std::move(name), std::string(text));
  ProfileReporter report(policy.sources);
  JsonRead json = parse_json(policy.sources, id, {.lenient = options.lenient}, report);
  OciProfile profile;
  if (report.has_errors()) {
    // With certain cures the rest can be judged too, so that one run shows every mistake.
    if (!json.root || !json.is_certain) return {std::move(report).take(), std::nullopt};
    ProfileReporter later(policy.sources);
    profile = read_oci_profile(*json.root, {options.arch}, later);
    report.add_errors_of(later);
  } else {
    profile = read_oci_profile(*json.root, {options.arch}, report);
    if (!report.has_errors()) fill_policy(policy, profile, options, report);
  }
  const bool has_errors = report.has_errors();
  Diagnostics found = std::move(report).take();
  if (has_errors) return {std::move(found), make_draft(std::move(policy), std::move(profile), options)};
  return {{std::move(policy), std::move(found)}, std::nullopt};
}

Result<Policy> read_oci(std::string_view text, std::string name, const ReadOptions& options) {
  return read_oci_draft(text, std::move(name), options).policy;
}

}  // namespace cordon::formats
