// What a filter answers to one call, as rules of which the first that holds decides.
//
//   CallRules found = rules.of(node, {.syscall = "openat", .arch = Arch::x86_64});
//   errno EINVAL  openat(flags & O_CREAT == O_CREAT)
//   allow         openat(dfd == AT_FDCWD)
//   and the rest: kill_process
//
// Each action in turn is tried as the rest, in several orders of the others; the shortest text wins.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "cordon/policy/policy.h"
#include "cordon/prove/cover.h"
#include "cordon/prove/set_condition.h"

namespace cordon::prove {

struct ConditionalRule {
  NamedAction action;
  Condition condition;
};

struct CallRules {
  std::vector<ConditionalRule> rules;
  NamedAction rest;
  unsigned cost = 0;
};

// The same action under the name its errno has on the architecture.
NamedAction named_action(Action action, Arch arch);
bool is_same(const NamedAction& a, const NamedAction& b);

// Of one architecture's functions in one diagram.
class RuleFinder {
 public:
  explicit RuleFinder(const BitSpace& space) : space_(space) {}

  // `cheap_rest` is the action that needs no rule. None where the function has no such form, or none in reach.
  std::optional<CallRules> of(diagram::Node node, const SetPlace& place, const NamedAction& cheap_rest);

 private:
  struct Part {
    diagram::Node leaf = 0;
    std::vector<Term> terms;
  };
  // Parts in order; the last one's terms are not used.
  using Way = std::vector<Part>;

  static void keep_shortest(std::vector<Way>& ways);
  const std::vector<Way>& ways_of(diagram::Node node);
  std::optional<Way> way_in_order(diagram::Node node, const std::vector<diagram::Node>& leaves);
  std::optional<CallRules> written(const Way& way, const SetPlace& place);
  std::optional<Condition> written(const Term& term, const SetPlace& place);
  const std::optional<Condition>& written(diagram::Node set, const SetPlace& place);
  NamedAction action_of(diagram::Node leaf, Arch arch) const;

  BitSpace space_;
  std::map<diagram::Node, std::vector<Way>> known_;
  // Names are those of the tables, which stay.
  using SetKey = std::tuple<diagram::Node, unsigned, Arch, std::string_view, bool>;
  std::map<SetKey, std::optional<Condition>> sets_;
};

}  // namespace cordon::prove
