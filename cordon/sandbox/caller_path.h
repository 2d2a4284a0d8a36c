// A caller's path, resolved as the caller would, for a supervisor that acts on what it finds.
//
//   const CallerPath path = find_path(caller, {.directory = AT_FDCWD, .path = "data/f"});
//   const Fd found(open_at(path.from.get(), path.path, O_PATH, 0, path.resolve));
//   if (is_listed(grants, path_of(found.get()))) …         // act on `found`, by its descriptor
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/sandbox/caller.h"

namespace cordon::sandbox {

// As the caller says it.
struct PathWords {
  int directory = 0;  // AT_FDCWD, or a descriptor
  std::string path;
  uint64_t resolve = 0;  // openat2's RESOLVE_*
};

// Where it begins, a path from there, and how to resolve that. In another root than this process's, everything is said
// from that root.
struct CallerPath {
  Fd from;
  std::string path;
  uint64_t resolve = 0;
  int error = 0;  // EACCES: it cannot be resolved from here, the caller sees other mounts, or begins in some
};
CallerPath find_path(const Caller& caller, const PathWords& words);

// openat2(2), closed on exec and without magic links; -1 and errno.
int open_at(int directory, const std::string& path, uint64_t flags, mode_t mode, uint64_t resolve);

// The place of a file that is to be made.
struct NewName {
  Fd directory;
  std::string name;
  std::string path;  // by the directory's real path; empty in /proc
  int error = 0;
};
NewName find_new_name(const CallerPath& path);

// While it lives files are made with a caller's mask, and not with this process's own.
class LentMask {
 public:
  explicit LentMask(mode_t mask) : own_(umask(mask)) {}
  LentMask(const LentMask&) = delete;
  LentMask& operator=(const LentMask&) = delete;
  ~LentMask() { umask(own_); }

 private:
  mode_t own_;
};

// One of these paths, or beneath one.
bool is_listed(const std::vector<std::string>& list, const std::string& path);

}  // namespace cordon::sandbox
