// Looks at a filter: its assembly with the rules, what it costs, and a page with all of it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "cli/load.h"
#include "cordon/abi/arch.h"
#include "cordon/bpf/flow.h"
#include "cordon/bpf/program.h"
#include "cordon/compile/compile.h"

namespace cordon::cli {

struct FilterView {
  const bpf::Program* program = nullptr;
  Endian endian = Endian::little;
  // The rule an instruction serves, "app.cordon:2 and 3 more"; empty function and text: not known.
  std::function<std::string(size_t pc)> rule_of;
  // The rules that decide on some ways to an answer; as above.
  bpf::NoteAnswer rules_on;
};

// Both arguments must outlive the view.
FilterView view_of(const Filter& filter, const Loaded& loaded);
FilterView view_of(const bpf::Program& program);

std::string assembly_text(const FilterView& view);
// Of all filters of a stack; `loaded` tells the architectures whose calls are counted, if it has a policy.
std::string cost_text(std::span<const FilterView> views, const Loaded& loaded);
std::string tree_text(const FilterView& view);
std::string dot_text(const FilterView& view);
std::string pseudo_code_text(const FilterView& view);

// One HTML document without scripts and without anything from elsewhere: calls by action, decisions, assembly with
// links, cost; of a stack, each filter's. `table` is policy_table's, or says why there is none.
std::string filter_page(std::span<const FilterView> views, const Loaded& loaded, const std::string& table);

// "filter 2 of 3"
std::string filter_name(std::span<const FilterView> views, size_t index);

}  // namespace cordon::cli
