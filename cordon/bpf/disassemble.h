// A program as text.
//
//    0  ld [4]                    arch
//    1  jeq #0xc000003e, 2, 9     x86_64
//    2  ld [0]                    nr
//    3  jge #0x3c, 5, 4           exit
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

std::string disassemble(const Program& program, const DisassembleOptions& options);

}  // namespace cordon::bpf
