#include "cordon/formats/include_walk.h"

#include <algorithm>
#include <utility>

#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

// "dir/./a/../b" is "dir/b"; what leads out of the first folder stays.
std::string normal_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    const bool goes_back = part == ".." && !parts.empty() && parts.back() != "..";
    if (goes_back)
      parts.pop_back();
    else
      parts.push_back(part);
  }
  std::string normal;
  for (std::string_view part : parts) {
    if (!normal.empty() || path.starts_with('/')) normal += '/';
    normal += part;
  }
  return normal;
}

Diagnostic failure(std::string code, std::string message, std::string hint = {}) {
  return {Severity::error, std::move(code), {}, std::move(message), std::move(hint), {}};
}

}  // namespace

std::string path_beside(std::string_view including_file, std::string_view path) {
  const size_t slash = including_file.rfind('/');
  if (path.starts_with('/') || slash == std::string_view::npos) return std::string(path);
  return std::string(including_file.substr(0, slash + 1)) + std::string(path);
}

void IncludeWalk::begin(std::string name, size_t bytes) {
  bytes_ = bytes;
  std::string normal = normal_path(name);
  open_.push_back({std::move(name), std::move(normal)});
}

Result<std::string> IncludeWalk::enter(const std::string& path) {
  const std::string quoted = "'" + base::printable(path) + "'";
  // What is read on standard input is for whoever runs cordon to say.
  if (path == "-")
    return failure("cannot-include", "a policy cannot include standard input", "a file of that name is written './-'");
  std::string normal = normal_path(path);
  if (std::any_of(open_.begin(), open_.end(), [&](const OpenFile& file) { return file.normal == normal; }))
    return failure("include-cycle", quoted + " includes itself");
  if (open_.size() > limits_.depth)
    return failure("include-depth", "includes are nested deeper than " + std::to_string(limits_.depth));
  if (++files_ > limits_.files)
    return failure("include-depth", "more than " + std::to_string(limits_.files) + " includes");
  const auto& read = options_.read_include ? options_.read_include : options_.read_file;
  if (!read) return failure("cannot-include", "no files can be read here, so " + quoted + " cannot be included");

  Result<std::string> content = read(path);
  if (!content) {
    const Diagnostic& reason = *content.error().begin();
    return failure("cannot-include", "cannot include " + quoted + ": " + reason.message, reason.hint);
  }
  if (content->size() > kMaxTotalBytes - std::min(kMaxTotalBytes, bytes_))
    return failure("too-large", "with " + quoted + " the policy is larger than 16 MiB");
  bytes_ += content->size();
  open_.push_back({path, std::move(normal)});
  return content;
}

}  // namespace cordon::formats
