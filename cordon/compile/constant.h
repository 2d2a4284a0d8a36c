// The compiler in constant expressions: the same stages, so the same bytes as compile() gives at run time.
//
//   constexpr auto kInsns = compiler::constant_insns([] { return policy(); });   // std::array<bpf::Insn, N>
//
// The lambda captures nothing and returns a ResolvedPolicy made in the constant expression. What compile() answers
// with an error stops the compiler at a function that is named after it (Stop). bpf::faults_in has found nothing; that
// the program does what the policy says is proved at run time only, with prove::compare.
// docs/constants.md says how large a policy fits the default limits of compilers. Needs C++20; every inclusion
// brings all stages.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/bpf/faults.h"
#include "cordon/bpf/insn.h"
#include "cordon/compile/optimize.h"
#include "cordon/compile/pipeline.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::compiler {

// Functions no constant expression may call: the compiler's message shows their names.
struct Stop {
  static void arches_of_both_byte_orders_in_one_policy();
  static void program_too_large_too_many_alternatives();
  static void program_too_large_more_than_4096_instructions();
  static void internal_error_the_kernel_would_refuse_the_program();
};

namespace detail {

// Sees the stages of a constant expression: nothing of them is shown.
struct Silent {
  static constexpr bool kKeepsOrigins = false;

  constexpr void on_split(const SplitPolicy&) {}
  constexpr void on_tables(const std::vector<NumberTable>&, const Graph&) {}
  constexpr void on_trees(const std::vector<NumberTable>&, const NumberTrees&) {}
  constexpr void on_graph(const Graph&, NodeId) {}
  constexpr void on_code(const Code&, const BlockBuilder&) {}
  constexpr void on_too_many_alternatives(const SplitPolicy& words) {
    if (!words.arches.empty()) Stop::program_too_large_too_many_alternatives();
  }
};

// As many instructions as a program may have: their number is known only after they are made.
struct Buffer {
  std::array<bpf::Insn, bpf::kMaxInsns> insns;
  size_t count = 0;
};

template <Optimize optimize, class Make>
consteval Buffer fill(Make make) {
  const ResolvedPolicy policy = make();
  if (differing_endian(policy) != nullptr) Stop::arches_of_both_byte_orders_in_one_policy();
  Silent silent;
  const std::optional<Assembly> assembly = assemble(policy, optimize, silent);
  if (assembly->insns.size() > bpf::kMaxInsns) Stop::program_too_large_more_than_4096_instructions();
  if (!bpf::faults_in(assembly->insns).empty()) Stop::internal_error_the_kernel_would_refuse_the_program();
  Buffer buffer{};
  std::copy(assembly->insns.begin(), assembly->insns.end(), buffer.insns.begin());
  buffer.count = assembly->insns.size();
  return buffer;
}

}  // namespace detail

// The program for the policy that `make` returns.
template <Optimize optimize = Optimize::attach, class Make>
consteval auto constant_insns(Make) {
  constexpr detail::Buffer kBuffer = detail::fill<optimize>(Make{});
  std::array<bpf::Insn, kBuffer.count> insns;
  std::copy_n(kBuffer.insns.begin(), kBuffer.count, insns.begin());
  return insns;
}

}  // namespace cordon::compiler
