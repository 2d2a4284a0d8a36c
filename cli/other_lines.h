// The lines of two sources that are not about calls (files, net, scope, caps, limit), as `diff` and `prove` tell of
// them: their text is compared, what it means to a kernel is not.
//
//   OtherLines lines = other_lines(sides);
//   lines.are_same()     lines.left_only_adds()     lines.text()
#pragma once

#include <string>
#include <vector>

#include "cli/comparing.h"
#include "cordon/base/json_writer.h"

namespace cordon::cli {

struct OtherLines {
  std::vector<std::string> left, right;  // sorted, each once: "files read /usr /lib"

  bool are_same() const { return left == right; }
  // Of each kind ("files", "net bind", "limit nofile") the right has none or the same: the left restricts as the
  // right does, or more.
  bool left_only_adds() const;
  std::string text() const;  // empty where there are none
  void write(JsonWriter& json) const;
};

OtherLines other_lines(const Sides& sides);

}  // namespace cordon::cli
