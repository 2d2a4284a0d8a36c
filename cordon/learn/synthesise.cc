#include "cordon/learn/synthesise.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/learn/generalise.h"
#include "cordon/learn/profile.h"

namespace cordon::learn {
namespace {

using Comments = SynthesiseOptions::Comments;

struct Needed {
  std::string_view name;
  std::string_view reason;
};

constexpr std::array<Needed, 5> kAlwaysNeeded = {{
    {"exit", "a thread ends by it"},
    {"exit_group", "a process ends by it"},
    {"rt_sigreturn", "a signal handler returns by it"},
    {"sigreturn", "a signal handler returns by it"},
    {"restart_syscall", "the kernel resumes an interrupted sleep by it"},
}};

constexpr std::array<std::string_view, 7> kVdsoFallbacks = {
    "clock_getres", "clock_gettime", "clock_gettime64", "getcpu", "getrandom", "gettimeofday", "time"};

// What a rule says is collected per call first: a call may be both seen and always needed.
struct Draft {
  Rule rule;
  std::vector<std::string> remarks;
};

struct Key {
  bool is_foreign;
  Arch arch;
  bool is_unnamed;
  std::string name;
  uint32_t nr;

  auto operator<=>(const Key&) const = default;
};

Key key_of(Arch arch, uint32_t nr) {
  std::string_view name = abi::name_of(nr, arch);
  return {arch != abi::native_arch(), arch, name.empty(), std::string(name), nr};
}

class Synthesis {
 public:
  Synthesis(const Recording& recording, const SynthesiseOptions& options)
      : recording_(recording), options_(options), profile_(build_profile(recording)) {}

  Policy run() {
    for (const CallProfile& call : profile_.calls) add_seen(call);
    std::vector<Arch> arches = seen_arches();
    for (Arch arch : arches) {
      if (has_threads(arch)) add_futex(arch);
      for (const Needed& needed : kAlwaysNeeded) {
        add_needed(arch, needed.name, "always needed: " + std::string(needed.reason));
      }
      if (!options_.vdso_fallbacks) continue;
      for (std::string_view name : kVdsoFallbacks) add_needed(arch, name, "where the vDSO cannot answer it");
    }
    return policy_for(std::move(arches));
  }

 private:
  std::vector<Arch> seen_arches() const {
    std::vector<Arch> arches;
    for (const CallProfile& call : profile_.calls) {
      if (arches.empty() || arches.back() != call.arch) arches.push_back(call.arch);
    }
    if (arches.empty()) arches.push_back(abi::native_arch());
    return arches;
  }

  Draft& draft(Arch arch, uint32_t nr) {
    auto [at, is_new] = drafts_.try_emplace(key_of(arch, nr));
    Draft& draft = at->second;
    if (!is_new) return draft;
    draft.rule.action = {ActionKind::allow, 0};
    draft.rule.target.arch = arch;
    std::string_view name = abi::name_of(nr, arch);
    draft.rule.target.kind = name.empty() ? Target::Kind::numbers : Target::Kind::name;
    draft.rule.target.name = std::string(name);
    draft.rule.target.first = draft.rule.target.last = name.empty() ? nr : 0;
    return draft;
  }

  void add_seen(const CallProfile& call) {
    Draft& entry = draft(call.arch, call.nr);
    entry.remarks.push_back(programs_of(call));
    if (options_.comments == Comments::full) entry.remarks.push_back(counts_of(call));
    if (options_.arguments == SynthesiseOptions::Arguments::none) return;
    GeneralisedCall general = generalise(call);
    entry.rule.condition = std::move(general.condition);
    for (std::string& reason : general.reasons) entry.remarks.push_back(std::move(reason));
  }

  void add_needed(Arch arch, std::string_view name, std::string remark) {
    std::optional<uint32_t> nr = abi::number_of(name, arch);
    if (!nr) return;
    Draft& entry = draft(arch, *nr);
    if (entry.remarks.empty()) entry.remarks.push_back(std::move(remark));
    entry.rule.condition = {};
  }

  // clone3 keeps its flags in memory; whoever calls it makes a thread or might.
  bool has_threads(Arch arch) const {
    constexpr uint64_t kCloneThread = 0x10000;
    for (const CallProfile& call : profile_.calls) {
      if (call.arch != arch) continue;
      std::string_view name = abi::name_of(call.nr, arch);
      if (name == "clone3" || (name == "clone" && call.too_many_values)) return true;
      if (name != "clone" || call.slots.empty()) continue;
      for (const RecordedValues& values : call.values) {
        if ((values.values[0] & kCloneThread) != 0) return true;
      }
    }
    return false;
  }

  // A run in which no lock was ever found taken makes none of these calls; the next one may.
  void add_futex(Arch arch) {
    std::optional<uint32_t> nr = abi::number_of("futex", arch);
    if (!nr || drafts_.contains(key_of(arch, *nr))) return;
    Draft& entry = draft(arch, *nr);
    entry.remarks.push_back("needed by threads: a lock that is taken is waited for by it");
    if (options_.arguments == SynthesiseOptions::Arguments::none) return;
    CallProfile wait;
    wait.arch = arch;
    wait.nr = *nr;
    const WatchedCall known = observe::watched_arguments(arch, *nr);
    for (const WatchedArgument& watched : known.arguments()) wait.slots.push_back(watched.slot);
    wait.values.resize(1);  // FUTEX_WAIT is 0
    entry.rule.condition = generalise(wait).condition;
  }

  std::string program_name(uint32_t index) const {
    const RecordedProgram& program = recording_.programs[index];
    if (program.is_launch) return "the launch";
    return program.path.empty() ? "an unknown program" : base::printable(program.path);
  }

  std::string programs_of(const CallProfile& call) const {
    constexpr size_t kShown = 3;
    std::vector<std::string> names;
    for (uint32_t index : call.programs) names.push_back(program_name(index));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
    return text;
  }

  static std::string counts_of(const CallProfile& call) {
    // Thousandths of a second are what a reader can place in a run.
    std::string ms = std::to_string(call.first_seen_ns / 1'000'000);
    return std::to_string(call.count) + (call.count == 1 ? " call" : " calls") + ", first after " + ms + " ms";
  }

  Policy policy_for(std::vector<Arch> arches) {
    Policy policy;
    policy.default_action = options_.default_action;
    KernelVersion since = options_.since.value_or(recording_.kernel);
    policy.since = std::min(since, abi::newest_kernel());
    policy.unknown = NamedAction{{ActionKind::errno_, abi::errno_number("ENOSYS", arches[0]).value_or(38)}, "ENOSYS"};
    if (recording_.start != StartPoint::before_exec) policy.start = recording_.start;
    for (auto& [key, draft] : drafts_) {
      // With one ABI in the policy every name is that ABI's.
      if (arches.size() == 1) draft.rule.target.arch.reset();
      if (options_.comments != Comments::none) draft.rule.comment = comment_of(draft);
      policy.rules.push_back(std::move(draft.rule));
    }
    policy.arches = std::move(arches);
    return policy;
  }

  static std::string comment_of(const Draft& draft) {
    std::string comment;
    for (const std::string& remark : draft.remarks) {
      if (!comment.empty()) comment += "; ";
      comment += remark;
    }
    return comment;
  }

  const Recording& recording_;
  const SynthesiseOptions& options_;
  Profile profile_;
  std::map<Key, Draft> drafts_;
};

}  // namespace

Policy synthesise(const Recording& recording, const SynthesiseOptions& options) {
  return Synthesis(recording, options).run();
}

}  // namespace cordon::learn
