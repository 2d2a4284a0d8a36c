#include "cordon/sandbox/child_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cordon/sandbox/child.h"
#include "cordon/sandbox/child_capabilities.h"
#include "cordon/sandbox/raw_syscall.h"

namespace cordon::sandbox {
namespace {

struct KernelLimit {
  uint64_t soft = 0;
  uint64_t hard = 0;
};

bool apply_limits(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::limits);
  for (size_t i = 0; i < setup.limit_count; ++i) {
    report.index.store(static_cast<uint32_t>(i));
    const KernelLimit limit{.soft = setup.limits[i].value, .hard = setup.limits[i].value};
    if (report.failed(raw_syscall(SYS_prlimit64, 0, setup.limits[i].resource, raw_pointer(&limit), 0, 0))) return false;
  }
  return true;
}

bool become_group(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::groups);
  if (!setup.keeps_groups &&
      report.failed(raw_syscall(SYS_setgroups, setup.group_count, raw_pointer(setup.groups), 0, 0, 0)))
    return false;
  report.enter(LaunchStep::gid);
  return !report.failed(raw_syscall(SYS_setresgid, setup.gid, setup.gid, setup.gid, 0, 0));
}

bool become_user(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::uid);
  if (setup.keeps_over_setuid && report.failed(raw_syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0))) return false;
  return !report.failed(raw_syscall(SYS_setresuid, setup.uid, setup.uid, setup.uid, 0, 0));
}

bool set_traits(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::affinity);
  if (setup.cpu_bytes > 0 &&
      report.failed(raw_syscall(SYS_sched_setaffinity, 0, setup.cpu_bytes, raw_pointer(setup.cpus), 0, 0)))
    return false;
  report.enter(LaunchStep::personality);
  if (setup.has_personality && report.failed(raw_syscall(SYS_personality, setup.personality, 0, 0, 0, 0))) return false;
  report.enter(LaunchStep::ptracer);
  return !setup.has_ptracer || !report.failed(raw_syscall(SYS_prctl, PR_SET_PTRACER, setup.ptracer, 0, 0, 0));
}

}  // namespace

// The task has to write this itself.
bool set_exec_context(const ChildSetup& setup, LaunchReport& report) {
  if (setup.context_size == 0) return true;
  report.enter(LaunchStep::context);
  const long fd = raw_syscall(SYS_openat, static_cast<uint64_t>(AT_FDCWD), raw_pointer(setup.context_path),
                              O_WRONLY | O_CLOEXEC, 0, 0);
  if (report.failed(fd)) return false;
  const long written =
      raw_syscall(SYS_write, static_cast<uint64_t>(fd), raw_pointer(setup.context), setup.context_size, 0, 0);
  raw_syscall(SYS_close, static_cast<uint64_t>(fd), 0, 0, 0, 0);
  const bool is_whole = written == static_cast<long>(setup.context_size);
  return !report.failed(written >= 0 && !is_whole ? -EIO : written);
}

bool apply_setup(const ChildSetup& setup, LaunchReport& report) {
  if (!furnish_namespaces(setup.namespaces, report)) return false;
  if (!apply_limits(setup, report)) return false;
  if (setup.has_identity && !become_group(setup, report)) return false;
  if (setup.reduces_bounding_set && !reduce_bounding_set(setup, report)) return false;
  if (setup.has_identity && !become_user(setup, report)) return false;
  report.enter(LaunchStep::directory);
  if (setup.directory != nullptr && report.failed(raw_syscall(SYS_chdir, raw_pointer(setup.directory), 0, 0, 0, 0)))
    return false;
  if (!set_capabilities(setup, report)) return false;
  if (!set_traits(setup, report)) return false;
  if (setup.has_umask) raw_syscall(SYS_umask, setup.umask, 0, 0, 0, 0);
  return true;
}

}  // namespace cordon::sandbox
