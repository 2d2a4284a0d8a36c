#include "cordon/sandbox/child_capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cordon/sandbox/child.h"
#include "cordon/sandbox/raw_syscall.h"

namespace cordon::sandbox {
namespace {

constexpr unsigned kMostCapabilities = 64, kAuditRead = 37;  // every kernel since 3.16 has those up to the second
constexpr uint32_t kKeepCaps = 1u << 4;

struct CapabilitySets {
  uint64_t effective = 0;
  uint64_t permitted = 0;
  uint64_t inheritable = 0;
};

bool is_in(uint64_t set, unsigned capability) { return (set >> capability & 1) != 0; }

bool get_sets(CapabilitySets& sets, LaunchReport& report) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (report.failed(raw_syscall(SYS_capget, raw_pointer(&header), raw_pointer(data), 0, 0, 0))) return false;
  sets.effective = data[0].effective | uint64_t{data[1].effective} << 32;
  sets.permitted = data[0].permitted | uint64_t{data[1].permitted} << 32;
  sets.inheritable = data[0].inheritable | uint64_t{data[1].inheritable} << 32;
  return true;
}

bool set_sets(const CapabilitySets& sets, LaunchReport& report) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const auto low = [](uint64_t bits) { return static_cast<uint32_t>(bits); };
  const auto high = [](uint64_t bits) { return static_cast<uint32_t>(bits >> 32); };
  const __user_cap_data_struct data[2] = {{low(sets.effective), low(sets.permitted), low(sets.inheritable)},
                                          {high(sets.effective), high(sets.permitted), high(sets.inheritable)}};
  return !report.failed(raw_syscall(SYS_capset, raw_pointer(&header), raw_pointer(data), 0, 0, 0));
}

// Who is root in neither does not keep over an exec what it has by having changed its user, or by a user namespace.
bool has_become_user(const ChildSetup& setup) {
  if (setup.has_identity) return setup.uid != 0;
  return setup.enters_user_namespace && raw_syscall(SYS_geteuid, 0, 0, 0, 0, 0) != 0;
}

// What the command is to have. A user that is not root comes to it only through the ambient set: the exec drops the
// rest. Whoever was not root before does not lose by setresuid(2) alone what it had.
CapabilitySets wanted(const ChildSetup& setup, const CapabilitySets& now, bool becomes_user) {
  CapabilitySets sets = now;
  sets.permitted &= setup.kept_capabilities;
  sets.effective = becomes_user ? sets.permitted : sets.effective & setup.kept_capabilities;
  sets.inheritable = becomes_user ? sets.permitted : sets.inheritable & setup.kept_capabilities;
  if (setup.sets_inheritable) sets.inheritable = setup.inheritable;
  if (setup.sets_ambient) sets.inheritable |= setup.ambient;
  sets.inheritable &= setup.bounding_set;  // the exec adds what is ambient, whatever the bounding set says
  return sets;
}

bool raise_ambient(const ChildSetup& setup, uint64_t ambient, LaunchReport& report) {
  report.enter(LaunchStep::ambient);
  if (setup.sets_ambient && report.failed(raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)))
    return false;
  for (unsigned capability = 0; capability < kMostCapabilities; ++capability) {
    if (!is_in(ambient, capability)) continue;
    report.index.store(capability);
    if (report.failed(raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))) return false;
  }
  return true;
}

bool set_securebits(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::securebits);
  const long now = raw_syscall(SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (report.failed(now)) return false;
  const uint64_t bits = (static_cast<uint64_t>(now) & ~uint64_t{kKeepCaps}) | setup.securebits;
  return !report.failed(raw_syscall(SYS_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0));
}

}  // namespace

// While CAP_SETPCAP is effective still. What is not in the set any more costs a question only.
bool reduce_bounding_set(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::bounding_set);
  for (unsigned capability = 0; capability < kMostCapabilities; ++capability) {
    const long has = raw_syscall(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0);
    if (has == -EINVAL && capability > kAuditRead) return true;  // the kernel has no more
    if (report.failed(has)) return false;
    if (has == 0 || is_in(setup.bounding_set, capability)) continue;
    const long dropped = raw_syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (dropped == -EPERM && setup.may_keep_bounding_set) return true;
    if (report.failed(dropped)) return false;
  }
  return true;
}

// Securebits forbid raising what is ambient, and need CAP_SETPCAP, which may not be kept: they come between.
bool set_capabilities(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::capabilities);
  const bool becomes_user = has_become_user(setup);
  const bool changes = setup.reduces_capabilities || setup.reduces_bounding_set || becomes_user ||
                       setup.sets_inheritable || setup.sets_ambient || setup.securebits != 0;
  if (!changes) return true;
  CapabilitySets now;
  if (!get_sets(now, report)) return false;
  const CapabilitySets sets = wanted(setup, now, becomes_user);
  const uint64_t ambient = setup.sets_ambient                           ? setup.ambient
                           : becomes_user && setup.reduces_capabilities ? sets.permitted & sets.inheritable
                                                                        : 0;
  if (setup.securebits == 0) return set_sets(sets, report) && raise_ambient(setup, ambient, report);
  const uint64_t effective = becomes_user ? now.permitted : now.effective;
  const CapabilitySets between{.effective = effective, .permitted = now.permitted, .inheritable = sets.inheritable};
  if (!set_sets(between, report) || !raise_ambient(setup, ambient, report) || !set_securebits(setup, report))
    return false;
  report.enter(LaunchStep::capabilities);
  return set_sets(sets, report);
}

}  // namespace cordon::sandbox
