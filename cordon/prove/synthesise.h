// A policy from a filter's tables, for one choice of its header lines.
//
//   Shape shape{.default_action = errno EPERM};
//   std::optional<Synthesised> found = PolicySynthesis(tables).with(shape);
//
// Calls that are answered alike share a line; a call that is answered alike on every architecture that has it is
// named once. What is made here is not proved yet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/kernel_version.h"
#include "cordon/prove/call_rules.h"
#include "cordon/prove/program_tables.h"

namespace cordon::prove {

struct Shape {
  NamedAction default_action;
  std::optional<NamedAction> unknown;  // of calls newer than `since`
  KernelVersion since;
  // What numbers that no other rule names get on an architecture, where it is not the default: `*@arch`, the last rule.
  std::map<Arch, NamedAction> bases;
  // Rules for socketcall and ipc themselves stand first, so that those for socket and the like do not reach them.
  bool has_multiplexers_apart = false;
};

struct Synthesised {
  Policy policy;
  unsigned cost = 0;
};

class PolicySynthesis {
 public:
  explicit PolicySynthesis(ProgramTables& tables);

  // None where some call's answers have no form; problem() says which.
  std::optional<Synthesised> with(const Shape& shape);
  const std::string& problem() const { return problem_; }

  // The architectures whose answers differ by call.
  const std::vector<AbiTable*>& abis() const { return varied_; }

 private:
  // Many calls with the same conditions are ranges of numbers. (A few are named, which says more.)
  bool is_shared(const AbiTable& abi, diagram::Node node);
  // One call's rules on one ABI, ready to be compared with those on another.
  struct OnAbi {
    Arch arch;
    std::vector<ConditionalRule> rules;  // in order; one that always holds ends them
    std::string key;
    bool is_in_range = false;  // a range of numbers decides it
  };
  struct Draft;
  struct Hole {
    uint32_t first = 0, last = 0;
    diagram::Node node = 0;
  };

  RuleFinder& finder_of(const AbiTable& abi);
  std::optional<std::vector<ConditionalRule>> rules_for(const AbiTable& abi, diagram::Node node, const SetPlace& place,
                                                        const NamedAction& expected, bool is_closed);
  bool add_names(Draft& draft);
  bool add_name(Draft& draft, std::string_view name);
  bool add_holes(Draft& draft, const AbiTable& abi);
  std::vector<Hole> holes_of(const AbiTable& abi);
  // What the number gets that no rule names.
  static const NamedAction& expected(const Shape& shape, std::string_view name, uint32_t number, Arch arch);
  static const NamedAction& base_of(const Shape& shape, Arch arch);
  static bool is_unknown(const Shape& shape, std::string_view name, uint32_t number, Arch arch);

  ProgramTables& tables_;
  std::vector<AbiTable*> varied_, constant_;
  std::vector<std::string_view> names_;  // of all varied ABIs, by number on the first that has them
  std::map<const ProgramDiagram*, RuleFinder> finders_;
  std::map<std::pair<const AbiTable*, diagram::Node>, bool> shared_;
  size_t rule_count_ = 0;
  std::string problem_;
};

}  // namespace cordon::prove
