#include "cli/source_copies.h"

#include "cli/output.h"

namespace cordon::cli {

Result<std::string> SourceCopies::read(const std::string& path, bool is_include) {
  for (const Copy& copy : copies_)
    if (copy.is_include == is_include && copy.path == path) return copy.text;
  Result<std::string> text = is_include ? read_regular_file(path) : read_file(path);
  if (text) copies_.push_back({.is_include = is_include, .path = path, .text = *text});
  return text;
}

}  // namespace cordon::cli
