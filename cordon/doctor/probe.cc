#include "cordon/doctor/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "cordon/abi/namespaces.h"
#include "cordon/base/fd.h"
#include "cordon/doctor/trial.h"
#include "cordon/sandbox/cgroup_tree.h"

namespace cordon::doctor {
namespace {

std::optional<std::string> read_file(const char* path) {
  Fd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text(8192, '\0');
  ssize_t size = read(file.get(), text.data(), text.size());
  if (size < 0) return std::nullopt;
  text.resize(static_cast<size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

template <class Number>
std::optional<Number> parse(const std::optional<std::string>& text, int base) {
  Number number{};
  if (!text) return std::nullopt;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number, base);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

long seccomp(unsigned operation, unsigned flags, void* argument) {
  return syscall(SYS_seccomp, operation, flags, argument);
}

Presence action_available(uint32_t action) {
  if (seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return Presence::yes;
  return errno == EOPNOTSUPP ? Presence::no : Presence::unknown;
}

// Flags are checked before the program is copied: EFAULT for a known one (seccomp_set_mode_filter).
Presence flags_known(unsigned flags) {
  if (seccomp(SECCOMP_SET_MODE_FILTER, flags, nullptr) == 0) return Presence::unknown;
  if (errno == EFAULT) return Presence::yes;
  return errno == EINVAL || errno == ENOSYS ? Presence::no : Presence::unknown;
}

void probe_seccomp(KernelFeatures& features) {
  features.filters = flags_known(0);
  features.actions = {.kill_process = action_available(SECCOMP_RET_KILL_PROCESS),
                      .kill_thread = action_available(SECCOMP_RET_KILL_THREAD),
                      .trap = action_available(SECCOMP_RET_TRAP),
                      .error = action_available(SECCOMP_RET_ERRNO),
                      .notify = action_available(SECCOMP_RET_USER_NOTIF),
                      .trace = action_available(SECCOMP_RET_TRACE),
                      .log = action_available(SECCOMP_RET_LOG),
                      .allow = action_available(SECCOMP_RET_ALLOW)};
  constexpr unsigned kWaitKillable = 32;  // only together with a listener
  features.flags = {.tsync = flags_known(SECCOMP_FILTER_FLAG_TSYNC),
                    .log = flags_known(SECCOMP_FILTER_FLAG_LOG),
                    .spec_allow = flags_known(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
                    .listener = flags_known(SECCOMP_FILTER_FLAG_NEW_LISTENER),
                    .tsync_esrch = flags_known(SECCOMP_FILTER_FLAG_TSYNC_ESRCH),
                    .wait_killable = flags_known(SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable)};
  seccomp_notif_sizes sizes{};
  if (seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0) {
    features.notification_sizes = {sizes.seccomp_notif, sizes.seccomp_notif_resp, sizes.seccomp_data};
  }
  features.listener = try_listener();
  features.sync_wake_up = try_sync_wake_up();
  features.constant_allow_bitmap = has_constant_allow_bitmap(features.version, features.machine);
}

void probe_landlock(KernelFeatures& features) {
  constexpr long kCreateRuleset = 444;
  constexpr unsigned kVersion = 1, kErrata = 2;
  long abi = syscall(kCreateRuleset, nullptr, 0, kVersion);
  if (abi < 0) {
    features.landlock_error = errno;
    return;
  }
  features.landlock_abi = static_cast<int>(abi);
  long errata = syscall(kCreateRuleset, nullptr, 0, kErrata);
  if (errata >= 0) features.landlock_errata = static_cast<uint32_t>(errata);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

void probe_security(KernelFeatures& features) {
  features.yama_scope = parse<int>(read_file("/proc/sys/kernel/yama/ptrace_scope"), 10);
  features.unprivileged_bpf_disabled = parse<int>(read_file("/proc/sys/kernel/unprivileged_bpf_disabled"), 10);
  features.btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? Presence::yes : Presence::no;
  if (auto list = read_file("/sys/kernel/security/lsm")) features.security_modules = split(*list, ',');
  if (auto text = read_file("/sys/kernel/security/lockdown")) features.lockdown = chosen_word(*text);
}

void probe_cgroups(KernelFeatures& features) {
  for (std::string_view controller : {"memory", "pids", "cpu"}) {
    const sandbox::CgroupPlace place = sandbox::find_cgroup_place({controller});
    if (place.problem.empty()) {
      features.cgroup_controllers.emplace_back(controller);
    } else if (features.cgroup_problem.empty()) {
      features.cgroup_problem = place.problem;
      features.cgroup_cure = place.cure;
    }
  }
}

void probe_namespaces(KernelFeatures& features) {
  if (access("/proc/self/ns", F_OK) != 0) return;
  features.namespaces.emplace();
  for (const abi::NamespaceKind& kind : abi::kNamespaces)
    if (access(("/proc/self/ns/" + std::string(kind.file)).c_str(), F_OK) == 0)
      features.namespaces->emplace_back(kind.name);
}

void probe_self(KernelFeatures& features) {
  std::optional<std::string> status = read_file("/proc/self/status");
  if (!status) return;
  features.effective_capabilities = parse<uint64_t>(status_field(*status, "CapEff"), 16);
  if (auto set = parse<int>(status_field(*status, "NoNewPrivs"), 10)) features.no_new_privs = *set != 0;
  features.seccomp_mode = parse<int>(status_field(*status, "Seccomp"), 10);
  features.seccomp_filters = parse<int>(status_field(*status, "Seccomp_filters"), 10);
}

}  // namespace

std::optional<std::string> status_field(const std::string& status, const std::string& name) {
  std::string head = name + ":";
  size_t at = status.starts_with(head) ? 0 : status.find("\n" + head);
  if (at == std::string::npos) return std::nullopt;
  at = status.find(':', at) + 1;
  size_t end = std::min(status.find('\n', at), status.size());
  while (at < end && (status[at] == ' ' || status[at] == '\t')) ++at;
  return status.substr(at, end - at);
}

std::optional<std::string> chosen_word(const std::string& text) {
  size_t open = text.find('[');
  size_t close = text.find(']', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  return text.substr(open + 1, close - open - 1);
}

// By SECCOMP_ARCH_NATIVE in the kernel's arch headers: mips, microblaze and sparc define none.
Presence has_constant_allow_bitmap(const std::optional<KernelVersion>& version, const std::string& machine) {
  if (!version) return Presence::unknown;
  bool without = machine.starts_with("mips") || machine.starts_with("microblaze") || machine.starts_with("sparc");
  return *version >= KernelVersion{5, 11} && !without ? Presence::yes : Presence::no;
}

KernelFeatures probe() {
  KernelFeatures features;
  utsname name{};
  if (uname(&name) == 0) {
    features.release = name.release;
    features.machine = name.machine;
    features.version = abi::parse_kernel_version(features.release);
  }
  probe_seccomp(features);
  probe_landlock(features);
  probe_security(features);
  probe_namespaces(features);
  probe_cgroups(features);
  probe_self(features);
  features.ptrace = try_ptrace();
  features.user_namespace = try_user_namespace();
  features.bpf = try_bpf();
  features.audit_log = try_audit_log();
  features.x32 = try_x32();
  features.i386 = try_i386();
  return features;
}

}  // namespace cordon::doctor
