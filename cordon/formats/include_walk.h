// The files a policy includes, one inside the other, and what bounds them.
//
//   IncludeWalk walk({.depth = 16, .files = 1000}, options);
//   walk.begin("dir/app.cordon", text.size());
//   Result<std::string> content = walk.enter("dir/common.cordon");   // open until leave()
//   …
//   walk.leave();
//
// Files that include one another twice would double at each level, so their number and their bytes are bounded
// besides the depth. A cycle is told by the text of the paths: one through a symbolic link ends at the depth.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/formats/read.h"

namespace cordon::formats {

struct IncludeLimits {
  size_t depth;
  size_t files;
};

class IncludeWalk {
 public:
  static constexpr size_t kMaxTotalBytes = size_t{16} << 20;  // the policy's own text too

  IncludeWalk(IncludeLimits limits, const ReadOptions& options) : limits_(limits), options_(options) {}

  // The policy's own text.
  void begin(std::string name, size_t bytes);
  // Reads a file from inside the current one. The failure has a code, a message and a hint, but no place. After
  // a success the file is the current one.
  Result<std::string> enter(const std::string& path);
  void leave() { open_.pop_back(); }

  const std::string& top() const { return open_.front().name; }
  const std::string& current() const { return open_.back().name; }
  bool is_inside_include() const { return open_.size() > 1; }

 private:
  struct OpenFile {
    std::string name;
    std::string normal;  // without "." and ".."
  };

  IncludeLimits limits_;
  const ReadOptions& options_;
  std::vector<OpenFile> open_;
  size_t files_ = 0;
  size_t bytes_ = 0;
};

// The path as the including file means it: beside that file, unless it is absolute.
std::string path_beside(std::string_view including_file, std::string_view path);

}  // namespace cordon::formats
