// Text to a program: what disassemble writes, and what people write by hand.
//
//         ld [arch]
//         jeq #0xc000003e, native, foreign   ; numbers decimal or 0x…, targets instructions or labels
//   native: ld [nr]
//         jge #0x3c, denied, 5               ; 5 is the instruction with that number, as in listings
//   denied: ret errno EPERM
//         ret allow
//   foreign: ret kill_process
//
//   Result<bpf::Program> program = bpf::assemble(text, {.name = "hand.asm", .arch = Arch::x86_64});
//
// One instruction a line; a number in front of it (`3:`) has to be the instruction's own. assemble(disassemble(p))
// is p. It takes no constants but actions, errnos and the fields of struct seccomp_data, and knows no macros.
#pragma once

#include <string>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/base/result.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

inline constexpr size_t kMaxAssemblyErrors = 20;

struct AssembleOptions {
  std::string name = "assembly";   // of the text, in diagnostics; printable
  Arch arch = abi::native_arch();  // its errno numbers, and where the low word of an argument lies
};

// Every mistake with line and column, in order, at most kMaxAssemblyErrors of them; what the kernel would refuse
// (bpf/verify.h) among them.
Result<Program> assemble(std::string_view text, const AssembleOptions& options);

}  // namespace cordon::bpf
