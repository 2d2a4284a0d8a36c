// Two functions of a call in one manager, so that equal functions are the same node.
//
//   const Meaning policy(resolved), program(std::span(&filter.program, 1));
//   Result<Pair>... encode_pair(policy, program, {})
//
// A function is a resolved policy, or the programs of a stack, which the kernel asks all: the strictest action
// wins, and the newest's data between equals.
//
// Only calls that can occur count (the care set): where the kernel clears the upper halves of registers before a
// filter sees them (ppc, sparc) they are zero. Elsewhere they count on 32-bit ABIs too: i386's `int 0x80` made by
// 64-bit code shows a filter whole registers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "cordon/bpf/program.h"
#include "cordon/diagram/manager.h"
#include "cordon/policy/resolved_policy.h"
#include "cordon/prove/stand_ins.h"

namespace cordon::prove {

// The oldest program first, as they were attached.
using Meaning = std::variant<const ResolvedPolicy*, std::span<const bpf::Program>>;

struct EncodeOptions {
  Endian endian = Endian::little;        // of the machine that runs the programs
  uint64_t max_steps = 2'000'000;        // for each attempt; about 40 ms
  uint64_t max_part_steps = 96'000'000;  // for a proof place by place (cut_points.h); some seconds, rarely used up
  bool exempt_uprobe_calls = false;      // numbers 335 and 336 of x86_64, which newer kernels do not filter
  Standing stand_ins = Standing::none;   // values that are taken for words that may be anything
};

struct Pair {
  diagram::Manager manager;
  diagram::Node left = 0, right = 0;
};

// Why a pair could not be encoded within the bound.
struct Undecided {
  std::optional<uint32_t> pc;  // the instruction of a program; none: a policy's conditions
  uint32_t program = 0;        // which of a stack
  bool is_left = false;
  uint64_t steps = 0;
};

std::variant<Pair, Undecided> encode_pair(const Meaning& left, const Meaning& right, const EncodeOptions& options);

}  // namespace cordon::prove
