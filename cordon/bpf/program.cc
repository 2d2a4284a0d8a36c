#include "cordon/bpf/program.h"

#include "cordon/bpf/verify.h"

namespace cordon::bpf {

Result<Program> Program::create(std::vector<Insn> insns) {
  Diagnostics findings = verify(insns);
  if (!findings.empty()) return findings;
  return Program(std::move(insns));
}

}  // namespace cordon::bpf
