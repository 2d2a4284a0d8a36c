// The body of peephole.h.
#pragma once

#include <cstdint>
#include <vector>

namespace cordon::compiler {
namespace detail {

constexpr bool is_conditional(uint16_t code) {
  switch (code) {
    case bpf::kJeqK:
    case bpf::kJeqX:
    case bpf::kJgtK:
    case bpf::kJgtX:
    case bpf::kJgeK:
    case bpf::kJgeX:
    case bpf::kJsetK:
    case bpf::kJsetX: return true;
    default: return false;
  }
}

constexpr bool is_return(uint16_t code) { return code == bpf::kRetK || code == bpf::kRetA; }

// Where an instruction goes on; two targets for a test, one for anything else, absolute.
struct Targets {
  uint32_t yes = 0;
  uint32_t no = 0;
};

constexpr std::vector<Targets> absolute_targets(const std::vector<bpf::Insn>& insns) {
  std::vector<Targets> targets(insns.size());
  for (uint32_t pc = 0; pc < insns.size(); ++pc) {
    const bpf::Insn& insn = insns[pc];
    targets[pc] = {pc + 1, pc + 1};
    if (insn.code == bpf::kJa) targets[pc] = {pc + 1 + insn.k, pc + 1 + insn.k};
    if (is_conditional(insn.code)) targets[pc] = {pc + 1 + insn.jt, pc + 1 + insn.jf};
  }
  return targets;
}

// Nothing to improve: no jumps, no test with equal sides, and every instruction is reached.
constexpr bool is_plain(const std::vector<bpf::Insn>& insns) {
  std::vector<char> live(insns.size(), 0);
  live[0] = 1;
  for (size_t pc = 0; pc < insns.size(); ++pc) {
    const bpf::Insn& insn = insns[pc];
    if (insn.code == bpf::kJa || !live[pc]) return false;
    if (is_return(insn.code)) continue;
    bool tests = is_conditional(insn.code);
    if (tests && insn.jt == insn.jf) return false;
    live[pc + 1 + (tests ? insn.jt : 0)] = 1;
    if (tests) live[pc + 1 + insn.jf] = 1;
  }
  return true;
}

// Backwards, so that what a jump leads to is already threaded.
constexpr void thread_jumps(std::vector<bpf::Insn>& insns, std::vector<Targets>& targets) {
  for (uint32_t pc = static_cast<uint32_t>(insns.size()); pc-- > 0;) {
    bpf::Insn& insn = insns[pc];
    if (insn.code == bpf::kJa) {
      uint32_t target = targets[pc].yes;
      if (insns[target].code == bpf::kJa) target = targets[target].yes;
      targets[pc] = {target, target};
      if (insns[target].code == bpf::kRetK) insn = insns[target];
    } else if (is_conditional(insn.code)) {
      for (uint32_t* side : {&targets[pc].yes, &targets[pc].no}) {
        if (insns[*side].code == bpf::kJa && targets[*side].yes - pc - 1 <= 255) *side = targets[*side].yes;
      }
      if (targets[pc].yes == targets[pc].no) insn = {bpf::kJa, 0, 0, 0};
    }
  }
}

constexpr std::vector<char> reached(const std::vector<bpf::Insn>& insns, const std::vector<Targets>& targets) {
  std::vector<char> live(insns.size(), 0);
  live[0] = 1;
  for (uint32_t pc = 0; pc < insns.size(); ++pc) {
    if (!live[pc] || is_return(insns[pc].code)) continue;
    live[targets[pc].yes] = 1;
    live[targets[pc].no] = 1;
  }
  return live;
}

}  // namespace detail

constexpr Code peephole(Code code) {
  if (detail::is_plain(code.insns)) return code;
  std::vector<detail::Targets> targets = detail::absolute_targets(code.insns);
  detail::thread_jumps(code.insns, targets);
  std::vector<char> live = detail::reached(code.insns, targets);
  // A jump whose target is the next instruction that stays vanishes too.
  uint32_t next_live = static_cast<uint32_t>(code.insns.size());
  for (uint32_t pc = next_live; pc-- > 0;) {
    if (live[pc] && code.insns[pc].code == bpf::kJa && targets[pc].yes == next_live) {
      live[pc] = 0;
      continue;  // jumps to it land on the next one
    }
    if (live[pc]) next_live = pc;
  }
  std::vector<uint32_t> moved(code.insns.size() + 1, 0);
  uint32_t count = 0;
  for (size_t pc = 0; pc < code.insns.size(); ++pc) {
    moved[pc] = count;
    if (live[pc]) ++count;
  }
  Code result;
  for (uint32_t pc = 0; pc < code.insns.size(); ++pc) {
    if (!live[pc]) continue;
    bpf::Insn insn = code.insns[pc];
    if (insn.code == bpf::kJa) insn.k = moved[targets[pc].yes] - moved[pc] - 1;
    if (detail::is_conditional(insn.code)) {
      insn.jt = static_cast<uint8_t>(moved[targets[pc].yes] - moved[pc] - 1);
      insn.jf = static_cast<uint8_t>(moved[targets[pc].no] - moved[pc] - 1);
    }
    result.insns.push_back(insn);
    result.nodes.push_back(code.nodes[pc]);
  }
  return result;
}

}  // namespace cordon::compiler
