#include "cordon/bpf/verify.h"

#include <utility>

#include "cordon/base/text.h"
#include "cordon/bpf/faults.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

std::string about_opcode(uint16_t code) {
  if (std::optional<std::string_view> why = refused_opcode(code)) {
    return "opcode " + base::hex(code) + " (" + std::string(*why) + ") is classic BPF that seccomp does not take";
  }
  return "opcode " + base::hex(code) + " does not exist in classic BPF";
}

std::string about_load(uint32_t offset) {
  if (offset >= kDataSize)
    return "load of offset " + base::hex(offset) + " lies outside struct seccomp_data, expected at most 60";
  return "load of offset " + std::to_string(offset) + " is not aligned, expected a multiple of 4";
}

std::string about_jump(const char* what, uint64_t target, size_t count) {
  return std::string(what) + " to instruction " + std::to_string(target) + " leaves the program, the last one is " +
         std::to_string(count - 1);
}

Finding finding(const Fault& fault, std::span<const Insn> insns) {
  const size_t pc = fault.pc, next = pc + 1, count = insns.size();
  const Insn insn = count > 0 ? insns[pc] : Insn{};
  const std::string k = std::to_string(insn.k);
  switch (fault.kind) {
    case Fault::Kind::empty:
      return {{}, "bpf-empty", "the program has no instructions, expected 1 to " + std::to_string(kMaxInsns), {}};
    case Fault::Kind::too_long:
      return {
          {},
          "bpf-too-long",
          "the program has " + std::to_string(count) + " instructions, expected at most " + std::to_string(kMaxInsns),
          "split the policy into stacked filters"};
    case Fault::Kind::opcode: return {pc, "bpf-opcode", about_opcode(insn.code), {}};
    case Fault::Kind::load: return {pc, "bpf-load", about_load(insn.k), {}};
    case Fault::Kind::cell: return {pc, "bpf-cell", "scratch cell " + k + " does not exist, expected 0 to 15", {}};
    case Fault::Kind::division: return {pc, "bpf-division", "division by the constant 0", {}};
    case Fault::Kind::shift: return {pc, "bpf-shift", "shift by " + k + ", expected 0 to 31", {}};
    case Fault::Kind::jump: return {pc, "bpf-jump", about_jump("jump", uint64_t{next} + insn.k, count), {}};
    case Fault::Kind::branch_yes: return {pc, "bpf-jump", about_jump("branch if true", next + insn.jt, count), {}};
    case Fault::Kind::branch_no: return {pc, "bpf-jump", about_jump("branch if false", next + insn.jf, count), {}};
    case Fault::Kind::end: return {pc, "bpf-end", "the last instruction is not a return", {}};
    case Fault::Kind::unwritten: break;
  }
  return {pc, "bpf-uninitialised", "scratch cell " + k + " is read but not written on every path", "store to it first"};
}

}  // namespace

std::vector<Finding> findings_in(std::span<const Insn> insns) {
  std::vector<Finding> findings;
  for (const Fault& fault : faults_in(insns)) findings.push_back(finding(fault, insns));
  return findings;
}

Diagnostics verify(std::span<const Insn> insns) {
  Diagnostics told;
  for (Finding& found : findings_in(insns)) {
    const std::string where = found.pc ? "instruction " + std::to_string(*found.pc) + ": " : std::string();
    told.error(std::move(found.code), {}, where + found.message, std::move(found.hint));
  }
  return told;
}

}  // namespace cordon::bpf
