// A filter on its way out: the file `compile` and `asm` write.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "cordon/abi/arch.h"
#include "cordon/bpf/program.h"

namespace cordon::cli {

// What --to takes: bpf, hex, c, asm.
std::vector<std::string> program_formats();

struct ProgramFile {
  std::string path;                // "-" is standard output
  std::string format;              // of program_formats(); empty is bpf
  Endian endian = Endian::little;  // for the names in a listing
  std::string remark{};            // a comment, where the format has comments
};

// What is written to the file.
std::string program_text(const bpf::Program& program, const ProgramFile& file);

// The status to end with; what went wrong is told. Raw bytes are not written to a terminal.
int write_program(const bpf::Program& program, const ProgramFile& file, const OutputOptions& output);

}  // namespace cordon::cli
