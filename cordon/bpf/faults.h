// What the kernel would refuse a program for, without words for it: usable in constant expressions.
//
//   static_assert(bpf::faults_in(insns).empty());
//
// Three passes of the kernel, told apart because their order decides which of them speaks:
//   1. bpf_check_classic: opcodes, operands, jumps, a return at the end (net/core/filter.c)
//   2. check_load_and_stores: a scratch cell is written before it is read on every path
//   3. seccomp_check_filter: the loads and opcodes seccomp takes (kernel/seccomp.c)
// Passes 1 and 3 look at one instruction at a time, so one loop does both; pass 2 runs only over programs
// whose jumps stay inside. The kernel ignores fields an instruction does not use, and so does this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cordon/bpf/insn.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {

struct Fault {
  enum class Kind : uint8_t {
    empty,     // no instructions
    too_long,  // more than kMaxInsns
    opcode,    // none that seccomp takes
    load,      // outside struct seccomp_data, or not aligned
    cell,      // no such scratch cell
    division,  // by the constant 0
    shift,     // by the constant 32 or more
    jump,      // leaves the program
    branch_yes,
    branch_no,
    end,        // the last instruction is not a return
    unwritten,  // a scratch cell is read that some path does not write
  };
  Kind kind = Kind::empty;
  size_t pc = 0;  // empty and too_long: of no instruction
};

namespace detail {

class Verifier {
 public:
  constexpr explicit Verifier(std::span<const Insn> insns) : insns_(insns) {}

  constexpr std::vector<Fault> run() && {
    if (insns_.empty()) return {{Fault::Kind::empty, 0}};
    if (insns_.size() > kMaxInsns) return {{Fault::Kind::too_long, 0}};
    for (size_t pc = 0; pc < insns_.size(); ++pc) check_insn(pc);
    uint16_t last = insns_.back().code;
    if (last != kRetK && last != kRetA) add(Fault::Kind::end, insns_.size() - 1);
    if (faults_.empty() && uses_cells_) check_cells();
    return std::move(faults_);
  }

 private:
  constexpr void add(Fault::Kind kind, size_t pc) { faults_.push_back({kind, pc}); }

  // 64-bit sums, so that the offset of a JA cannot wrap.
  constexpr bool is_inside(size_t pc, uint64_t offset) const { return pc + 1 + offset < insns_.size(); }

  constexpr void check_insn(size_t pc) {
    const Insn& insn = insns_[pc];
    const auto info = find_opcode(insn.code);
    if (!info) return add(Fault::Kind::opcode, pc);
    switch (info->form) {
      case Form::load:
        if (insn.k >= kDataSize || insn.k % 4 != 0) add(Fault::Kind::load, pc);
        return;
      case Form::cell:
        uses_cells_ = true;
        if (insn.k >= kCellCount) add(Fault::Kind::cell, pc);
        return;
      case Form::alu_k:
        if (insn.code == kDivK && insn.k == 0) add(Fault::Kind::division, pc);
        if ((insn.code == kLshK || insn.code == kRshK) && insn.k >= 32) add(Fault::Kind::shift, pc);
        return;
      case Form::jump:
        if (!is_inside(pc, insn.k)) add(Fault::Kind::jump, pc);
        return;
      case Form::branch_k:
      case Form::branch_x:
        if (!is_inside(pc, insn.jt)) add(Fault::Kind::branch_yes, pc);
        if (!is_inside(pc, insn.jf)) add(Fault::Kind::branch_no, pc);
        return;
      default: return;
    }
  }

  // Knows each cell only as "written on every way here", in one pass: jumps lead forward, so all ways to an
  // instruction are known when it is reached. Code after a jump that nothing jumps to counts as reached with
  // every cell written; code after a return as reached from the return.
  constexpr void check_cells() {
    std::vector<uint16_t> written_at(insns_.size(), 0xffff);
    uint16_t written = 0;
    auto reach = [&](size_t target) { written_at[target] = static_cast<uint16_t>(written_at[target] & written); };
    for (size_t pc = 0; pc < insns_.size(); ++pc) {
      const Insn& insn = insns_[pc];
      written = static_cast<uint16_t>(written & written_at[pc]);
      switch (find_opcode(insn.code)->form) {
        case Form::cell:
          if (insn.code == kSt || insn.code == kStx) {
            written = static_cast<uint16_t>(written | 1u << insn.k);
          } else if (!(written & 1u << insn.k)) {
            add(Fault::Kind::unwritten, pc);
          }
          break;
        case Form::jump:
          reach(pc + 1 + insn.k);
          written = 0xffff;
          break;
        case Form::branch_k:
        case Form::branch_x:
          reach(pc + 1 + insn.jt);
          reach(pc + 1 + insn.jf);
          written = 0xffff;
          break;
        default: break;
      }
    }
  }

  std::span<const Insn> insns_;
  std::vector<Fault> faults_;
  bool uses_cells_ = false;
};

}  // namespace detail

// In the order of the passes; empty: the kernel takes the program.
constexpr std::vector<Fault> faults_in(std::span<const Insn> insns) { return detail::Verifier(insns).run(); }

}  // namespace cordon::bpf
