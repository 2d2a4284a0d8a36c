#include "cordon/prove/decompile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/multiplex.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/synthesise.h"

namespace cordon::prove {
namespace {

// Long lists are proved in so many times the steps of one diagram.
constexpr uint64_t kPartAttempts = 48;

using diagram::Node;
using diagram::Piece;

Diagnostic failed(std::string code, std::string message) {
  return {Severity::error, std::move(code), {}, std::move(message), "'cordon disasm' shows its instructions", {}};
}

// Answers by how many numbers have them, the most first.
class Tally {
 public:
  void add(const NamedAction& action, uint64_t count) {
    for (auto& [known, total] : counts_)
      if (is_same(known, action)) {
        total += count;
        return;
      }
    counts_.emplace_back(action, count);
  }
  std::optional<NamedAction> most() const {
    const auto best = std::max_element(counts_.begin(), counts_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return best == counts_.end() ? std::nullopt : std::optional(best->first);
  }

 private:
  std::vector<std::pair<NamedAction, uint64_t>> counts_;
};

std::optional<NamedAction> answer_at(const AbiTable& abi, uint32_t number) {
  const Node node = abi.at(number);
  if (!abi.diagram->manager.is_leaf(node)) return std::nullopt;
  return named_action(policy::from_ret(static_cast<uint32_t>(abi.diagram->manager.value(node))), abi.arch);
}

// What numbers beyond the ABI's table get.
std::optional<NamedAction> answer_beyond(const AbiTable& abi) {
  uint32_t last = 0;
  for (const Piece& piece : abi.pieces)
    if (piece.first != UINT32_MAX) last = std::min(piece.last, UINT32_MAX - 1);
  return answer_at(abi, last);
}

void add_distinct(std::vector<NamedAction>& actions, const std::optional<NamedAction>& action) {
  if (!action) return;
  const bool is_known =
      std::any_of(actions.begin(), actions.end(), [&](const NamedAction& known) { return is_same(known, *action); });
  if (!is_known) actions.push_back(*action);
}

// What the ABI's numbers get that nobody thought of: holes of the table, else those beyond it, else most calls.
std::optional<NamedAction> usual_answer(const AbiTable& abi) {
  Tally holes, calls;
  const size_t count = abi::syscall_count(abi.arch);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t number = abi::syscall_at(abi.arch, i).number;
    if (const auto answer = answer_at(abi, number)) calls.add(*answer, 1);
    const bool is_before_hole = i + 1 < count && abi::syscall_at(abi.arch, i + 1).number != number + 1;
    if (!is_before_hole || number + 1 >= abi::table_end(abi.arch)) continue;
    if (const auto answer = answer_at(abi, number + 1))
      holes.add(*answer, abi::syscall_at(abi.arch, i + 1).number - number - 1);
  }
  if (auto answer = holes.most()) return answer;
  if (auto answer = answer_beyond(abi)) return answer;
  return calls.most();
}

std::vector<NamedAction> possible_defaults(const std::vector<AbiTable*>& abis) {
  std::vector<NamedAction> actions;
  for (const AbiTable* abi : abis) add_distinct(actions, usual_answer(*abi));
  for (const AbiTable* abi : abis) add_distinct(actions, answer_beyond(*abi));
  if (!actions.empty()) return actions;
  // No number has one answer: the strictest is for what conditions leave.
  const AbiTable& abi = *abis.front();
  const diagram::Manager& manager = abi.diagram->manager;
  for (Node leaf : diagram::leaves(manager, abi.pieces.front().node))
    add_distinct(actions, named_action(policy::from_ret(static_cast<uint32_t>(manager.value(leaf))), abi.arch));
  std::stable_sort(actions.begin(), actions.end(),
                   [](const NamedAction& a, const NamedAction& b) { return a.action.kind < b.action.kind; });
  return actions;
}

// The kernel that leaves the fewest calls to be named; the newest of several.
KernelVersion best_since(const std::vector<AbiTable*>& abis, const Shape& shape) {
  std::map<KernelVersion, int> surplus;  // what a version costs more than the one before
  surplus[abi::newest_kernel()];
  int cost = 0;
  for (const AbiTable* abi : abis)
    for (size_t i = 0; i < abi::syscall_count(abi->arch); ++i) {
      const abi::NumberedName call = abi::syscall_at(abi->arch, i);
      const auto since = abi::since(call.name, abi->arch);
      const auto answer = answer_at(*abi, call.number);
      if (!since || !answer) continue;
      const int as_unknown = is_same(*answer, *shape.unknown) ? 0 : 1;
      const int as_known = is_same(*answer, shape.default_action) ? 0 : 1;
      cost += as_unknown;
      surplus[*since] += as_known - as_unknown;
    }
  KernelVersion best = abi::newest_kernel();
  std::optional<int> least;
  for (const auto& [version, more] : surplus) {
    cost += more;
    if (least && cost > *least) continue;
    least = cost;
    best = version;
  }
  return best;
}

// With the default given: one ABI that differs from the others gets a rule of its own for all that is left.
Shape shape_with(const NamedAction& action, const std::vector<AbiTable*>& abis) {
  Shape shape{action, std::nullopt, {}, {}, false};
  if (abis.size() == 1) return shape;
  for (const AbiTable* abi : abis)
    if (const auto usual = usual_answer(*abi); usual && !is_same(*usual, action)) shape.bases[abi->arch] = *usual;
  return shape;
}

// What numbers beyond the tables get, if it is the same on all ABIs that have the default.
std::optional<NamedAction> common_answer_beyond(const std::vector<AbiTable*>& abis, const Shape& shape) {
  std::optional<NamedAction> common;
  for (const AbiTable* abi : abis) {
    if (shape.bases.contains(abi->arch)) continue;
    const auto answer = answer_beyond(*abi);
    if (!answer || (common && !is_same(*common, *answer))) return std::nullopt;
    common = answer;
  }
  return common;
}

std::vector<Shape> possible_shapes(const std::vector<AbiTable*>& abis) {
  std::vector<Shape> shapes;
  for (const NamedAction& action : possible_defaults(abis)) {
    Shape shape = shape_with(action, abis);
    shapes.push_back(shape);
    shape.unknown = common_answer_beyond(abis, shape);
    if (!shape.unknown || is_same(*shape.unknown, action)) continue;
    shape.since = best_since(abis, shape);
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

bool has_multiplexer(const std::vector<AbiTable*>& abis) {
  return std::any_of(abis.begin(), abis.end(), [](const AbiTable* abi) {
    const auto all = policy::multiplexers();
    return std::any_of(all.begin(), all.end(), [abi](const policy::Multiplexer& one) {
      return abi::number_of(one.name, abi->arch).has_value();
    });
  });
}

// By its name where all the architectures have the same number for it.
NamedAction bad_arch_of(Action action, const std::vector<Arch>& arches) {
  NamedAction named = named_action(action, arches.empty() ? abi::native_arch() : arches.front());
  for (Arch arch : arches)
    if (!named.errno_name.empty() && abi::errno_number(named.errno_name, arch) != action.data) named.errno_name.clear();
  return named;
}

std::string first_error(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems)
    if (problem.severity == Severity::error) return problem.message;
  return {};
}

std::string difference(const Comparison& comparison) {
  for (const std::optional<Witness>* one : {&comparison.looser, &comparison.tighter, &comparison.data})
    if (one->has_value())
      return policy::describe_whole_call((*one)->call) + " gets " +
             policy::to_string((*one)->right, abi::native_arch()) + ", not " +
             policy::to_string((*one)->left, abi::native_arch());
  return {};
}

// What the search gave up on, and whether more work could find it.
Diagnostic no_form(const PolicySynthesis& synthesis, const ProgramTables& tables) {
  for (const auto& diagram : tables.diagrams)
    if (diagram && diagram->manager.exhausted())
      return {Severity::error,
              "decompile-too-large",
              {},
              "no rules were found within the bound on work for " + synthesis.problem(),
              kMoreWork,
              {}};
  return failed("decompile-no-form", "no policy in reach says " + synthesis.problem());
}

class Decompiler {
 public:
  Decompiler(std::span<const bpf::Program> programs, const DecompileOptions& options)
      : programs_(programs), options_(options) {}

  Result<Decompiled> run() {
    CORDON_TRY(tables, tables_of(programs_, {options_.max_steps}));
    if (tables.abis.empty()) {
      Policy policy;
      policy.arches = {options_.arch};
      policy.bad_arch = bad_arch_of(tables.bad_arch, policy.arches);
      policy.default_action = policy.bad_arch;
      return proved(std::move(policy));
    }
    PolicySynthesis synthesis(tables);
    std::optional<Synthesised> best;
    Shape best_shape;
    for (const Shape& shape : possible_shapes(synthesis.abis())) {
      auto found = synthesis.with(shape);
      if (!found) break;
      if (best && best->cost <= found->cost) continue;
      best = std::move(found);
      best_shape = shape;
    }
    if (!best) return no_form(synthesis, tables);
    return proved_of(synthesis, std::move(*best), best_shape, tables);
  }

 private:
  // What a rule for a call says of the multiplexer that stands for it may be just what the filter answers; else the
  // multiplexer gets rules of its own.
  Result<Decompiled> proved_of(PolicySynthesis& synthesis, Synthesised best, Shape shape, const ProgramTables& tables) {
    best.policy.bad_arch = bad_arch_of(tables.bad_arch, best.policy.arches);
    Result<Decompiled> result = proved(std::move(best.policy));
    if (result || !has_multiplexer(synthesis.abis())) return result;
    shape.has_multiplexers_apart = true;
    auto found = synthesis.with(shape);
    if (!found) return no_form(synthesis, tables);
    found->policy.bad_arch = bad_arch_of(tables.bad_arch, found->policy.arches);
    return proved(std::move(found->policy));
  }

  Result<Decompiled> proved(Policy policy) const {
    Result<ResolvedPolicy> resolved = policy::resolve(policy, {});
    if (!resolved)
      return failed("decompile-not-proved",
                    "the policy that was found does not hold together: " + first_error(resolved.error()));
    CompareOptions comparing;
    comparing.encode.max_steps = options_.max_proof_steps;
    comparing.encode.max_part_steps = kPartAttempts * options_.max_proof_steps;
    comparing.encode.endian = abi::info(policy.arches.front()).endian;
    const Comparison comparison = compare(&*resolved, programs_, comparing);
    if (comparison.verdict == Verdict::undecided)
      return failed("decompile-not-proved", "the policy that was found could not be compared with the filter within " +
                                                std::to_string(comparison.steps) + " steps");
    if (comparison.verdict != Verdict::equal)
      return failed(
          "decompile-not-proved",
          "the policy that was found does not answer every call as the filter does: " + difference(comparison));
    return Decompiled{std::move(policy), std::move(*resolved)};
  }

  std::span<const bpf::Program> programs_;
  DecompileOptions options_;
};

}  // namespace

Result<Decompiled> decompile(std::span<const bpf::Program> programs, const DecompileOptions& options) {
  return Decompiler(programs, options).run();
}

Result<Decompiled> decompile(const bpf::Program& program, const DecompileOptions& options) {
  return decompile(std::span(&program, 1), options);
}

}  // namespace cordon::prove
