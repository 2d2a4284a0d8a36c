#include "cordon/sandbox/child_namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "cordon/abi/landlock.h"
#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/child.h"
#include "cordon/sandbox/raw_syscall.h"

// Its header does not go together with the kernel's; clone(3) is there in any libc.
extern "C" int clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace cordon::sandbox {
namespace {

constexpr int kHere = AT_FDCWD;
constexpr long kMountSetattr = 442, kOpenat2 = 437, kAddRule = 445, kPidfdOpen = 434;  // the same on every architecture
constexpr unsigned kPathBeneath = 1;

struct [[gnu::packed]] PathBeneath {
  uint64_t rights = 0;
  int32_t parent = -1;
};

long at_path(long nr, const char* path, uint64_t second = 0, uint64_t third = 0) {
  return raw_syscall(nr, static_cast<uint64_t>(kHere), raw_pointer(path), second, third, 0);
}

bool raise_loopback(LaunchReport& report) {
  report.enter(LaunchStep::loopback);
  const long fd = raw_syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0, 0, 0);
  if (report.failed(fd)) return false;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  const long result = raw_syscall(SYS_ioctl, static_cast<uint64_t>(fd), SIOCSIFFLAGS, raw_pointer(&request), 0, 0);
  raw_syscall(SYS_close, static_cast<uint64_t>(fd), 0, 0, 0, 0);
  return !report.failed(result);
}

struct OpenHow {
  uint64_t flags = O_PATH | O_CLOEXEC;
  uint64_t mode = 0;
  uint64_t resolve = 0x04;  // RESOLVE_NO_SYMLINKS
};

// Links were followed when the place was planned. One that is there now would lead out of the tree that is being built,
// and what is to be covered would stay open.
long find_without_links(const char* target) {
  const OpenHow how;
  const long fd =
      raw_syscall(kOpenat2, static_cast<uint64_t>(kHere), raw_pointer(target), raw_pointer(&how), sizeof how, 0);
  if (fd >= 0) raw_syscall(SYS_close, static_cast<uint64_t>(fd), 0, 0, 0, 0);
  return fd < 0 ? fd : 0;
}

long take(const MountStep& step) {
  const char* source = step.source.c_str();
  const char* target = step.target.c_str();
  const bool is_placed = step.kind == MountStep::Kind::mount || step.kind == MountStep::Kind::restrict;
  if (step.is_in_new_tree && is_placed)
    if (const long found = find_without_links(target); found < 0) return found;
  switch (step.kind) {
    case MountStep::Kind::mount:
      return raw_syscall(SYS_mount, raw_pointer(source), raw_pointer(target), raw_pointer(step.type.c_str()),
                         step.flags, raw_pointer(step.options.c_str()));
    case MountStep::Kind::restrict: {
      mount_attr attributes{.attr_set = step.flags, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
      const unsigned flags = step.is_recursive ? AT_RECURSIVE : 0;
      return raw_syscall(kMountSetattr, static_cast<uint64_t>(kHere), raw_pointer(target), flags,
                         raw_pointer(&attributes), sizeof attributes);
    }
    case MountStep::Kind::directory: {
      const long result = at_path(SYS_mkdirat, target, 0755);
      return result == -EEXIST ? 0 : result;
    }
    case MountStep::Kind::file: {
      const long result = at_path(SYS_mknodat, target, S_IFREG | 0644);
      return result == -EEXIST ? 0 : result;
    }
    case MountStep::Kind::link:
      return raw_syscall(SYS_symlinkat, raw_pointer(source), static_cast<uint64_t>(kHere), raw_pointer(target), 0, 0);
    case MountStep::Kind::pivot: return raw_syscall(SYS_pivot_root, raw_pointer(target), raw_pointer(source), 0, 0, 0);
    case MountStep::Kind::unmount: return raw_syscall(SYS_umount2, raw_pointer(target), MNT_DETACH, 0, 0, 0);
    case MountStep::Kind::enter: return raw_syscall(SYS_chdir, raw_pointer(target), 0, 0, 0, 0);
  }
  return -EINVAL;
}

bool make_mounts(const ChildNamespaces& namespaces, LaunchReport& report) {
  report.enter(LaunchStep::mounts);
  const long mask = raw_syscall(SYS_umask, 0, 0, 0, 0, 0);
  for (size_t i = 0; i < namespaces.mount_count; ++i) {
    report.index.store(static_cast<uint32_t>(i));
    if (report.failed(take(namespaces.mounts[i]))) return false;
  }
  raw_syscall(SYS_umask, static_cast<uint64_t>(mask), 0, 0, 0, 0);
  return true;
}

bool return_to_directory(const ChildNamespaces& namespaces, LaunchReport& report) {
  if (namespaces.directory == nullptr) return true;
  report.enter(LaunchStep::tree_directory);
  const long result = raw_syscall(SYS_chdir, raw_pointer(namespaces.directory), 0, 0, 0, 0);
  if (result < 0) report.directory_lost.store(1);
  return !namespaces.needs_directory || !report.failed(result);
}

long add_grant(const ChildGrant& grant) {
  const long file = at_path(SYS_openat, grant.path, O_PATH | O_CLOEXEC);
  if (file < 0) return file;
  struct statx status {};
  long result = raw_syscall(SYS_statx, static_cast<uint64_t>(file), raw_pointer(""), AT_EMPTY_PATH, STATX_TYPE,
                            raw_pointer(&status));
  PathBeneath rule{.rights = grant.rights, .parent = static_cast<int32_t>(file)};
  if (!S_ISDIR(status.stx_mode)) rule.rights &= abi::landlock::kOfPlainFiles;
  if (result >= 0)
    result = rule.rights == 0
                 ? -ENOTDIR
                 : raw_syscall(kAddRule, static_cast<uint64_t>(grant.ruleset), kPathBeneath, raw_pointer(&rule), 0, 0);
  raw_syscall(SYS_close, static_cast<uint64_t>(file), 0, 0, 0, 0);
  return result;
}

bool add_grants(const ChildNamespaces& namespaces, LaunchReport& report) {
  report.enter(LaunchStep::grants);
  for (size_t i = 0; i < namespaces.grant_count; ++i) {
    report.index.store(static_cast<uint32_t>(i));
    if (report.failed(add_grant(namespaces.grants[i]))) return false;
  }
  return true;
}

// The kernel notes the end in its lock; where it was not told of that lock yet, only poll(2) sees the end.
bool has_ended(const LaunchReport& report) {
  if (report.has_left()) return true;
  timespec now{};
  pollfd process{.fd = report.made_pidfd.load(), .events = POLLIN, .revents = 0};
  return raw_syscall(SYS_ppoll, raw_pointer(&process), 1, raw_pointer(&now), 0, 0) > 0;
}

// `from`: whose end ends the waiting; 0: nobody's. `command`: so does the end of the process it tells of.
bool await(std::atomic<uint32_t>& word, uint32_t value, int32_t from, const LaunchReport* command = nullptr) {
  constexpr int kTries = 600;  // a minute
  constexpr timespec kLookAgain{.tv_sec = 0, .tv_nsec = 100'000'000};
  for (int i = 0; i < kTries && word.load() == value; ++i) {
    if (from != 0 && raw_syscall(SYS_getppid, 0, 0, 0, 0, 0) != from) break;
    if (command != nullptr && has_ended(*command)) break;
    raw_syscall(SYS_futex, raw_pointer(&word), 0 /* FUTEX_WAIT */, value, raw_pointer(&kLookAgain), 0);
  }
  return word.load() != value;
}

void leave(int status) {
  raw_syscall(SYS_exit_group, static_cast<uint64_t>(status), 0, 0, 0, 0);
  raw_trap();
}

// The first process of the pid namespace, with memory and descriptors of its own. It is in nobody's way: what the
// namespace's processes send it does nothing, orphans are reaped by the kernel as it ignores their ends, and when the
// command is over the kernel ends with it all that is left.
void reap(LaunchReport& report) {
  constexpr uint64_t kCommand = 2;                                           // the second process of the namespace
  constexpr uint64_t kIgnored[] = {1, 0, 0, 0}, kStandard[] = {0, 0, 0, 0};  // the kernel's struct sigaction
  for (unsigned signal = 1; signal <= 64; ++signal)
    raw_syscall(SYS_rt_sigaction, signal, raw_pointer(signal == SIGCHLD ? kIgnored : kStandard), 0, 8, 0);
  raw_syscall(SYS_close_range, 0, ~0U, 0, 0, 0);
  raw_syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);   // it has the launcher's environment and memory, as a copy
  raw_syscall(SYS_chdir, raw_pointer("/"), 0, 0, 0, 0);  // so that it follows the command to its new root
  if (await(report.made, LaunchReport::kNothing, 0)) {
    pollfd command{
        .fd = static_cast<int>(raw_syscall(kPidfdOpen, kCommand, 0, 0, 0, 0)), .events = POLLIN, .revents = 0};
    long result = -EINTR;
    while (result == -EINTR && command.fd >= 0) result = raw_syscall(SYS_ppoll, raw_pointer(&command), 1, 0, 0, 0);
    // Where a filter above denies that, looking again and again has to do.
    constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 10'000'000};
    while (result < 0 && raw_syscall(SYS_kill, kCommand, 0, 0, 0, 0) == 0 &&
           raw_syscall(SYS_nanosleep, raw_pointer(&kPause), 0, 0, 0, 0) >= 0) {
    }
  }
  leave(0);
  raw_trap();
}

// Of its parent, who is the launcher; nobody is told of its end.
bool start_reaper(LaunchReport& report) {
  int pidfd = -1;
  const long pid = raw_syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD, 0, raw_pointer(&pidfd), 0, 0);
  if (pid == 0) reap(report);
  if (report.failed(pid)) return false;
  report.reaper_pidfd.store(pidfd);
  return true;
}

// Its number, or what is below 1.
long make_command(ChildPlan& plan) {
  LaunchReport& report = *plan.report;
  report.enter(LaunchStep::maker);
  int pidfd = -1;
  // The one function of libc's here: on the way it touches nothing but the stack it is given.
  const int pid = clone(run_child, plan.stack_top, plan.clone_flags | CLONE_PARENT, &plan, &pidfd);
  if (report.failed(pid < 0 ? -EAGAIN : pid)) return -1;
  report.made_pidfd.store(pidfd);
  report.made.store(static_cast<uint32_t>(pid));
  raw_syscall(SYS_futex, raw_pointer(&report.made), 1 /* FUTEX_WAKE */, ~0U >> 1, 0, 0);
  return pid;
}

}  // namespace

bool enter_namespaces(const ChildNamespaces& namespaces, LaunchReport& report) {
  report.enter(LaunchStep::join);
  if (namespaces.joined != 0 && report.failed(raw_syscall(SYS_setns, static_cast<uint64_t>(namespaces.joined_process),
                                                          namespaces.joined, 0, 0, 0)))
    return false;
  report.enter(LaunchStep::namespaces);
  return namespaces.unshared == 0 || !report.failed(raw_syscall(SYS_unshare, namespaces.unshared, 0, 0, 0, 0));
}

bool furnish_namespaces(const ChildNamespaces& namespaces, LaunchReport& report) {
  report.enter(LaunchStep::hostname);
  if (namespaces.hostname != nullptr &&
      report.failed(raw_syscall(SYS_sethostname, raw_pointer(namespaces.hostname), namespaces.hostname_size, 0, 0, 0)))
    return false;
  if (namespaces.has_new_net && !raise_loopback(report)) return false;
  return make_mounts(namespaces, report) && return_to_directory(namespaces, report) && add_grants(namespaces, report);
}

int run_maker(void* argument) {
  ChildPlan& plan = *static_cast<ChildPlan*>(argument);
  LaunchReport& report = *plan.report;
  const ChildNamespaces& namespaces = plan.setup.namespaces;
  if (!enter_cgroup(plan)) leave(1);
  report.enter(LaunchStep::maker);
  // Whoever is to write the maps may be ended first.
  if (plan.is_mapped &&
      (!await(report.mapped, LaunchReport::kNothing, plan.opener) || report.mapped.load() != LaunchReport::kMapped))
    leave(1);
  if (!enter_namespaces(namespaces, report)) leave(1);
  if ((namespaces.unshared & abi::kPidNamespace) != 0 && !start_reaper(report)) leave(1);
  const long command = make_command(plan);
  // A command that waits for a launcher that is not there any more would wait for ever.
  if (command > 0 && plan.gated && plan.opener != 0 &&
      (!await(report.bound, LaunchReport::kNothing, plan.opener, &report) ||
       raw_syscall(SYS_getppid, 0, 0, 0, 0, 0) != plan.opener))
    raw_syscall(SYS_kill, static_cast<uint64_t>(command), SIGKILL, 0, 0, 0);
  leave(command > 0 ? 0 : 1);
  return 0;
}

}  // namespace cordon::sandbox
