#include "cordon/compile/compile.h"

#include <optional>
#include <utility>

#include "cordon/base/text.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/compile/bit_tests.h"
#include "cordon/compile/dump.h"
#include "cordon/compile/pipeline.h"
#include "cordon/compile/provenance.h"

namespace cordon::compiler {
namespace {

std::string arch_text(uint32_t audit_arch) {
  std::optional<Arch> arch = abi::arch_of_call(audit_arch, 0);
  return arch ? std::string(abi::name(*arch)) : base::hex(audit_arch);
}

Diagnostic mixed_endian(const ArchTable& one, const ArchTable& other) {
  Diagnostic error;
  error.code = "mixed-endian";
  error.message = "one program cannot serve " + arch_text(one.audit_arch) + " and " + arch_text(other.audit_arch) +
                  ": their byte orders differ, and a filter reads arguments in the machine's";
  error.hint = "compile one program for each byte order";
  return error;
}

// Writes down each stage where somebody asked for that, and keeps what tells why instructions are there.
class Recorder {
 public:
  static constexpr bool kKeepsOrigins = true;

  Recorder(const CompileOptions& options, const std::vector<BitTest>& bits) : dump_(options.dump), bits_(bits) {}

  void on_split(const SplitPolicy& words) {
    dump([&] { return dump_split(words); });
  }
  void on_tables(std::vector<NumberTable>& tables, Graph& graph) const {
    if (!bits_.empty()) tables = with_bit_tests(tables, bits_, graph);
  }
  void on_trees(const std::vector<NumberTable>& tables, const NumberTrees& trees) {
    dump([&] { return dump_trees(tables, trees); });
  }
  void on_graph(const Graph& graph, NodeId root) {
    dump([&] { return dump_graph(graph, root); });
  }
  void on_code(const Code& code, const BlockBuilder& blocks) {
    origins_ = provenance(code, blocks);
    if (code.insns.size() > bpf::kMaxInsns) failure_ = too_large(code, origins_);
  }
  void on_too_many_alternatives(const SplitPolicy& words) { failure_ = too_many_alternatives(words); }

  template <class Text>
  void dump(Text text) {
    if (dump_ != nullptr) dump_->push_back(text());
  }

  std::optional<Diagnostic>& failure() { return failure_; }
  std::vector<std::vector<Origin>>& origins() { return origins_; }

 private:
  std::vector<std::string>* dump_;
  const std::vector<BitTest>& bits_;
  std::optional<Diagnostic> failure_;
  std::vector<std::vector<Origin>> origins_;
};

// Puts bit tests to the trial: how large a program becomes by them.
class Trial {
 public:
  static constexpr bool kKeepsOrigins = false;

  void on_split(const SplitPolicy&) {}
  void on_tables(std::vector<NumberTable>& tables, Graph& graph) {
    tables_ = tables;
    if (!bits.empty()) tables = with_bit_tests(tables, bits, graph);
  }
  void on_trees(const std::vector<NumberTable>&, const NumberTrees&) {}
  void on_graph(const Graph&, NodeId) {}
  void on_code(const Code&, const BlockBuilder&) {}
  void on_too_many_alternatives(const SplitPolicy&) {}

  const std::vector<NumberTable>& tables() const { return tables_; }  // without the bit tests

  std::vector<BitTest> bits;

 private:
  std::vector<NumberTable> tables_;
};

// The same for the same policy: the labels in its tables are, too.
std::vector<BitTest> best_bit_tests(const ResolvedPolicy& policy, const Goal& goal) {
  constexpr uint32_t kWalks = 4;
  Trial trial;
  std::optional<Assembly> assembly = assemble(policy, goal, trial);
  if (!assembly) return {};
  size_t least = assembly->insns.size();
  const std::vector<NumberTable> tables = trial.tables();
  std::vector<BitTest> best;
  for (uint32_t seed = 1; seed <= kWalks; ++seed) {
    trial.bits = find_bit_tests(tables, {.seed = seed});
    if (trial.bits.empty()) continue;
    assembly = assemble(policy, goal, trial);
    if (!assembly || assembly->insns.size() >= least) continue;
    least = assembly->insns.size();
    best = trial.bits;
  }
  return best;
}

}  // namespace

Result<Filter> compile(const ResolvedPolicy& policy, const CompileOptions& options) {
  if (const ArchTable* other = differing_endian(policy)) return mixed_endian(policy.arches.front(), *other);
  const Goal goal{options.optimize, options.weights};
  std::vector<BitTest> bits;
  if (options.optimize == Optimize::max) bits = best_bit_tests(policy, goal);
  Recorder recorder(options, bits);
  recorder.dump([&] { return dump_resolved(policy); });
  const Endian endian = endian_of(policy);

  std::optional<Assembly> assembly = assemble(policy, goal, recorder);
  if (recorder.failure()) return std::move(*recorder.failure());
  Result<bpf::Program> program = bpf::Program::create(std::move(assembly->insns));
  CORDON_ASSERT(program, "layout emits only what the kernel admits");
  recorder.dump([&] { return bpf::disassemble(*program, {.endian = endian, .comments = true, .annotate = {}}); });

  bpf::Cost cost = bpf::cost(*program);
  CompileReport report{cost.insn_count, cost.longest_path, assembly->dispatch_tests, assembly->node_count,
                       assembly->is_tight};
  return Filter{std::move(*program), std::move(recorder.origins()), report, endian};
}

}  // namespace cordon::compiler
