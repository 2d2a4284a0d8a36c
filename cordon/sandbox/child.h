// What runs between the clone and the exec: the only code of the new process that is cordon's.
//
// It allocates nothing, calls no libc, changes no descriptor (the table is the parent's) and reports
// through a page both can see. After the last filter it makes no call but execve, and exit if that failed.
#pragma once

#include <linux/filter.h>
#include <linux/futex.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cordon/sandbox/child_setup.h"

namespace cordon::sandbox {

enum class LaunchStep : uint32_t {
  start,
  signals,
  cgroup,
  maker,
  join,
  namespaces,
  watch,
  no_new_privs,
  gate,
  context,
  hostname,
  loopback,
  mounts,
  tree_directory,
  grants,
  limits,
  groups,
  gid,
  bounding_set,
  uid,
  directory,
  capabilities,
  ambient,
  securebits,
  affinity,
  personality,
  ptracer,
  landlock,
  ready,
  session,
  filter,
  exec
};

// In memory both sides see. `lock` is a robust futex the child holds: the kernel lets go of it (and wakes
// the parent) when the child leaves its first program by exec or by death, without a call of the child
// (futex_exec_release; exec_mm_release before 5.5).
struct LaunchReport {
  robust_list_head robust{};
  robust_list robust_entry{};
  std::atomic<uint32_t> lock{0};
  static constexpr uint32_t kClosed = 0, kOpen = 1, kRefused = 2;
  std::atomic<uint32_t> gate{kClosed};  // a gated child waits here
  std::atomic<int32_t> tracer{0};       // pid of a tracer that is no relative; it waits until `gate_reached`
  std::atomic<uint32_t> gate_reached{0};
  std::atomic<uint32_t> step{0};
  std::atomic<int32_t> error{0};   // of `step`; 0: not failed
  std::atomic<uint32_t> index{0};  // of the filter, the ruleset, the limit, the capability, the mount or the grant
  std::atomic<int32_t> listener{-1};
  std::atomic<uint32_t> directory_lost{0};  // it is not in the command's tree, which starts in "/"
  // Between the launcher and the maker (child_namespaces.h).
  static constexpr uint32_t kNothing = 0;
  static constexpr uint32_t kMapped = 1, kUnmapped = 2;
  std::atomic<uint32_t> mapped{kNothing};  // the maker's user namespace has its maps, or will not get them
  std::atomic<uint32_t> made{kNothing};    // the command's process, as the launcher numbers it
  std::atomic<int32_t> made_pidfd{-1}, reaper_pidfd{-1};
  std::atomic<uint32_t> bound{kNothing};  // the command's process would not outlive the launcher

  LaunchStep current_step() const { return static_cast<LaunchStep>(step.load()); }
  void enter(LaunchStep next) { step.store(static_cast<uint32_t>(next)); }
  // Notes what a raw call of the current step answered.
  bool failed(long result) {
    if (result >= 0) return false;
    error.store(static_cast<int32_t>(-result));
    return true;
  }
  bool has_left() const { return (lock.load() & FUTEX_OWNER_DIED) != 0; }
};

struct ReadyPlan;  // ready_child.h

struct ChildFilter {
  sock_fprog program{};
  uint32_t flags = 0;
};

// Everything the child needs, prepared by the parent.
struct ChildPlan {
  LaunchReport* report = nullptr;
  const char* path = nullptr;
  char* const* argv = nullptr;
  char* const* shell_argv = nullptr;  // {"/bin/sh", path, argv[1]…}: a file without a known format, as execvp
  char* const* environment = nullptr;
  ChildSetup setup;
  const int* rulesets = nullptr;  // of Landlock; nobody closes them before the exec does
  size_t ruleset_count = 0;
  uint32_t ruleset_flags = 0;  // of landlock_restrict_self(2)
  const ChildFilter* filters = nullptr;
  size_t filter_count = 0;
  int cgroup = -1;                    // where the process enters a cgroup; nobody closes it before the exec does
  uint64_t signal_mask = 0;           // the command's
  bool ignores_child_signal = false;  // the command; the parent does not, meanwhile
  bool no_new_privs = true;
  bool listener = false;
  bool gated = false;
  int32_t opener = 0;  // the parent's process number, where it is the parent who opens the gate; else 0
  void* stack_top = nullptr;
  int clone_flags = 0;             // of the child
  uint64_t cloned_namespaces = 0;  // flags of the first clone: of the maker, or the child
  bool has_maker = false;
  bool is_mapped = false;  // into a new user namespace: it goes on when its maps are there
  const ReadyPlan* ready =
      nullptr;  // not one program, but a process that starts others: no filters, no exec of its own
};

// The new process's first function (clone(2)); `plan` is a ChildPlan.
int run_child(void* plan);

// The same steps in the calling process, which has to be single-threaded as far as filters go. Returns
// only if a step failed; the report says which.
void become(const ChildPlan& plan);

// Its first step but for signals, of the maker where there is one: what it starts is in the group too.
bool enter_cgroup(const ChildPlan& plan);

// The steps by themselves, for a process that starts others.
bool install_filters(const ChildPlan& plan);
// Returns if it failed.
void execute(const ChildPlan& plan, const char* path, char* const* argv, char* const* shell_argv,
             char* const* environment);

}  // namespace cordon::sandbox
