// Policies resolved and compiled in constant expressions: the same code, so the same bytes as at run time.
//
//   constexpr auto kInsns = compiler::constant_insns([] { return policy(); });   // std::array<bpf::Insn, N>
//
// The lambda captures nothing and returns a ConstantPolicy (policy/write.h) or a ResolvedPolicy, made in the constant
// expression. What resolve() and compile() answer with an error stops the compiler at a function that is named after it
// (policy::Stop, Stop). bpf::faults_in has found nothing; that the program does what the policy says is proved at run
// time only, with prove::compare.
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
#include "cordon/policy/constant_policy.h"
#include "cordon/policy/packed.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::compiler {

// Functions no constant expression may call: the compiler's message shows their names.
struct Stop {
  static void policy_too_large_more_than_32768_words();
  static void arches_of_both_byte_orders_in_one_policy();
  static void segments_do_not_cover_all_numbers_in_order_or_have_no_last_clause();
  static void a_test_has_no_operand_or_no_mask_or_its_intervals_are_not_in_order();
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

// What resolved_policy.h says of tables: numbers in a gap would get what their neighbours get.
constexpr bool has_whole_tables(const ResolvedPolicy& policy) {
  for (size_t i = 0; i < policy.arches.size(); ++i) {
    if (i > 0 && policy.arches[i].audit_arch <= policy.arches[i - 1].audit_arch) return false;
    uint64_t next = 0;
    for (const Segment& segment : policy.arches[i].segments) {
      if (segment.first != next || segment.last < segment.first) return false;
      if (segment.clauses.empty() || !segment.clauses.back().condition.is_always()) return false;
      next = uint64_t{segment.last} + 1;
    }
    if (next != uint64_t{UINT32_MAX} + 1) return false;
  }
  return true;
}

constexpr bool has_whole_tests(const ResolvedCondition& condition) {
  for (const ResolvedCondition& operand : condition.operands)
    if (!has_whole_tests(operand)) return false;
  if (condition.kind != ResolvedCondition::Kind::test) return true;
  const ResolvedTest& test = condition.test;
  if (test.operand > ResolvedTest::kInstructionPointer || test.mask == 0 || test.allowed.empty()) return false;
  for (size_t i = 0; i < test.allowed.size(); ++i) {
    const Interval& interval = test.allowed[i];
    if (interval.last < interval.first || interval.last > test.mask) return false;
    if (i > 0 && interval.first <= test.allowed[i - 1].last) return false;
  }
  return true;
}

constexpr bool has_whole_tests(const ResolvedPolicy& policy) {
  for (const ArchTable& table : policy.arches)
    for (const Segment& segment : table.segments)
      for (const Clause& clause : segment.clauses)
        if (!has_whole_tests(clause.condition)) return false;
  return true;
}
constexpr ResolvedPolicy resolved(ResolvedPolicy policy) {
  if (!has_whole_tables(policy)) Stop::segments_do_not_cover_all_numbers_in_order_or_have_no_last_clause();
  if (!has_whole_tests(policy)) Stop::a_test_has_no_operand_or_no_mask_or_its_intervals_are_not_in_order();
  return policy;
}
constexpr ResolvedPolicy resolved(const ConstantPolicy& policy) { return policy::resolve_constant(policy); }

// As many instructions as a program may have: their number is known only after they are made.
struct Buffer {
  std::array<bpf::Insn, bpf::kMaxInsns> insns;
  size_t count = 0;
};

template <class Make>
consteval policy::Packed packed(Make make) {
  const policy::Packed result = policy::pack(resolved(make()));
  if (!result.is_complete()) Stop::policy_too_large_more_than_32768_words();
  return result;
}

// A constant of its own: compilers limit what each may take.
template <class Make>
inline constexpr policy::Packed kPacked = packed(Make{});

template <Optimize optimize>
consteval Buffer fill(const policy::Packed& packed) {
  const ResolvedPolicy policy = policy::unpack(packed);
  if (differing_endian(policy) != nullptr) Stop::arches_of_both_byte_orders_in_one_policy();
  Silent silent;
  const std::optional<Assembly> assembly = assemble(policy, {.optimize = optimize}, silent);
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
  constexpr detail::Buffer kBuffer = detail::fill<optimize>(detail::kPacked<Make>);
  std::array<bpf::Insn, kBuffer.count> insns;
  std::copy_n(kBuffer.insns.begin(), kBuffer.count, insns.begin());
  return insns;
}

}  // namespace cordon::compiler
