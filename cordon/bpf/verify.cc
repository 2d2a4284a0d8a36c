// Three passes of the kernel, told apart because their order decides which of them speaks:
//   1. bpf_check_classic: opcodes, operands, jumps, a return at the end (net/core/filter.c)
//   2. check_load_and_stores: a scratch cell is written before it is read on every path
//   3. seccomp_check_filter: the loads and opcodes seccomp takes (kernel/seccomp.c)
// Passes 1 and 3 look at one instruction at a time, so one loop does both; pass 2 runs only over programs
// whose jumps stay inside. The kernel ignores fields an instruction does not use, and so does this.
#include "cordon/bpf/verify.h"

#include <utility>

#include "cordon/base/text.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

class Verifier {
 public:
  explicit Verifier(std::span<const Insn> insns) : insns_(insns) {}

  std::vector<Finding> run() && {
    if (!check_length()) return std::move(findings_);
    for (pc_ = 0; pc_ < insns_.size(); ++pc_) check_insn(insns_[pc_]);
    check_last();
    if (findings_.empty()) check_cells();
    return std::move(findings_);
  }

 private:
  void finding(std::string code, std::string message, std::string hint = {}) {
    findings_.push_back({pc_, std::move(code), std::move(message), std::move(hint)});
  }

  bool check_length() {
    if (insns_.empty()) {
      findings_.push_back(
          {{}, "bpf-empty", "the program has no instructions, expected 1 to " + std::to_string(kMaxInsns), {}});
      return false;
    }
    if (insns_.size() > kMaxInsns) {
      findings_.push_back({{},
                           "bpf-too-long",
                           "the program has " + std::to_string(insns_.size()) + " instructions, expected at most " +
                               std::to_string(kMaxInsns),
                           "split the policy into stacked filters"});
      return false;
    }
    return true;
  }

  void check_insn(const Insn& insn) {
    const OpcodeInfo* info = find_opcode(insn.code);
    if (!info) return unknown_opcode(insn.code);
    switch (info->form) {
      case Form::load: return check_load(insn);
      case Form::cell:
        if (insn.k >= kCellCount) {
          finding("bpf-cell", "scratch cell " + std::to_string(insn.k) + " does not exist, expected 0 to 15");
        }
        return;
      case Form::alu_k: return check_constant(insn);
      case Form::jump: return check_jump(insn);
      case Form::branch_k:
      case Form::branch_x: return check_branch(insn);
      default: return;
    }
  }

  void unknown_opcode(uint16_t code) {
    if (std::optional<std::string_view> why = refused_opcode(code)) {
      return finding("bpf-opcode", "opcode " + base::hex(code) + " (" + std::string(*why) +
                                       ") is classic BPF that seccomp does not take");
    }
    finding("bpf-opcode", "opcode " + base::hex(code) + " does not exist in classic BPF");
  }

  void check_load(const Insn& insn) {
    if (insn.k >= kDataSize) {
      finding("bpf-load",
              "load of offset " + base::hex(insn.k) + " lies outside struct seccomp_data, expected at most 60");
    } else if (insn.k % 4 != 0) {
      finding("bpf-load", "load of offset " + std::to_string(insn.k) + " is not aligned, expected a multiple of 4");
    }
  }

  void check_constant(const Insn& insn) {
    if (insn.code == kDivK && insn.k == 0) finding("bpf-division", "division by the constant 0");
    if ((insn.code == kLshK || insn.code == kRshK) && insn.k >= 32) {
      finding("bpf-shift", "shift by " + std::to_string(insn.k) + ", expected 0 to 31");
    }
  }

  // 64-bit sums, so that the offset of a JA cannot wrap.
  bool is_inside(uint64_t offset) const { return pc_ + 1 + offset < insns_.size(); }

  void outside(const char* what, uint64_t offset) {
    finding("bpf-jump", std::string(what) + " to instruction " + std::to_string(pc_ + 1 + offset) +
                            " leaves the program, the last one is " + std::to_string(insns_.size() - 1));
  }

  void check_jump(const Insn& insn) {
    if (!is_inside(insn.k)) outside("jump", insn.k);
  }

  void check_branch(const Insn& insn) {
    if (!is_inside(insn.jt)) outside("branch if true", insn.jt);
    if (!is_inside(insn.jf)) outside("branch if false", insn.jf);
  }

  void check_last() {
    pc_ = insns_.size() - 1;
    uint16_t code = insns_[pc_].code;
    if (code != kRetK && code != kRetA) finding("bpf-end", "the last instruction is not a return");
  }

  // Knows each cell only as "written on every way here", in one pass: jumps lead forward, so all ways to an
  // instruction are known when it is reached. Code after a jump that nothing jumps to counts as reached with
  // every cell written; code after a return as reached from the return.
  void check_cells() {
    std::vector<uint16_t> written_at(insns_.size(), 0xffff);
    uint16_t written = 0;
    auto reach = [&](size_t target) { written_at[target] = static_cast<uint16_t>(written_at[target] & written); };
    for (pc_ = 0; pc_ < insns_.size(); ++pc_) {
      const Insn& insn = insns_[pc_];
      written = static_cast<uint16_t>(written & written_at[pc_]);
      switch (find_opcode(insn.code)->form) {
        case Form::cell:
          if (insn.code == kSt || insn.code == kStx) {
            written = static_cast<uint16_t>(written | 1u << insn.k);
          } else if (!(written & 1u << insn.k)) {
            finding("bpf-uninitialised",
                    "scratch cell " + std::to_string(insn.k) + " is read but not written on every path",
                    "store to it first");
          }
          break;
        case Form::jump:
          reach(pc_ + 1 + insn.k);
          written = 0xffff;
          break;
        case Form::branch_k:
        case Form::branch_x:
          reach(pc_ + 1 + insn.jt);
          reach(pc_ + 1 + insn.jf);
          written = 0xffff;
          break;
        default: break;
      }
    }
  }

  std::span<const Insn> insns_;
  std::vector<Finding> findings_;
  size_t pc_ = 0;
};

}  // namespace

std::vector<Finding> findings_in(std::span<const Insn> insns) { return Verifier(insns).run(); }

Diagnostics verify(std::span<const Insn> insns) {
  Diagnostics told;
  for (Finding& found : findings_in(insns)) {
    const std::string where = found.pc ? "instruction " + std::to_string(*found.pc) + ": " : std::string();
    told.error(std::move(found.code), {}, where + found.message, std::move(found.hint));
  }
  return told;
}

}  // namespace cordon::bpf
