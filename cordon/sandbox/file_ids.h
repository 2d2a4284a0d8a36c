// Files told apart as Landlock does: by their inode, whatever they are called.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cordon::sandbox {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// Links followed.
std::optional<FileId> id_of(const std::string& path);

// The file's and those of the directories above it, of a path without links.
std::vector<FileId> ids_along(std::string path);

// The same of any path; none where it is not there.
std::vector<FileId> ids_above(const std::string& path);

}  // namespace cordon::sandbox
