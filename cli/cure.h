// What lets a denied call pass, as an edit of the policy that denied it.
//
//   Cures cures;
//   std::string edit = cures.tell(loaded, decision, call, suggestion);
//   "before app.cordon:3: allow mkdir", "instead of cat.policy:2: ioctl: arg1 == TCGETS || arg1 == FIONREAD"
//
// A minijail policy has one line for a call: what was told for it before, and what it allows already, stands in
// each edit, so that the last one is all that has to be made. Beyond 16 conditions a new list is begun, and a comment
// in the line says how many were told in the ones before.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

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

  struct Told {
    std::set<std::string> conditions;
    std::string list;  // those that an edit shows, joined
    size_t listed = 0;
  };
  std::map<std::string, Told> told_;  // by the line or the call they are for
};

// A line for a call of this name, and one more condition under which the call is to be allowed.
struct WidenedLine {
  enum class Where {
    instead,
    before,
    in_braces,  // a statement to stand first in them: what is there already may deny by its condition
    unknown     // the line is more than "name: condition; action"
  };
  Where where = Where::unknown;
  std::string text;
};
// What the rest gets where the line says nothing of it is `default_kind`.
WidenedLine widen_minijail_line(std::string_view line, std::string_view name, std::string_view condition,
                                ActionKind default_kind);

}  // namespace cordon::cli
