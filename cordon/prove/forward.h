// The function of a program, run forwards on functions of the call: where ways join, each bit of a register becomes
// one function, chosen by the condition of the way that was taken.
//
//   ld [16]; jset #1, 0, 2; ld M[0]; or #8; st M[0]; ld [16]; jset #2, ...
//
// Twenty such diamonds have a million ways and one state of M[0]. What Execution keeps apart, values as ranges of
// words, is lost: ordinary filters take ten times as long, so this is for programs that are too many states for it.
#pragma once

#include <span>

#include "cordon/bpf/program.h"
#include "cordon/prove/encode_program.h"

namespace cordon::prove {

// The words the program loads, as bits. Each must be cut to single bits.
uint16_t loaded_words(const bpf::Program& program);

ProgramNode encode_forward(diagram::Manager& manager, const bpf::Program& program, Leaves leaves);

}  // namespace cordon::prove
