#include "cordon/policy/lint_needs.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/lint_tables.h"
#include "cordon/policy/partial.h"

namespace cordon::policy {
namespace {

// "sys_boot" of "CAP_SYS_BOOT"
std::string plain_name(std::string_view capability) {
  std::string name;
  for (char c : capability) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name.starts_with("cap_") ? name.substr(4) : name;
}

std::string kernel_name(std::string_view plain) {
  std::string name = "CAP_";
  for (char c : plain) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

// What the policy keeps; nothing where it says nothing about capabilities.
std::optional<std::set<std::string>> kept_capabilities(const Policy& policy) {
  std::optional<std::set<std::string>> kept;
  for (const SandboxLine& line : policy.sandbox.lines) {
    if (line.subject != "caps" || line.words.empty() || line.words.front() != "keep") continue;
    if (!kept) kept.emplace();
    for (size_t i = 1; i < line.words.size(); ++i) kept->insert(plain_name(line.words[i]));
  }
  return kept;
}

// In a user namespace of its own a process has every capability again, for what belongs to that namespace.
bool can_get_user_namespace(const Verdicts& verdicts, Arch arch) {
  constexpr uint64_t kNewUserAndSigchld = 0x10000011;
  for (std::string_view call : {"unshare", "clone3", "setns"})
    if (verdicts.runs(call, arch)) return true;
  const auto number = abi::number_of("clone", arch);
  const auto flags = abi::find_argument("clone", "flags", arch).argument;
  if (!number || !flags) return verdicts.runs("clone", arch);
  PartialCall clone;
  clone.call.nr = *number;
  clone.call.audit_arch = abi::info(arch).audit_arch;
  clone.call.args[flags->slot] = kNewUserAndSigchld;
  clone.known[flags->slot] = true;
  const std::vector<Clause> found = outcomes(verdicts.resolved(), clone);
  return std::any_of(found.begin(), found.end(), [](const Clause& clause) { return may_run(clause.action.kind); });
}

class NeedsLinter {
 public:
  NeedsLinter(const Policy& policy, const Verdicts& verdicts, std::span<const Arch> arches)
      : policy_(policy), verdicts_(verdicts), arches_(arches) {}

  Diagnostics run() {
    const auto kept = kept_capabilities(policy_);
    for (Arch arch : arches_) {
      if (kept) check_capabilities(*kept, arch);
      if (policy_.since) check_versions(*policy_.since, arch);
    }
    return std::move(findings_);
  }

 private:
  void check_capabilities(const std::set<std::string>& kept, Arch arch) {
    const bool may_have_all = can_get_user_namespace(verdicts_, arch);
    for (const CapabilityNeed& need : kCapabilityNeeds) {
      if (kept.count(std::string(need.capability)) > 0 || (may_have_all && need.is_namespaced)) continue;
      const std::optional<Verdict> found = verdicts_.of(need.call, arch);
      if (!found || !found->is_named || !found->can_run || !said_.insert(std::string(need.call)).second) continue;
      findings_.note("needs-capability", place_of_rule(policy_, found->rule),
                     "'" + std::string(need.call) + "' is allowed, but needs " + kernel_name(need.capability) +
                         ", which 'caps keep' drops: it can only fail",
                     "leave the call out, or keep " + std::string(need.capability));
    }
  }

  void check_versions(KernelVersion since, Arch arch) {
    for (size_t i = 0; i < policy_.rules.size(); ++i) {
      const Target& target = policy_.rules[i].target;
      if (target.kind != Target::Kind::name || (target.arch && *target.arch != arch)) continue;
      const auto came = abi::number_of(target.name, arch) ? abi::since(target.name, arch) : std::nullopt;
      if (!came || *came <= since || !said_.insert("since " + std::to_string(i)).second) continue;
      findings_.note("newer-than-since", place_of_rule(policy_, static_cast<uint32_t>(i)),
                     "'" + target.name + "' came with Linux " + abi::to_string(*came) +
                         ", but the policy says 'since " + abi::to_string(since) + "'",
                     "say 'since " + abi::to_string(*came) + "' once the other calls of that kernel were looked at");
    }
  }

  const Policy& policy_;
  const Verdicts& verdicts_;
  std::span<const Arch> arches_;
  Diagnostics findings_;
  std::set<std::string> said_;
};

}  // namespace

Diagnostics find_unmet_needs(const Policy& policy, const Verdicts& verdicts, std::span<const Arch> arches) {
  return NeedsLinter(policy, verdicts, arches).run();
}

}  // namespace cordon::policy
