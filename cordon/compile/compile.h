// The compiler: ResolvedPolicy in, BPF program out.
//
//   Result<Filter> filter = compiler::compile(resolved, {});
//
// split (64-bit tests to 32-bit words) -> blocks (a hash-consed graph for the clauses of each number) -> tree
// (numbers and arches over them) -> prune (what no call reaches) -> layout (jumps, the 255 limit) -> peephole ->
// verify. Each stage is one call and has a public type; pipeline.h has them in order, and constant.h runs them in
// constant expressions.
// The namespace is `compiler`, as the library's function is cordon::compile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/compile/optimize.h"
#include "cordon/compile/weights.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon {

// Figures a program can be judged by.
struct CompileReport {
  uint32_t insn_count = 0;
  uint32_t longest_path = 0;    // instructions
  uint32_t dispatch_tests = 0;  // comparisons of number and arch
  uint32_t node_count = 0;      // of the shared graph
  bool is_tight = false;        // every test was found to be one that calls answer both ways
};

// A program and why each of its instructions is there.
struct Filter {
  bpf::Program program;
  // Per instruction: the clause's origin for returns; no value for tests that serve several.
  std::vector<std::vector<Origin>> provenance;
  CompileReport report;
  Endian endian = Endian::little;
};

namespace compiler {

struct CompileOptions {
  Optimize optimize = Optimize::attach;
  // Called after each stage with its name and a text of its result; for --dump.
  std::vector<std::string>* dump = nullptr;  // "resolved", "split", "tree", "dag", "program" in order
  // What calls are worth a short way; weights_of makes them.
  std::vector<NumberWeight> weights{};
};

// The same program for the same policy, however it was searched for. Errors: arches of both byte orders in one policy;
// more than 4096 instructions (with the biggest rules named).
Result<Filter> compile(const ResolvedPolicy& policy, const CompileOptions& options);

}  // namespace compiler
}  // namespace cordon
