// A program as text, one instruction a line: INDEX: MNEMONIC OPERANDS ; COMMENT
//
//   0: ld [4]                    ; arch
//   1: jeq #0xc000003e, 2, 5     ; x86_64
//   2: ld [0]                    ; nr
//   3: jge #0x3c, 5, 4           ; from exit up
//   4: ret #0x7fff0000           ; allow
//   5: ret #0x00050001           ; errno EPERM
//
// Jumps name the instruction they lead to. Everything before the ';' is the instruction, whole: an
// instruction with values in fields it does not use, which the kernel admits, is written `raw CODE, JT, JF, K`.
// Comments follow what is certain on every path: a number gets a name only where the arch is known.
#pragma once

#include <functional>
#include <string>

#include "cordon/abi/arch.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

struct DisassembleOptions {
  Endian endian = Endian::little;
  bool comments = true;  // names of archs, numbers, arguments and actions
  // Extra comment for an instruction, such as the rule it serves; may be empty.
  std::function<std::string(size_t pc)> annotate;
};

// One instruction without its index and comment: "jeq #0x0, 5, 6".
std::string instruction_text(const Program& program, size_t pc);

std::string disassemble(const Program& program, const DisassembleOptions& options);

}  // namespace cordon::bpf
