// What a command is started with beside its filters: identity, capabilities, limits, directory, environment.
//
//   LaunchSpec spec{.argv = {"worker"}};
//   spec.setup.identity = ProcessIdentity{.uid = 1000, .gid = 1000, .groups = {}};
//   spec.setup.limits.push_back({7, 1024});                 // RLIMIT_NOFILE
//
// Applied in this order, before Landlock and the filters: namespaces with what is in them, limits (raising one takes
// CAP_SYS_RESOURCE), groups, gid, bounding set, uid, directory (which the command's user has to be able to enter),
// capabilities, securebits, CPUs, personality, ptracer, umask; the context of a security module before all of them. A
// step that fails is told with its errno, and nothing is executed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/base/source.h"
#include "cordon/sandbox/namespaces.h"

namespace cordon {

// All of real, effective and saved. A user that is not 0 gets no capability of the launcher's but those kept.
struct ProcessIdentity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // the supplementary ones
};

// Soft and hard.
struct ProcessLimit {
  unsigned resource = 0;  // abi/resource_limits.h
  uint64_t value = 0;
  Place place = {};  // who asked for it, told when it cannot be set
};

// Written to a file of /proc/thread-self/attr.
struct ExecContext {
  std::string path;
  std::string text;
};

struct ProcessSetup {
  NamespaceSetup namespaces = {};
  std::vector<ProcessLimit> limits = {};
  std::optional<ProcessIdentity> identity = {};
  // Bits by number: every set is reduced to these. With an identity that is not root, and for a user that is not root
  // in a user namespace it enters, those it has there are made ambient, so that the command has them.
  std::optional<uint64_t> kept_capabilities = {};
  // What else becomes of these sets, as far as kept_capabilities leaves it. What is ambient is inheritable too, and the
  // launcher has to have it.
  std::optional<uint64_t> bounding_set = {}, inheritable_set = {}, ambient_set = {};
  uint32_t securebits = 0;        // set beside those that are: abi/securebits.h; takes CAP_SETPCAP
  Place capabilities_place = {};  // who asked for this
  // Where CAP_SETPCAP lacks that set stays as it is; without no_new_privs that is an error all the same.
  bool may_keep_bounding_set = false;
  std::optional<std::string> directory = {};
  std::optional<mode_t> umask = {};
  std::vector<uint64_t> cpus = {};           // bits by number; empty: the launcher's
  std::optional<uint32_t> personality = {};  // flags beside those that are: abi/personalities.h
  std::optional<uint64_t> ptracer = {};      // PR_SET_PTRACER of Yama: a process number, 0 or PR_SET_PTRACER_ANY
  std::optional<ExecContext> context = {};   // of the program that is executed
  std::optional<std::vector<std::string>> environment = {};  // "NAME=VALUE"; not given: the launcher's
};

}  // namespace cordon
