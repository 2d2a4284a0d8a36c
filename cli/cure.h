// What lets a denied call pass, as an edit of the policy that denied it.
//
//   Cures cures;
//   std::string edit = cures.tell(loaded, decision, call, suggestion);
//   "before app.cordon:3: allow mkdir", "instead of cat.policy:2: ioctl: arg1 == TCGETS || arg1 == FIONREAD"
//
// A minijail policy has one line for a call: what was told for it before, and what it allows already, stands in
// each edit, so that the last one is all that has to be made.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/load.h"
#include "cordon/formats/suggest.h"

namespace cordon::cli {

class Cures {
 public:
  std::string tell(const Loaded& loaded, const Decision& decision, const Call& call,
                   const formats::Suggestion& suggestion);

 private:
  std::string tell_minijail(const Loaded& loaded, const Decision& decision, const Call& call,
                            const std::string& suggested);

  std::map<std::string, std::vector<std::string>> told_;  // conditions, by the line or the call they are for
};

// A line for a call of this name, and one more condition under which the call is to be allowed.
struct WidenedLine {
  enum class Where { instead, before, unknown };  // unknown: the line is more than "name: condition; action"
  Where where = Where::unknown;
  std::string text;
};
WidenedLine widen_minijail_line(std::string_view line, std::string_view name, std::string_view condition);

}  // namespace cordon::cli
