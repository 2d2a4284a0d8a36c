// Raw filters: struct sock_filter[] in the machine's byte order, as bubblewrap, crun and
// seccomp_export_bpf use it; and their hexadecimal text.
//
//   Result<Program> filter = read_raw(bytes);
//   write_hex(*filter) == "2000000004000000\n15000001..."   // the raw bytes, one instruction a line
#pragma once

#include <string>
#include <string_view>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

// Errors: a length that is no multiple of 8, no instructions, more than 4096, what the kernel would refuse.
// The hint names what the bytes look like instead: the other byte order, an ELF file, JSON, text.
Result<Program> read_raw(std::string_view bytes);
std::string write_raw(const Program& program);

// Pairs of hexadecimal digits; blanks, commas and 0x between bytes do not matter.
Result<Program> read_hex(std::string_view text);
std::string write_hex(const Program& program);

}  // namespace cordon::bpf
