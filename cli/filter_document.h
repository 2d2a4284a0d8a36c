// A compiled filter for other programs to read: instructions with what they are about and which rules they serve.
//
//   {"schema": "cordon.filter/1", "policy": "app.cordon", "proved": true, "size": 9, "endian": "little",
//    "arches": [...], "actions": [...], "instructions": [...]}
#pragma once

#include <string>

#include "cli/load.h"
#include "cordon/compile/stack.h"

namespace cordon::cli {

enum class Proof : uint8_t { proved, unproved };

// "cordon.filter/1". An instruction has its fields, its text, its meaning and its origins, which name the rule by
// index, file and line; an action is told once for each value the filter returns, in order of value. Several filters
// are "cordon.filters/1": the policy, whether they were proved, and a list of what such a document says of each.
std::string filter_json(const FilterStack& stack, const Loaded& loaded, Proof proof);

// As pseudo code, each filter with a head that tells its size and whether it was proved.
std::string filter_pseudo_code(const FilterStack& stack, const Loaded& loaded, Proof proof);

// For Graphviz, with the same heads; several filters are several graphs.
std::string filter_dot(const FilterStack& stack, const Loaded& loaded, Proof proof);

}  // namespace cordon::cli
