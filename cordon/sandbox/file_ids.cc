#include "cordon/sandbox/file_ids.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <utility>

namespace cordon::sandbox {

std::optional<FileId> id_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

std::vector<FileId> ids_along(std::string path) {
  std::vector<FileId> ids;
  while (path.size() > 1) {
    if (auto id = id_of(path)) ids.push_back(*id);
    path.resize(path.rfind('/'));
  }
  if (auto root = id_of("/")) ids.push_back(*root);
  return ids;
}

std::vector<FileId> ids_above(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return {};
  std::string name(resolved);
  free(resolved);
  return ids_along(std::move(name));
}

}  // namespace cordon::sandbox
