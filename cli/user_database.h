// Users and groups by name and number, as the machine's name service has them.
//
// /etc/passwd and /etc/group are read here. What they do not have is asked of getent(1): a static program cannot load
// the name service's modules, whose C library may be another one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace cordon::cli {

struct UserEntry {
  uid_t uid = 0;
  gid_t gid = 0;
};

// None where no database knows it, or it cannot be asked.
std::optional<UserEntry> user_called(const std::string& name);
std::optional<UserEntry> user_numbered(uid_t uid);
std::optional<gid_t> group_called(const std::string& name);

}  // namespace cordon::cli
