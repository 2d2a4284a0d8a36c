// Opens files in a caller's place, from a list of what may be opened: open, openat, openat2, creat.
//
//   if (is_open(notification.call)) result = emulate_open(notification, listener, grants);
//
// The path is copied once, resolved to one file, and that file is looked up in the list and opened: what the caller
// writes into its memory, or does to names and links meanwhile, changes no decision. The file is opened with this
// process's rights.
#pragma once

#include <string>
#include <vector>

#include "cordon/sandbox/listener.h"

namespace cordon {

// Files and directories with all that is in them, as absolute paths without links, from this process's root.
struct OpenGrants {
  std::vector<std::string> read;
  std::vector<std::string> write;   // and read
  std::vector<std::string> create;  // and write: files that are not there may be made

  bool any() const { return !read.empty() || !write.empty() || !create.empty(); }
};

// What came of a call that was acted on in its caller's place.
struct Emulated {
  Response response;        // later(): the call has its answer, or will get it
  bool is_refused = false;  // by the list: what it gets is EACCES
};

namespace sandbox {

bool is_open(const Call& call);

Emulated emulate_open(const Notification& notification, Listener& listener, const OpenGrants& grants);

}  // namespace sandbox
}  // namespace cordon
