#include "cordon/sandbox/namespace_errors.h"

#include <errno.h>

#include <algorithm>

#include "cordon/abi/namespaces.h"
#include "cordon/base/text.h"

namespace cordon::sandbox {
namespace {

// "user, mount and pid"
std::string names_of(uint64_t flags) {
  std::vector<std::string_view> names;
  for (const abi::NamespaceKind& kind : abi::kNamespaces)
    if ((flags & kind.flag) != 0) names.push_back(kind.name);
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += std::string(i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + std::string(names[i]);
  return text;
}

std::string cure_of(int error, uint64_t flags) {
  const bool has_user = (flags & abi::kUserNamespace) != 0;
  switch (error) {
    case EPERM:
      return has_user ? "user namespaces are denied to this user (kernel.unprivileged_userns_clone, "
                        "kernel.apparmor_restrict_unprivileged_userns), or by a filter above this process"
                      : "it needs CAP_SYS_ADMIN, or a user namespace beside: --unshare user";
    case ENOSPC: return "there are as many already as user.max_*_namespaces lets be, or 32 within each other";
    case EINVAL: return "this kernel was built without one of them: see 'cordon doctor'";
    case ENOSYS: return "a filter above this process denies it";
    default: return {};
  }
}

std::string mount_words(const MountStep& step) {
  const auto quoted = [](const std::string& text) { return "'" + base::printable(text) + "'"; };
  // As the command will see it.
  const std::string place = quoted(step.target.starts_with("/new") && step.target.size() > 4 ? step.target.substr(4)
                                   : step.target == "/new"                                   ? "/"
                                                                                             : step.target);
  const std::string source = quoted(step.source.starts_with("/old/") ? step.source.substr(4) : step.source);
  switch (step.kind) {
    case MountStep::Kind::mount:
      if (step.source.empty()) return "keep mounts from the host";
      return "mount " + (step.source == "/old" ? "the host's tree" : source) + " at " + place;
    case MountStep::Kind::restrict: return "make " + place + " read-only";
    case MountStep::Kind::directory: return "make the directory " + place;
    case MountStep::Kind::file: return "make the file " + place;
    case MountStep::Kind::link: return "make the link " + place;
    case MountStep::Kind::pivot: return "change the root of the file system";
    case MountStep::Kind::unmount: return "let go of the host's tree";
    case MountStep::Kind::enter: return "enter " + place;
  }
  return "mount";
}

std::string mount_cure(const MountStep& step, int error) {
  const bool is_mount = step.kind == MountStep::Kind::mount;
  if (is_mount && error == ENOENT && step.rule != SIZE_MAX)
    return "the place has to be there: nothing is made in the host's directories";
  if (error == ELOOP)
    return "a link on the way leads nowhere, or out of the command's tree: name the place it stands for";
  if (is_mount && error == ENOTDIR) return "a file is mounted on a file, a directory on a directory";
  if (is_mount && error == EPERM && step.type == "proc")
    return "it needs a pid namespace beside (--unshare pid), and a /proc outside of which nothing is hidden";
  if (step.kind == MountStep::Kind::restrict && error == ENOSYS) return "mount_setattr(2) came with Linux 5.12";
  if (step.kind == MountStep::Kind::pivot && error == EINVAL)
    return "the root this process has is no mount: an initramfs, or a chroot";
  return {};
}

}  // namespace

Diagnostic cannot_clone(int error, const ChildPlan& plan) {
  if (plan.cloned_namespaces == 0) return system_error("create a process", error);
  return system_error("make namespaces (" + names_of(plan.cloned_namespaces) + ")", error,
                      cure_of(error, plan.cloned_namespaces));
}

Diagnostic cannot_map(int error, const NamespaceSetup& namespaces) {
  std::string cure;
  const bool maps_root = std::any_of(namespaces.uids.begin(), namespaces.uids.end(),
                                     [](const IdRange& range) { return range.outside == 0; });
  if (error == EPERM)
    cure = maps_root && namespaces.may_set_groups
               ? "to map user 0 of outside takes CAP_SETFCAP too (5.12), and that 0 is this user's to give away"
           : namespaces.may_set_groups ? "the numbers outside have to be mapped here, and be this user's to give away"
                                       : "without CAP_SETUID and CAP_SETGID only the own user and group can be mapped";
  if (error == EINVAL) cure = "ranges must not overlap, and outside has to be mapped in this user namespace";
  if (error == ENOENT) cure = "it is written in /proc, which has to be mounted";
  if (error == EACCES)
    cure =
        "files of /proc are closed to this user where cordon has more rights by its file (set-user-ID, capabilities), "
        "or a security module denies it";
  return system_error("map users and groups into the new user namespace", error, std::move(cure));
}

Diagnostic namespace_error(const FailedStep& failed) {
  switch (failed.step) {
    case LaunchStep::join:
      return system_error("join namespaces (" + names_of(failed.namespaces) + ")", failed.error,
                          failed.error == EPERM ? "it needs CAP_SYS_ADMIN here and where they belong to" : "");
    case LaunchStep::namespaces:
      return system_error("make namespaces (" + names_of(failed.namespaces) + ")", failed.error,
                          cure_of(failed.error, failed.namespaces));
    case LaunchStep::hostname: return system_error("set the host's name", failed.error);
    case LaunchStep::loopback: return system_error("start the loopback device", failed.error);
    case LaunchStep::mounts:
      if (failed.mount != nullptr)
        return system_error(mount_words(*failed.mount), failed.error, mount_cure(*failed.mount, failed.error));
      break;
    case LaunchStep::tree_directory:
      return system_error("come back to the working directory", failed.error,
                          "the command's tree does not have it: --chdir / or another");
    case LaunchStep::grants:
      return system_error("grant '" + base::printable(failed.what) + "' in the command's own tree", failed.error,
                          failed.error == ENOENT    ? "what is mounted there has to hold it"
                          : failed.error == ENOTDIR ? "the line is about directories"
                                                    : "");
    default: break;
  }
  return system_error("start the process that makes the command's", failed.error);
}

}  // namespace cordon::sandbox
