// The file system a command sees: what of the host's is mounted where, and what is its own.
//
//   MountSetup setup{.root = MountSetup::Root::read_only};
//   setup.mounts.push_back({MountRule::Kind::write, "/srv/data", "/data"});
//   setup.mounts.push_back({MountRule::Kind::tmp, {}, "/tmp"});
//   Result<std::vector<MountStep>> steps = sandbox::plan_mounts(setup);
//
// The new tree is built beside the old one and then takes its place; the old one is gone for the command. Where nothing
// is to differ it stays where it is, closed to what the host mounts later. It needs a mount namespace of its own. Rules
// are about places, not about an order: what lies deeper is mounted later. Nothing is made in the host's directories: a
// place to mount on has to be there, except where the tree above it is the command's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/base/source.h"

namespace cordon {

struct MountRule {
  enum class Kind : uint8_t {
    read,   // the host's `source` at `target`, with all that is mounted in it, read-only
    write,  // the same as it is
    tmp,    // an empty directory in memory, for everybody to write
    proc,   // of the command's pid namespace
    dev     // null zero full random urandom tty, terminals of its own, shm
  };
  Kind kind = Kind::read;
  std::string source = {};  // absolute and resolved; read and write only
  std::string target = {};  // absolute
  Place place = {};
};

struct MountSetup {
  enum class Root : uint8_t {
    kept,       // the host's tree as it is
    read_only,  // the same, all of it read-only
    empty,      // nothing but what the rules mount; read-only
    directory   // `root_directory`, as it is
  };
  Root root = Root::kept;
  std::string root_directory = {};  // absolute and resolved
  std::vector<MountRule> mounts = {};
};

// One thing the child does; made before the clone.
struct MountStep {
  enum class Kind : uint8_t {
    mount,
    restrict,   // mount_setattr(2) sets `flags`; recursively where `is_recursive`
    directory,  // mkdir; one that is there will do
    file,       // the same
    link,       // a symbolic link to `source`
    pivot,      // `target` becomes the root, and the old root goes to `source`
    unmount,    // lazily
    enter       // chdir
  };
  Kind kind = Kind::mount;
  std::string source = {};
  std::string target = {};
  std::string type = {};        // of a file system
  std::string options = {};     // of it
  bool is_in_new_tree = false;  // `target` is, which is being built still
  uint64_t flags = 0;
  bool is_recursive = false;
  size_t rule = SIZE_MAX;  // in MountSetup::mounts; SIZE_MAX: none
};

namespace sandbox {

// Errors for two rules at one place, and for sources that are not there.
Result<std::vector<MountStep>> plan_mounts(const MountSetup& setup);

}  // namespace sandbox
}  // namespace cordon
