// Random programs and small changes to programs, the same for the same seed.
#pragma once

#include <optional>

#include "cordon/bpf/program.h"
#include "cordon/bpf/simulate.h"
#include "tests/engines/generate.h"
#include "tests/kernel/bpf_random.h"

namespace cordon::engines {

struct ProgramShape {
  bool has_products = true;  // mul x and div x, and by large constants: few diagrams hold them
};

// Any opcode, all registers; cells are set first, as the kernel demands.
bpf::Program random_program(testing_kernel::RandomBpf& random, ProgramShape shape);

// A few tests one after the other, each of a word or of what arithmetic makes of words, with an answer
// of its own: nearly every instruction matters.
bpf::Program random_decisions(testing_kernel::RandomBpf& random);

// One bit of one field that an instruction uses changed; none where the kernel would not take the result.
std::optional<bpf::Program> mutant_of(const bpf::Program& program, Random& random);

bpf::Input random_input(testing_kernel::RandomBpf& random);

}  // namespace cordon::engines
