// What policy sources held when they were read: read again, they are the same, whatever has become of the files.
#pragma once

#include <string>
#include <vector>

#include "cordon/base/result.h"

namespace cordon::cli {

class SourceCopies {
 public:
  struct Copy {
    bool is_include = false;  // an include line names regular files only
    std::string path;
    std::string text;
  };

  Result<std::string> read(const std::string& path, bool is_include);

  const std::vector<Copy>& all() const { return copies_; }

 private:
  std::vector<Copy> copies_;
};

}  // namespace cordon::cli
