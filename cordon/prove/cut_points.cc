#include "cordon/prove/cut_points.h"

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

// Instead of one diagram of everything there are hundreds of small ones.
constexpr uint64_t kAttempts = 48;

// A comparison of 64 bits leaves the upper words in ranges, such as "not zero"; of the lower words only values that
// are known matter.
uint16_t words_with_ranges(Endian endian) {
  return static_cast<uint16_t>(upper_words(endian) | 1u << kNrWord | 1u << kArchWord);
}

}  // namespace

CutPointProof equal_by_cut_points(const ResolvedPolicy& policy, const bpf::Program& program,
                                  const EncodeOptions& options) {
  Chains chains(policy);
  if (chains.empty()) return {};
  const Execution execution(program);
  if (execution.overflow()) return {};
  diagram::Cuts cuts;
  collect_cuts(policy, cuts);
  collect_cuts(execution, cuts);
  Manager manager(diagram::Order::of_words(word_order(options.endian, policy), cuts), {kAttempts * options.max_steps});
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

}  // namespace cordon::prove
