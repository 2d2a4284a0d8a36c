#include "cordon/compile/compile.h"

#include <algorithm>

#include "cordon/base/text.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/compile/blocks.h"
#include "cordon/compile/dump.h"
#include "cordon/compile/layout.h"
#include "cordon/compile/peephole.h"
#include "cordon/compile/provenance.h"
#include "cordon/compile/prune.h"
#include "cordon/compile/split.h"
#include "cordon/compile/tree.h"

namespace cordon::compiler {
namespace {

// How far the kernel's emulator goes through the numbers (NR_syscalls of today's kernels).
constexpr uint32_t kNumbersEnd = 480;
constexpr uint64_t kStepsPerTestAttach = 400;  // from 27 to 400 attach times lie within a few percent, and sizes fall
constexpr uint64_t kStepsPerTestSize = UINT64_C(1) << 40;
constexpr uint64_t kStepsPerTestArgument = 24;  // a chain of more than seven values is cut in two

PlanOptions number_plan(Optimize optimize) {
  PlanOptions options;
  options.numbers_end = kNumbersEnd;
  options.steps_per_test = optimize == Optimize::size ? kStepsPerTestSize : kStepsPerTestAttach;
  options.plain = optimize == Optimize::none;
  return options;
}

BlockOptions block_options(Optimize optimize) {
  BlockOptions options;
  options.plan.steps_per_test = optimize == Optimize::size ? kStepsPerTestSize : kStepsPerTestArgument;
  options.plan.plain = optimize == Optimize::none;
  options.group = optimize != Optimize::none;
  options.use_bits = optimize != Optimize::none;
  return options;
}

std::string arch_text(uint32_t audit_arch) {
  std::optional<Arch> arch = abi::arch_of_call(audit_arch, 0);
  return arch ? std::string(abi::name(*arch)) : base::hex(audit_arch);
}

const ArchTable* differing_endian(const ResolvedPolicy& policy) {
  for (const ArchTable& arch : policy.arches) {
    if (arch.endian != policy.arches.front().endian) return &arch;
  }
  return nullptr;
}

Diagnostic mixed_endian(const ArchTable& one, const ArchTable& other) {
  Diagnostic error;
  error.code = "mixed-endian";
  error.message = "one program cannot serve " + arch_text(one.audit_arch) + " and " + arch_text(other.audit_arch) +
                  ": their byte orders differ, and a filter reads arguments in the machine's";
  error.hint = "compile one program for each byte order";
  return error;
}

template <class Text>
void dump(const CompileOptions& options, Text text) {
  if (options.dump != nullptr) options.dump->push_back(text());
}

}  // namespace

Result<Filter> compile(const ResolvedPolicy& policy, const CompileOptions& options) {
  dump(options, [&] { return dump_resolved(policy); });
  if (const ArchTable* other = differing_endian(policy)) return mixed_endian(policy.arches.front(), *other);
  Endian endian = policy.arches.empty() ? Endian::little : policy.arches.front().endian;
  bool plain = options.optimize == Optimize::none;

  SplitPolicy words = split(policy);
  dump(options, [&] { return dump_split(words); });

  Graph graph({.share = !plain});
  BlockBuilder blocks(graph, block_options(options.optimize));
  std::vector<NumberTable> tables = build_tables(words, blocks);
  if (blocks.is_exceeded()) return too_many_alternatives(words);
  const NumberTrees trees = plan_numbers(tables, number_plan(options.optimize));
  dump(options, [&] { return dump_trees(tables, trees); });

  DispatchOptions dispatch{abi::info(abi::native_arch()).audit_arch, words.bad_arch, number_plan(options.optimize)};
  NodeId root = attach_trees(tables, trees, dispatch, graph);
  bool is_tight = false;
  if (!plain) {
    Pruned pruned = prune(graph, root, {});
    root = pruned.root;
    is_tight = pruned.is_exact;
    blocks.attribute(pruned.replacements);
  }
  dump(options, [&] { return dump_graph(graph, root); });

  Code code = layout(graph, root, endian);
  if (!plain) code = peephole(std::move(code));

  std::vector<std::vector<Origin>> origins = provenance(code, blocks);
  if (code.insns.size() > bpf::kMaxInsns) return too_large(code, origins);
  Result<bpf::Program> program = bpf::Program::create(std::move(code.insns));
  CORDON_ASSERT(program, "layout emits only what the kernel admits");
  dump(options, [&] { return bpf::disassemble(*program, {.endian = endian, .comments = true, .annotate = {}}); });

  bpf::Cost cost = bpf::cost(*program);
  const auto dispatch_tests = static_cast<uint32_t>(tables.size()) + trees.test_count();
  CompileReport report{cost.insn_count, cost.longest_path, dispatch_tests, static_cast<uint32_t>(graph.size()),
                       is_tight};
  return Filter{std::move(*program), std::move(origins), report, endian};
}

}  // namespace cordon::compiler
