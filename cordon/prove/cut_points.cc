#include "cordon/prove/cut_points.h"

#include <algorithm>
#include <utility>

#include "cordon/prove/chain.h"
#include "cordon/prove/cut_proof.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/guess.h"
#include "cordon/prove/known_words.h"
#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

// Most lists need no more with whole comparisons; what is left of the bound is for divided ones.
constexpr uint64_t kStepsForWhole = 5'000'000;

// A comparison of 64 bits leaves the upper words in ranges, such as "not zero"; of the lower words only values that
// are known matter.
uint16_t words_with_ranges(Endian endian) {
  return static_cast<uint16_t>(upper_words(endian) | 1u << kNrWord | 1u << kArchWord);
}

CutPointProof attempt(const ResolvedPolicy& policy, const Execution& execution, Chains chains,
                      const EncodeOptions& options, uint64_t max_steps) {
  diagram::Cuts cuts;
  collect_cuts(policy, cuts);
  collect_cuts(execution, cuts);
  Manager manager(diagram::Order::of_words(word_order(options.endian, policy), cuts), {max_steps});
  chains.encode(manager);
  const std::vector<KnownWords> known = known_words(execution, words_with_ranges(options.endian));
  const std::vector<Guess> guesses = guess_steps(manager, chains, execution, known, options.endian);
  CutProof proof(manager, chains);
  const Node wanted = encode_policy(manager, policy, [&](const ArchTable&, const Segment& segment) {
    const auto chain = chains.of(segment);
    return chain ? std::optional(manager.leaf(Chains::leaf_of(chains.whole(*chain)))) : std::nullopt;
  });
  const Replacing replacing{
      .wants = [&](uint32_t step) { return guesses[step].subset != kNoGuess; },
      .instead = [&](uint32_t step,
                     Node node) { return proof.cut(node, guesses[step], encode_known(manager, known[step])); }};
  const ProgramNode found = encode_program(manager, execution, Leaves::actions, replacing);
  const bool is_equal = !found.undecided_at && proof.same(found.node, wanted, Manager::kTrue) && !manager.exhausted();
  return {is_equal, manager.steps()};
}

}  // namespace

CutPointProof equal_by_cut_points(const ResolvedPolicy& policy, const bpf::Program& program,
                                  const EncodeOptions& options) {
  Chains whole(policy, Comparisons::whole);
  if (whole.empty()) return {};
  const Execution execution(program);
  if (execution.overflow()) return {};
  const uint64_t bound = options.max_part_steps;
  const CutPointProof first =
      attempt(policy, execution, std::move(whole), options, std::min(kStepsForWhole, bound / 6 * 5));
  if (first.is_equal || first.steps >= bound) return first;
  const CutPointProof second =
      attempt(policy, execution, Chains(policy, Comparisons::divided), options, bound - first.steps);
  return {second.is_equal, first.steps + second.steps};
}

CutPointProof equal_by_cut_points(const Meaning& left, const Meaning& right, const EncodeOptions& options) {
  for (const auto& [policy, programs] : {std::pair(&left, &right), std::pair(&right, &left)}) {
    auto* resolved = std::get_if<const ResolvedPolicy*>(policy);
    auto* stack = std::get_if<std::span<const bpf::Program>>(programs);
    if (resolved != nullptr && stack != nullptr && stack->size() == 1)
      return equal_by_cut_points(**resolved, stack->front(), options);
  }
  return {};
}

}  // namespace cordon::prove
