// The stages of the compiler in their order, for compile() at run time and constant.h in constant expressions.
//
//   struct Silent { static constexpr bool kKeepsOrigins = false; ... };
//   std::optional<Assembly> assembly = assemble(policy, {.optimize = Optimize::attach}, watcher);
//
// What only one of them wants, texts and origins, is the watcher's: it sees the result of each stage, and may put other
// nodes that mean the same into the tables of numbers. All bodies of
// the stages come with this header, so only the two that run them include it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/bpf/insn.h"
#include "cordon/compile/blocks.h"
#include "cordon/compile/layout.h"
#include "cordon/compile/number_trees.h"
#include "cordon/compile/optimize.h"
#include "cordon/compile/peephole.h"
#include "cordon/compile/prune.h"
#include "cordon/compile/split.h"
#include "cordon/compile/tree.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::compiler {

// Instructions nobody has counted or verified yet, and the figures of the stages before them.
struct Assembly {
  std::vector<bpf::Insn> insns;
  uint32_t dispatch_tests = 0;
  uint32_t node_count = 0;
  bool is_tight = false;
};

// An arch of another byte order than the first one's; null: one program can serve all of them.
constexpr const ArchTable* differing_endian(const ResolvedPolicy& policy) {
  for (const ArchTable& arch : policy.arches) {
    if (arch.endian != policy.arches.front().endian) return &arch;
  }
  return nullptr;
}

constexpr Endian endian_of(const ResolvedPolicy& policy) {
  return policy.arches.empty() ? Endian::little : policy.arches.front().endian;
}

namespace detail {

// How far the kernel's emulator goes through the numbers (NR_syscalls of today's kernels).
inline constexpr uint32_t kNumbersEnd = 480;
// From 27 to 400 attach times lie within a few percent, and sizes fall.
inline constexpr uint64_t kStepsPerTestAttach = 400;
inline constexpr uint64_t kStepsPerTestSize = UINT64_C(1) << 40;
inline constexpr uint64_t kStepsPerTestArgument = 24;  // a chain of more than seven values is cut in two

constexpr bool is_for_size(Optimize optimize) { return optimize == Optimize::size || optimize == Optimize::max; }

constexpr PlanOptions number_plan(const Goal& goal) {
  const Optimize optimize = goal.optimize;
  PlanOptions options;
  options.weights = goal.weights;
  options.numbers_end = kNumbersEnd;
  options.steps_per_test = is_for_size(optimize) ? kStepsPerTestSize : kStepsPerTestAttach;
  options.plain = optimize == Optimize::none;
  return options;
}

constexpr BlockOptions block_options(Optimize optimize) {
  BlockOptions options;
  options.plan.steps_per_test = is_for_size(optimize) ? kStepsPerTestSize : kStepsPerTestArgument;
  options.plan.plain = optimize == Optimize::none;
  options.group = optimize != Optimize::none;
  options.use_bits = optimize != Optimize::none;
  return options;
}

}  // namespace detail

// All arches have one byte order. No value: the watcher was told that there are too many alternatives.
template <class Watcher>
constexpr std::optional<Assembly> assemble(const ResolvedPolicy& policy, const Goal& goal, Watcher& watcher) {
  const Optimize optimize = goal.optimize;
  const bool plain = optimize == Optimize::none;
  const PlanOptions number_plan = detail::number_plan(goal);

  const SplitPolicy words = split(policy);
  watcher.on_split(words);

  Graph graph({.share = !plain});
  BlockOptions block_options = detail::block_options(optimize);
  block_options.keep_origins = Watcher::kKeepsOrigins;
  BlockBuilder blocks(graph, block_options);
  std::vector<NumberTable> tables = build_tables(words, blocks);
  if (blocks.is_exceeded()) {
    watcher.on_too_many_alternatives(words);
    return std::nullopt;
  }
  watcher.on_tables(tables, graph);
  const NumberTrees trees = plan_numbers(tables, number_plan);
  watcher.on_trees(tables, trees);

  const DispatchOptions dispatch{abi::info(abi::native_arch()).audit_arch, words.bad_arch, number_plan};
  NodeId root = attach_trees(tables, trees, dispatch, graph);
  bool is_tight = false;
  if (!plain) {
    const Pruned pruned = prune(graph, root, {});
    root = pruned.root;
    is_tight = pruned.is_exact;
    blocks.attribute(pruned.replacements);
  }
  watcher.on_graph(graph, root);

  Code code = layout(graph, root, endian_of(policy));
  if (!plain) code = peephole(std::move(code));
  watcher.on_code(code, blocks);

  const auto dispatch_tests = static_cast<uint32_t>(tables.size()) + trees.test_count();
  return Assembly{std::move(code.insns), dispatch_tests, static_cast<uint32_t>(graph.size()), is_tight};
}

}  // namespace cordon::compiler
