// The thread behind a notification as a place to act from: its root, its directories, its file creation mask.
//
//   Caller caller(notification.tid);
//   Fd base = caller.directory(AT_FDCWD);
//   if (!listener.is_valid(notification.id)) …       // it may have been another thread's
//
// All of it goes through one descriptor of /proc/TID, which never comes to mean another thread.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "cordon/base/fd.h"

namespace cordon::sandbox {

class Caller {
 public:
  explicit Caller(pid_t tid);

  // It sees the same mounts as this process.
  bool shares_mounts() const;
  // As O_PATH: its root; and AT_FDCWD's directory, or that of one of its descriptors. Neither is open where there is
  // none.
  Fd root() const;
  Fd directory(int dirfd) const;
  // None: not readable.
  std::optional<mode_t> file_mask() const;

 private:
  Fd proc_;
};

// Where an open file is, from this process's root; empty where /proc does not say. It is true at the time of asking.
std::string path_of(int fd);

// The same file, seen through the same mount. Nothing is asked of a file system, which may not answer.
bool is_same_place(int one, int other);

// It belongs to this process's mount namespace, and all that is reached from it without a magic link does. A descriptor
// may be of another one, or of a mount that is nowhere: there the caller decides what is at a path, and who answers.
bool is_in_own_mounts(int fd);

}  // namespace cordon::sandbox
