#include "cordon/doctor/report.h"

#include <errno.h>

#include <algorithm>

#include "cordon/abi/landlock.h"
#include "cordon/base/diagnostic.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"

namespace cordon::doctor {
namespace {

// What the kernel offers and nothing here asks for: it is told, and not called missing.
constexpr std::string_view kNotUsed = "no verb of this version uses it";

// What lines can be applied in full.
std::string landlock_offer(int abi) {
  namespace landlock = abi::landlock;
  std::string offer;
  const auto add = [&offer](bool is_there, std::string_view what) {
    if (is_there) offer += (offer.empty() ? "" : ", ") + std::string(what);
  };
  const uint64_t files = landlock::rights_of(landlock::kFileRights, abi);
  add((files & landlock::kTruncate) != 0, "files");
  add((files & landlock::kIoctlDev) != 0, "ioctl_dev");
  add((files & landlock::kResolveUnix) != 0, "resolve_unix");
  const uint64_t net = landlock::rights_of(landlock::kNetRights, abi);
  add((net & landlock::kBindTcp) != 0, "net (TCP)");
  add((net & landlock::kBindUdp) != 0, "net none (UDP)");
  add(landlock::rights_of(landlock::kScopes, abi) != 0, "scope");
  return offer;
}

class Report {
 public:
  explicit Report(const KernelFeatures& features) : features_(features) {}

  std::vector<FeatureRow> run() {
    add_seccomp();
    add_notification();
    add_tracing();
    add_confinement();
    add_self();
    return std::move(rows_);
  }

 private:
  FeatureRow& add(std::string_view key, std::string_view feature, Presence presence, std::string needed_for,
                  std::string cure) {
    rows_.push_back({key, feature, presence, {}, std::move(needed_for), std::move(cure), false});
    return rows_.back();
  }

  FeatureRow& add(std::string_view key, std::string_view feature, const Trial& trial, std::string needed_for,
                  std::string cure) {
    FeatureRow& row = add(key, feature, trial.presence, std::move(needed_for), std::move(cure));
    if (trial.error != 0) row.detail = errno_name(trial.error);
    if (trial.presence == Presence::unknown) row.detail = "could not be tried";
    return row;
  }

  void add_seccomp() {
    const SeccompActions& actions = features_.actions;
    const SeccompFlags& flags = features_.flags;
    FeatureRow& filters =
        add("seccomp.filters", "seccomp filters", features_.filters, "everything: no policy can be applied",
            "a kernel with CONFIG_SECCOMP_FILTER; inside a sandbox, one that allows seccomp(2)");
    filters.is_required = true;
    add("seccomp.kill_process", "action kill_process", actions.kill_process, "policies that kill the whole process",
        "Linux 4.14 or later");
    add("seccomp.kill_thread", "action kill_thread", actions.kill_thread, "policies that kill the thread",
        "Linux 4.14 or later");
    add("seccomp.trap", "action trap", actions.trap, "policies that send SIGSYS", "Linux 4.14 or later");
    add("seccomp.errno", "action errno", actions.error, "policies that answer with an error", "Linux 4.14 or later");
    add("seccomp.notify", "action notify", actions.notify, "learn, explained errno denials", "Linux 5.0 or later");
    add("seccomp.trace", "action trace", actions.trace, "policies that hand calls to a tracer", "Linux 4.14 or later");
    add("seccomp.log", "action log", actions.log, "watching without enforcing", "Linux 4.14 or later");
    add("seccomp.tsync", "flag tsync", flags.tsync, "putting all threads under a filter", "Linux 3.17 or later");
    add("seccomp.tsync_esrch", "flag tsync_esrch", flags.tsync_esrch, "tsync together with a listener",
        "Linux 5.7 or later");
    add("seccomp.log_flag", "flag log", flags.log, "errno and trap denials in the audit log", "Linux 4.14 or later");
    add("seccomp.spec_allow", "flag spec_allow", flags.spec_allow, "filters that leave speculation alone",
        "Linux 4.17 or later");
    FeatureRow& bitmap = add("seccomp.bitmap", "constant-allow bitmap", features_.constant_allow_bitmap,
                             "allowed calls at the price of no filter", "Linux 5.11 or later");
    bitmap.detail = "judged by version and machine";
  }

  void add_notification() {
    add("notify.listener", "user notification listener", features_.listener, "learn, explained errno denials",
        features_.listener.error == EBUSY ? "run outside of the seccomp listener this process is under"
                                          : "Linux 5.0 or later");
    FeatureRow& sizes =
        add("notify.sizes", "notification sizes", features_.notification_sizes ? Presence::yes : Presence::no,
            "user notification", "Linux 5.0 or later");
    if (features_.notification_sizes) {
      const NotificationSizes& bytes = *features_.notification_sizes;
      sizes.detail = std::to_string(bytes.notification) + ", " + std::to_string(bytes.response) + " and " +
                     std::to_string(bytes.data) + " bytes";
    }
    add("notify.wait_killable", "wait killable", features_.flags.wait_killable,
        "notified calls that a signal does not interrupt", "Linux 5.19 or later");
    add("notify.sync_wake_up", "sync wake-up", features_.sync_wake_up,
        "fast recording and explaining: a notified call costs about ten times as much", "Linux 6.6 or later");
  }

  void add_tracing() {
    FeatureRow& ptrace =
        add("ptrace.child", "tracing a child", features_.ptrace, "--start exec and entry, explained kills",
            "CAP_SYS_PTRACE, a lower kernel.yama.ptrace_scope, or a sandbox that allows ptrace(2)");
    if (features_.yama_scope) append(ptrace.detail, "Yama scope " + std::to_string(*features_.yama_scope));
    FeatureRow& bpf = add("bpf.load", "loading BPF programs", features_.bpf, {}, {});
    append(bpf.detail, kNotUsed);
    if (features_.unprivileged_bpf_disabled) {
      append(bpf.detail, "unprivileged_bpf_disabled " + std::to_string(*features_.unprivileged_bpf_disabled));
    }
    append(add("bpf.btf", "kernel BTF", features_.btf, {}, {}).detail, kNotUsed);
    add("audit.read", "reading the audit log", features_.audit_log, "the number of a killed call without a tracer",
        "CAP_AUDIT_READ in the first user namespace; a kernel with CONFIG_AUDIT");
  }

  void add_confinement() {
    Presence landlock = features_.landlock_abi ? Presence::yes : Presence::no;
    FeatureRow& row = add("landlock", "Landlock", landlock, "lines about files, net and scope",
                          "Linux 5.13 or later, with landlock in its lsm= parameter; 6.2 for files, 6.7 for net");
    if (features_.landlock_abi) {
      row.detail = "ABI " + std::to_string(*features_.landlock_abi);
      if (features_.landlock_errata) append(row.detail, "errata " + base::hex(*features_.landlock_errata));
    } else if (features_.landlock_error != 0) {
      row.detail = errno_name(features_.landlock_error);
    }
    if (std::string offer = landlock_offer(features_.landlock_abi.value_or(0)); !offer.empty())
      append(row.detail, offer);
    FeatureRow& kinds = add("namespaces.kinds", "namespaces", features_.namespaces ? Presence::yes : Presence::unknown,
                            "run --unshare, --ns-of", "mount /proc");
    for (const std::string& name : features_.namespaces.value_or(std::vector<std::string>{}))
      append(kinds.detail, name);
    FeatureRow& groups =
        add("cgroup.limits", "cgroup limits", features_.cgroup_problem.empty() ? Presence::yes : Presence::no,
            "run --cgroup-memory, --cgroup-pids, --cgroup-cpu",
            features_.cgroup_cure.empty()
                ? "cgroup v2, in a group above that hands these controllers down and may be written"
                : features_.cgroup_cure);
    groups.detail = features_.cgroup_problem;
    for (const std::string& controller : features_.cgroup_controllers)
      if (groups.presence == Presence::yes) groups.detail += (groups.detail.empty() ? "" : ", ") + controller;
    add("namespaces.user", "user namespaces", features_.user_namespace, "run --unshare without capabilities",
        "kernel.unprivileged_userns_clone, user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns");
    FeatureRow& modules =
        add("lsm.list", "security modules", features_.security_modules ? Presence::yes : Presence::unknown,
            "knowing which are active", "mount securityfs on /sys/kernel/security");
    for (const std::string& name : features_.security_modules.value_or(std::vector<std::string>{}))
      append(modules.detail, name);
    add_bpf_lsm();
    FeatureRow& lockdown = add("lockdown", "lockdown", features_.lockdown ? Presence::yes : Presence::unknown, {}, {});
    lockdown.detail = features_.lockdown.value_or("");
    add("abi.x32", "x32 calls", features_.x32, {}, {});
    add("abi.i386", "i386 calls", features_.i386, {}, {});
  }

  void add_bpf_lsm() {
    Presence presence = Presence::unknown;
    if (features_.security_modules) {
      presence = Presence::no;
      for (const std::string& name : *features_.security_modules) {
        if (name == "bpf") presence = Presence::yes;
      }
    }
    FeatureRow& row = add("lsm.bpf", "BPF LSM", presence, {}, {});
    if (presence == Presence::yes) row.detail = "in the list; the kernel may still refuse to load such a program";
    append(row.detail, kNotUsed);
  }

  void add_self() {
    constexpr uint64_t one = 1;
    if (features_.effective_capabilities) {
      uint64_t held = *features_.effective_capabilities;
      FeatureRow& row = add("self.capabilities", "capabilities held", held != 0 ? Presence::yes : Presence::no, {}, {});
      row.detail = base::hex(held);
      auto name = [&](unsigned bit, const char* word) {
        if ((held & (one << bit)) != 0) append(row.detail, word);
      };
      name(kCapSetpcap, "setpcap");
      name(kCapSysAdmin, "sys_admin");
      name(kCapSysPtrace, "sys_ptrace");
      name(kCapAuditRead, "audit_read");
      name(kCapPerfmon, "perfmon");
      name(kCapBpf, "bpf");
    }
    if (features_.effective_capabilities)
      add("caps.bounding", "reducing the bounding set",
          (*features_.effective_capabilities & (one << kCapSetpcap)) != 0 ? Presence::yes : Presence::no,
          "lines about caps", "CAP_SETPCAP; --best-effort caps leaves that set as it is");
    if (features_.no_new_privs) {
      add("self.no_new_privs", "no_new_privs set here", *features_.no_new_privs ? Presence::yes : Presence::no, {}, {});
    }
    if (features_.seccomp_mode) {
      FeatureRow& row = add("self.seccomp", "already under seccomp",
                            *features_.seccomp_mode != 0 ? Presence::yes : Presence::no, {}, {});
      if (features_.seccomp_filters) row.detail = std::to_string(*features_.seccomp_filters) + " filters";
    }
  }

  static void append(std::string& text, std::string_view more) {
    if (!text.empty()) text += ", ";
    text += more;
  }

  const KernelFeatures& features_;
  std::vector<FeatureRow> rows_;
};

bool lacks(const FeatureRow& row) { return row.presence != Presence::yes && !row.needed_for.empty(); }

}  // namespace

std::string_view keyword(Presence presence) {
  switch (presence) {
    case Presence::no: return "no";
    case Presence::yes: return "yes";
    case Presence::unknown: return "unknown";
  }
  return "unknown";
}

std::vector<FeatureRow> report(const KernelFeatures& features) { return Report(features).run(); }

std::string to_text(const std::vector<FeatureRow>& rows) {
  constexpr size_t kFeatureWidth = 28, kPresenceWidth = 9;
  const std::string indent(kFeatureWidth, ' ');
  std::string text;
  for (const FeatureRow& row : rows) {
    std::string line(row.feature);
    line.resize(std::max(line.size() + 1, kFeatureWidth), ' ');
    line += keyword(row.presence);
    if (!row.detail.empty()) {
      line.resize(kFeatureWidth + kPresenceWidth, ' ');
      line += base::printable(row.detail);
    }
    text += line + "\n";
    if (!lacks(row)) continue;
    text += indent + "missing for: " + row.needed_for + "\n";
    if (!row.cure.empty()) text += indent + "cure: " + row.cure + "\n";
  }
  return text;
}

std::string to_json(const KernelFeatures& features, const std::vector<FeatureRow>& rows) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.doctor/1");
  json.key("kernel").value(features.release).key("machine").value(features.machine);
  json.key("features").begin_array();
  for (const FeatureRow& row : rows) {
    json.begin_object().key("key").value(row.key).key("feature").value(row.feature);
    json.key("presence").value(keyword(row.presence)).key("detail").value(row.detail);
    json.key("needed_for").value(row.needed_for).key("cure").value(lacks(row) ? row.cure : std::string());
    json.key("required").value(row.is_required).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace cordon::doctor
