#include "cordon/sandbox/launch_errors.h"

#include <errno.h>
#include <signal.h>

#include "cordon/base/text.h"
#include "cordon/sandbox/namespace_errors.h"

namespace cordon::sandbox {
namespace {

std::string filter_words(const FailedStep& failed) {
  std::string words = "install the filter";
  if (failed.filter_count > 1)
    words = "install filter " + std::to_string(failed.filter + 1) + " of " + std::to_string(failed.filter_count);
  return words + " (" + std::to_string(failed.filter_size) + " instructions)";
}

Diagnostic exec_error(const FailedStep& failed) {
  Diagnostic diagnostic = system_error("execute '" + base::printable(failed.path) + "'", failed.error);
  bool is_missing = failed.error == ENOENT || failed.error == ENOTDIR;
  diagnostic.code = is_missing ? "not-found" : "not-executable";
  if (is_missing) diagnostic.hint = "the file is there: its interpreter or loader is not";
  if (failed.is_confined && !is_missing)
    diagnostic.hint = "the command's user and capabilities, and the lines about files, have to let it be executed";
  else if (failed.filter_count > 0 && !is_missing)
    diagnostic.hint = "either the file, or the policy itself answers execve so: see 'cordon test POLICY execve'";
  return diagnostic;
}

Diagnostic landlock_error(int error) {
  const char* cure = "";
  switch (error) {
    case EPERM: cure = "set no_new_privs, or have CAP_SYS_ADMIN in the user namespace"; break;
    case E2BIG:
      cure = "a process may be under 16 layers of Landlock: put the lines of several policies into one";
      break;
    case ENOSYS: cure = "a filter above this process denies landlock_restrict_self(2)"; break;
    default: break;
  }
  return system_error("enter the Landlock domain", error, cure);
}

Diagnostic context_error(const FailedStep& failed) {
  const char* cure = "";
  switch (failed.error) {
    case EINVAL: cure = "the security module does not know it, or none is enabled that takes one"; break;
    case ENOENT: cure = "no such profile is loaded, or the kernel has not this module"; break;
    case EACCES:
    case EPERM:
      cure = "the module's own policy has to let cordon change to it; under no_new_privs only to what has fewer rights";
      break;
    default: break;
  }
  return system_error("set the context '" + base::printable(failed.what) + "' for the command", failed.error, cure);
}

Diagnostic setup_error(const FailedStep& failed) {
  const bool is_refused = failed.error == EPERM;
  const std::string unmapped = failed.error == EINVAL ? "the number is not mapped in this user namespace" : "";
  switch (failed.step) {
    case LaunchStep::limits:
      return system_error("set the limit '" + failed.what + "'", failed.error,
                          is_refused ? "raising a hard limit needs CAP_SYS_RESOURCE; nofile ends at fs.nr_open" : "");
    case LaunchStep::groups:
      return system_error("set the command's groups", failed.error,
                          is_refused ? "it needs CAP_SETGID, and a user namespace that allows setgroups(2)" : unmapped);
    case LaunchStep::gid:
      return system_error("set the command's group", failed.error, is_refused ? "it needs CAP_SETGID" : unmapped);
    case LaunchStep::uid:
      return system_error("set the command's user", failed.error, is_refused ? "it needs CAP_SETUID" : unmapped);
    case LaunchStep::bounding_set:
      return system_error(
          "drop capabilities from the bounding set", failed.error,
          is_refused ? "it needs CAP_SETPCAP; under no_new_privs --best-effort caps leaves that set as it is" : "");
    case LaunchStep::directory:
      return system_error("enter the directory '" + base::printable(failed.what) + "'", failed.error,
                          failed.error == EACCES ? "the command's user must be able to" : "");
    case LaunchStep::ambient:
      return system_error(
          "make the capability '" + failed.what + "' ambient", failed.error,
          is_refused ? "cordon has to have it, and securebits (no_cap_ambient_raise) may forbid it" : "");
    case LaunchStep::securebits:
      return system_error(
          "set the securebits", failed.error,
          is_refused ? "it needs CAP_SETPCAP, a kernel that knows them (exec_*: 6.14), and none locked" : "");
    case LaunchStep::affinity:
      return system_error("bind the command to its CPUs", failed.error,
                          failed.error == EINVAL ? "none of them is among those its cpuset lets it use" : "");
    case LaunchStep::personality: return system_error("set the command's personality", failed.error);
    case LaunchStep::ptracer:
      return system_error(
          "name who may trace the command", failed.error,
          failed.error == EINVAL ? "there is no such process (any more), or this kernel has no Yama" : "");
    case LaunchStep::context: return context_error(failed);
    default: break;
  }
  return system_error(
      "reduce the command's capabilities", failed.error,
      is_refused ? "what it is to inherit cordon has to have; a filter above this process may deny it, too" : "");
}

}  // namespace

Diagnostic install_error(const FailedStep& failed) {
  Diagnostic diagnostic = system_error(filter_words(failed), failed.error);
  switch (failed.error) {
    case EACCES: diagnostic.hint = "set no_new_privs, or have CAP_SYS_ADMIN in the user namespace"; break;
    case EINVAL:
      diagnostic.hint =
          "the kernel does not know one of the filter's flags (WAIT_KILLABLE_RECV: 5.19, "
          "NEW_LISTENER: 5.0), or the process is in strict mode";
      break;
    case ENOMEM:
      diagnostic.hint =
          "all filters of a process together may have 32768 instructions in the kernel's "
          "inner form: merge the stacked policies or shorten them";
      break;
    case EBUSY:
      diagnostic.code = "listener-busy";
      diagnostic.hint = "a filter above this process has a listener already, and there can be only one";
      break;
    case EMFILE:
      diagnostic.hint =
          "explaining takes a descriptor, and the limit nofile leaves none: raise it, or use --no-listener or --exec";
      break;
    case ESRCH: diagnostic.hint = "TSYNC: another thread has a filter of its own or is in strict mode"; break;
    case ENOSYS:
      diagnostic.hint = "this kernel has no seccomp(2) (3.17), or a filter above this process denies it";
      break;
    case EPERM:
      diagnostic.hint = failed.filter > 0 ? "an earlier filter of the stack denies seccomp(2): put it last"
                                          : "a filter above this process denies seccomp(2)";
      break;
    default: break;
  }
  return diagnostic;
}

Diagnostic describe_death(const FailedStep& failed) {
  Diagnostic diagnostic;
  diagnostic.code = "not-started";
  diagnostic.message = "'" + base::printable(failed.path) + "' was never executed: the new process was ended by " +
                       (failed.ended_by_signal ? "signal " : "status ") + std::to_string(failed.status);
  if (!failed.ended_by_signal || failed.status != SIGSYS) return diagnostic;
  diagnostic.hint = failed.step == LaunchStep::exec
                        ? "the policy does not let the process execute anything: allow execve, or use --start exec"
                        : "an earlier filter of the stack does not allow seccomp(2): put it last";
  return diagnostic;
}

namespace {

Diagnostic describe_step(const FailedStep& failed) {
  switch (failed.step) {
    case LaunchStep::maker:
    case LaunchStep::join:
    case LaunchStep::namespaces:
    case LaunchStep::hostname:
    case LaunchStep::loopback:
    case LaunchStep::mounts:
    case LaunchStep::tree_directory:
    case LaunchStep::grants: return namespace_error(failed);
    case LaunchStep::limits:
    case LaunchStep::groups:
    case LaunchStep::gid:
    case LaunchStep::bounding_set:
    case LaunchStep::uid:
    case LaunchStep::directory:
    case LaunchStep::capabilities:
    case LaunchStep::ambient:
    case LaunchStep::securebits:
    case LaunchStep::affinity:
    case LaunchStep::personality:
    case LaunchStep::ptracer:
    case LaunchStep::context: return setup_error(failed);
    case LaunchStep::landlock: return landlock_error(failed.error);
    case LaunchStep::filter: return install_error(failed);
    case LaunchStep::exec: return exec_error(failed);
    case LaunchStep::no_new_privs: return system_error("set no_new_privs", failed.error, "Linux 3.5 has it");
    case LaunchStep::cgroup:
      return system_error(
          "put the command into its cgroup", failed.error,
          failed.error == EACCES || failed.error == EPERM
              ? "cgroup.procs has to be writable in the group above both this process's and the command's"
              : "");
    case LaunchStep::signals: return system_error("set the command's signal mask", failed.error);
    case LaunchStep::watch: return system_error("watch the new process", failed.error);
    case LaunchStep::ready:
      return system_error("make a ready sandbox", failed.error,
                          failed.error == EBADF ? "the limit nofile has to be over 16" : "");
    case LaunchStep::session: return system_error("give the command a session of its own", failed.error);
    case LaunchStep::start:
    case LaunchStep::gate: break;
  }
  return system_error("start the new process", failed.error);
}

}  // namespace

Diagnostic describe(const FailedStep& failed) {
  Diagnostic problem = describe_step(failed);
  if (!failed.place.file.empty()) problem.place = failed.place;
  return problem;
}

}  // namespace cordon::sandbox
