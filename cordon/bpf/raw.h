// Raw filters: struct sock_filter[] in the machine's byte order, as bubblewrap, crun and
// seccomp_export_bpf use it; and their hexadecimal text.
#pragma once

#include <string>
#include <string_view>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

// Errors: a length that is no multiple of 8, no instructions, more than 4096, what the kernel would refuse.
Result<Program> read_raw(std::string_view bytes);
std::string write_raw(const Program& program);

}  // namespace cordon::bpf
