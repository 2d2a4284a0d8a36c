// A BPF program the kernel admits: valid by construction, immutable.
//
//   Result<bpf::Program> program = bpf::Program::create(insns);   // or a diagnostic per bad instruction
#pragma once

#include <span>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/bpf/insn.h"

namespace cordon::bpf {

class Program {
 public:
  // Fails exactly where seccomp(2) would say EINVAL (bpf/verify.h).
  static Result<Program> create(std::vector<Insn> insns);

  std::span<const Insn> insns() const { return insns_; }
  size_t size() const { return insns_.size(); }
  const Insn& operator[](size_t pc) const { return insns_[pc]; }
  bool operator==(const Program&) const = default;

 private:
  explicit Program(std::vector<Insn> insns) : insns_(std::move(insns)) {}
  std::vector<Insn> insns_;
};

}  // namespace cordon::bpf
