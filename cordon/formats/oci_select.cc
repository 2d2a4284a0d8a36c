#include "cordon/formats/oci_select.h"

#include <algorithm>
#include <set>
#include <string>

namespace cordon::formats {
namespace {

struct Machine {
  std::string_view arch;
  std::set<std::string, std::less<>> capabilities;
  bool has_all_capabilities = false;
  std::optional<KernelVersion> kernel;  // no value: newer than any

  bool has(std::string_view capability) const { return has_all_capabilities || capabilities.contains(capability); }
  bool is_at_least(KernelVersion version) const { return !kernel || *kernel >= version; }
};

Machine machine_of(const ReadOptions& options) {
  Machine machine;
  machine.arch = docker_arch_name(options.arch);
  machine.kernel = options.kernel;
  if (!options.capabilities) {
    for (std::string_view capability : docker_default_capabilities()) machine.capabilities.emplace(capability);
    return machine;
  }
  for (const std::string& written : *options.capabilities) {
    std::string name = capability_name(written);
    machine.has_all_capabilities |= name == "CAP_ALL";
    machine.capabilities.insert(std::move(name));
  }
  return machine;
}

bool holds_for(const OciEntry& entry, const Machine& machine) {
  auto is_host = [&](const OciText& arch) { return !machine.arch.empty() && arch.text == machine.arch; };
  auto is_held = [&](const OciText& capability) { return machine.has(capability.text); };

  const OciFilter& excludes = entry.excludes;
  if (std::any_of(excludes.arches.begin(), excludes.arches.end(), is_host)) return false;
  if (std::any_of(excludes.caps.begin(), excludes.caps.end(), is_held)) return false;
  if (excludes.min_kernel && machine.is_at_least(*excludes.min_kernel)) return false;

  const OciFilter& includes = entry.includes;
  if (!includes.arches.empty() && std::none_of(includes.arches.begin(), includes.arches.end(), is_host)) return false;
  if (!std::all_of(includes.caps.begin(), includes.caps.end(), is_held)) return false;
  return !includes.min_kernel || machine.is_at_least(*includes.min_kernel);
}

void add_once(std::vector<Arch>& arches, Arch arch) {
  if (std::find(arches.begin(), arches.end(), arch) == arches.end()) arches.push_back(arch);
}

}  // namespace

std::vector<Arch> select_arches(const OciProfile& profile, const ReadOptions& options, ProfileReporter& report) {
  std::vector<Arch> arches{options.arch};
  for (Arch arch : profile.arches) add_once(arches, arch);
  for (const OciArchMapRow& row : profile.arch_map) {
    if (row.arch != options.arch) continue;
    if (options.sub_arches) {
      for (Arch arch : row.sub_arches) add_once(arches, arch);
    } else if (!row.sub_arches.empty()) {
      std::string names;
      for (Arch arch : row.sub_arches) names += (names.empty() ? "" : ", ") + std::string(abi::name(arch));
      report.note("sub-arches", row.span, "the profile's sub-architectures are left out: " + names,
                  "read it with --sub-arches to have them");
    }
    break;
  }
  return arches;
}

std::vector<const OciEntry*> select_entries(const OciProfile& profile, const ReadOptions& options) {
  Machine machine = machine_of(options);
  std::vector<const OciEntry*> selected;
  for (const OciEntry& entry : profile.entries)
    if (holds_for(entry, machine)) selected.push_back(&entry);
  return selected;
}

}  // namespace cordon::formats
