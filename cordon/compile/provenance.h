// Why each instruction is there, and what to say when there are too many.
#pragma once

#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/compile/blocks.h"
#include "cordon/compile/layout.h"

namespace cordon::compiler {

// The origins each instruction serves, sorted; none for tests of numbers and arches.
std::vector<std::vector<Origin>> provenance(const Code& code, const BlockBuilder& builder);

// "program-too-large": the count and the rules most instructions are there for.
Diagnostic too_large(const Code& code, const std::vector<std::vector<Origin>>& origins);

// The same where building stopped before there was a program: the number most is asked about.
Diagnostic too_many_alternatives(const SplitPolicy& policy);

}  // namespace cordon::compiler
