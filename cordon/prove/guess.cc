#include "cordon/prove/guess.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "cordon/diagram/walk.h"
#include "cordon/policy/action.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/link_index.h"
#include "cordon/prove/sample.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

// Fewer links are no reason to cut.
constexpr ptrdiff_t kShortRest = 6;
// Conditions evaluated in the time of one step of the manager.
constexpr size_t kTestsPerStep = 24;
constexpr unsigned kExamples = 3;  // for each link
constexpr unsigned kMisses = 2;    // for each example
// Calls tried for each example until one meets no other link.
constexpr unsigned kTries = 4;

// The words of a call, as a program loads them.
diagram::Point words_of_call(const Call& call, Endian endian) {
  diagram::Point point{};
  point[kNrWord] = call.nr;
  point[kArchWord] = call.audit_arch;
  for (uint8_t operand = 0; operand <= ResolvedTest::kInstructionPointer; ++operand) {
    const uint64_t value = operand == ResolvedTest::kInstructionPointer ? call.instruction_pointer : call.args[operand];
    const diagram::Operand words = words_of(operand, endian);
    point[words.low] = static_cast<uint32_t>(value);
    point[*words.high] = static_cast<uint32_t>(value >> 32);
  }
  return point;
}

// Calls that meet each link and what is known, if possible no other link.
class Examples {
 public:
  Examples(Manager& manager, const Chain& chain, LinkIndex& index, const KnownWords& known)
      : manager_(manager), chain_(chain), index_(index), known_(known), region_(encode_known(manager, known)) {}

  // None: no call does, or none was found.
  std::optional<diagram::Point> of(const Link& link) {
    std::optional<diagram::Point> best;
    size_t fewest = SIZE_MAX;
    for (unsigned i = 0; i < kTries && fewest > 0; ++i) {
      const Call call = known_of(call_for(*chain_.table, chain_.segment->first, *link.condition, random_));
      if (!policy::holds(*link.condition, call)) continue;
      const size_t others = others_met(link, call);
      if (others >= fewest) continue;
      fewest = others;
      best = words_of_call(call, chain_.table->endian);
    }
    return best ? best : by_search(link);
  }

  // A call that misses the link by one of its tests, and all others too.
  std::optional<diagram::Point> beside(const Link& link) {
    for (unsigned i = 0; i < kTries; ++i) {
      Call call = call_for(*chain_.table, chain_.segment->first, *link.condition, random_);
      miss_one(*link.condition, call, random_);
      call = known_of(call);
      if (!policy::holds(*link.condition, call) && others_met(link, call) == 0)
        return words_of_call(call, chain_.table->endian);
    }
    return std::nullopt;
  }

 private:
  // With what is known in the place of what is not so.
  Call known_of(const Call& call) {
    diagram::Point point = words_of_call(call, chain_.table->endian);
    for (diagram::Word word = 0; word < diagram::kWordCount; ++word) {
      const diagram::Range range = known_.ranges[word];
      if (point[word] < range.first || range.last < point[word])
        point[word] = static_cast<uint32_t>(range.first + random_.below(range.last - range.first + 1));
    }
    return call_at(point, chain_.table->endian);
  }

  size_t others_met(const Link& link, const Call& call) {
    const std::vector<uint32_t>& candidates = index_.candidates(call);
    const size_t weight = candidates.size() * chain_.weight / chain_.links.size();
    manager_.charge(1 + weight / kTestsPerStep);
    return static_cast<size_t>(std::count_if(candidates.begin(), candidates.end(), [&](uint32_t other) {
      return &chain_.links[other] != &link && policy::holds(*chain_.links[other].condition, call);
    }));
  }

  std::optional<diagram::Point> by_search(const Link& link) {
    const Node node = manager_.both(region_, link.holds);
    if (node == Manager::kFalse || manager_.exhausted()) return std::nullopt;
    diagram::Point values{};
    diagram::Preferences preferences;
    for (diagram::Word word = 0; word < diagram::kWordCount; ++word) {
      values[word] = static_cast<uint32_t>(random_.bits());
      preferences[word] = {&values[word], 1};
    }
    return diagram::find(
        manager_, node, [](uint64_t leaf) { return leaf == 1; }, preferences);
  }

  Manager& manager_;
  const Chain& chain_;
  LinkIndex& index_;
  const KnownWords& known_;
  Node region_;
  Random random_;
};

uint32_t part_of(const diagram::Point& words, const WordBits& bits) {
  const uint32_t part = words[bits.word] & bits.mask;
  return bits.shift >= 0 ? part >> bits.shift : part << -bits.shift;
}

// Calls with the answer each would get from a link.
struct Batch {
  static constexpr size_t kSize = 64;
  std::array<diagram::Point, kSize> calls{};
  std::array<uint32_t, kSize> answers{};
  std::array<uint32_t, kSize> links{};
  size_t count = 0;
};

// Runs a program on a batch at once, from every step. Whole batches are computed even where they are not full: loops of
// a fixed length over arrays are what the C++ compiler makes vector code of.
class Runner {
 public:
  explicit Runner(const Execution& execution)
      : execution_(execution), values_(execution.expressions().size()), answers_(execution.steps().size()) {
    const Expressions& pool = execution.expressions();
    for (Expression e = 0; e < pool.size(); ++e)
      if (pool[e].is_constant()) values_[e].fill(pool[e].constant);
  }

  // For each step the calls (bit i for call i) that it answers as the batch says.
  const std::vector<uint64_t>& run(const Batch& batch) {
    const Expressions& pool = execution_.expressions();
    for (Expression e = 0; e < pool.size(); ++e)
      if (!pool[e].is_constant()) evaluate(pool, e, batch);
    returns_.clear();
    const uint64_t in_batch = batch.count == Batch::kSize ? UINT64_MAX : (uint64_t{1} << batch.count) - 1;
    const uint64_t want_zero = where(batch.answers, batch.answers, [](uint32_t a, uint32_t) { return a == 0; });
    auto answer_of = [&](uint32_t step) { return step == Step::kReturnZero ? want_zero : answers_[step]; };
    const std::vector<Step>& steps = execution_.steps();
    for (uint32_t pc = execution_.insn_count(); pc-- > 0;)
      for (uint32_t index : execution_.steps_at(pc)) {
        const Step& step = steps[index];
        if (step.kind == Step::Kind::go) answers_[index] = answer_of(step.yes);
        if (step.kind == Step::Kind::ret) answers_[index] = returned(step.value, batch);
        if (step.kind != Step::Kind::branch) continue;
        const uint64_t holds = holds_for(step.test);
        answers_[index] = (holds & answer_of(step.yes)) | (~holds & answer_of(step.no));
      }
    for (uint64_t& answers : answers_) answers &= in_batch;
    return answers_;
  }

 private:
  using Values = std::array<uint32_t, Batch::kSize>;

  // Bit i: the predicate of the two values i.
  template <class Predicate>
  static uint64_t where(const Values& a, const Values& b, Predicate predicate) {
    std::array<uint8_t, Batch::kSize> holds;
    for (size_t i = 0; i < Batch::kSize; ++i) holds[i] = predicate(a[i], b[i]) ? 1 : 0;
    uint64_t result = 0;
    for (size_t byte = 0; byte < Batch::kSize / 8; ++byte) {
      uint64_t eight = 0;
      std::memcpy(&eight, &holds[8 * byte], 8);
      // Gathers the lowest bit of each byte; which end of the word is first depends on the machine.
      if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
      result |= (eight * 0x0102040810204080u >> 56) << 8 * byte;
    }
    return result;
  }

  void evaluate(const Expressions& pool, Expression e, const Batch& batch) {
    const Expressions::Entry& entry = pool[e];
    for (size_t i = 0; i < Batch::kSize; ++i)
      values_[e][i] = entry.bits ? part_of(batch.calls[i], *entry.bits)
                                 : compute(entry.op, values_[entry.left][i], values_[entry.right][i]);
  }

  // Programs have few different values to return.
  uint64_t returned(Expression result, const Batch& batch) {
    const auto [known, is_new] = returns_.try_emplace(result, 0);
    if (is_new)
      known->second = where(values_[result], batch.answers,
                            [](uint32_t a, uint32_t b) { return policy::to_ret(policy::from_ret(a)) == b; });
    return known->second;
  }

  uint64_t holds_for(const Test& test) const {
    const Values &left = values_[test.left], &right = values_[test.right];
    switch (test.relation) {
      case Relation::eq: return where(left, right, [](uint32_t a, uint32_t b) { return a == b; });
      case Relation::gt: return where(left, right, [](uint32_t a, uint32_t b) { return a > b; });
      case Relation::ge: return where(left, right, [](uint32_t a, uint32_t b) { return a >= b; });
      case Relation::set: return where(left, right, [](uint32_t a, uint32_t b) { return (a & b) != 0; });
    }
    return 0;
  }

  const Execution& execution_;
  std::vector<Values> values_;
  std::vector<uint64_t> answers_;
  std::unordered_map<Expression, uint64_t> returns_;  // of this batch
};

// Steps worth a guess: with several ways to them, or the first of which all is known that the numbers tell.
std::vector<bool> places_of(const Execution& execution, std::span<const KnownWords> known,
                            std::vector<Guess>& guesses) {
  const std::vector<Step>& steps = execution.steps();
  std::vector<uint8_t> ways(steps.size(), 0);
  auto arrive = [&](uint32_t from, uint32_t step) {
    if (step == Step::kReturnZero) return;
    if (ways[step] < 2) ++ways[step];
    if (known[step].ranges[kNrWord] != known[from].ranges[kNrWord]) guesses[step].is_first = true;
  };
  for (uint32_t step = 0; step < steps.size(); ++step) {
    if (steps[step].kind != Step::Kind::ret) arrive(step, steps[step].yes);
    if (steps[step].kind == Step::Kind::branch) arrive(step, steps[step].no);
  }
  std::vector<bool> is_place;
  for (size_t step = 0; step < steps.size(); ++step)
    is_place.push_back((ways[step] > 1 || guesses[step].is_first) && steps[step].kind != Step::Kind::ret);
  return is_place;
}

// Steps of which the same is known, for one chain.
class Guesser {
 public:
  Guesser(Manager& manager, Chains& chains, const Execution& execution)
      : manager_(manager), chains_(chains), runner_(execution) {}

  void guess(uint32_t number, LinkIndex& index, const KnownWords& known, std::span<const uint32_t> steps,
             std::vector<Guess>& guesses) {
    const Chain& chain = chains_.all()[number];
    Examples examples(manager_, chain, index, known);
    std::vector<Seeming> seeming(steps.size(), Seeming(chain.links.size()));
    Batch batch;
    for (uint32_t link = 0; link < chain.links.size() && !manager_.exhausted(); ++link)
      for (unsigned i = 0; i < kExamples; ++i) {
        const auto example = examples.of(chain.links[link]);
        if (!example) break;
        add(batch, *example, chain.links[link].answer, link);
        for (unsigned miss = 0; miss < kMisses; ++miss)
          if (const auto missing = examples.beside(chain.links[link])) add(batch, *missing, chain.end, kMissesAll);
        if (batch.count + 1 + kMisses > Batch::kSize) take(batch, steps, seeming);
      }
    take(batch, steps, seeming);
    for (size_t i = 0; i < steps.size(); ++i)
      if (auto subset = seeming[i].subset(number)) guesses[steps[i]].subset = chains_.number_of(std::move(*subset));
  }

 private:
  static constexpr uint32_t kMissesAll = UINT32_MAX;

  static void add(Batch& batch, const diagram::Point& call, uint64_t answer, uint32_t link) {
    batch.calls[batch.count] = call;
    batch.answers[batch.count] = static_cast<uint32_t>(answer);
    batch.links[batch.count++] = link;
  }

  // Whether a step was seen to answer as each link does, and seen not to.
  struct Seeming {
    explicit Seeming(size_t links) : does(links, false), does_not(links, false) {}

    void take(uint32_t link, bool as_expected) {
      if (link == kMissesAll)
        is_chain = is_chain && as_expected;
      else
        (as_expected ? does : does_not)[link] = true;
    }

    std::optional<Subset> subset(uint32_t chain) const {
      if (!is_chain) return std::nullopt;
      // Sometimes the one, sometimes the other: it looks at something that is known on the way to it.
      for (size_t link = 0; link < does.size(); ++link)
        if (does[link] && does_not[link]) return std::nullopt;
      if (std::count(does.begin(), does.end(), true) < kShortRest) return std::nullopt;
      return Subset{chain, does};
    }

    std::vector<bool> does, does_not;
    bool is_chain = true;  // no other answer was seen where all links were missed
  };

  void take(Batch& batch, std::span<const uint32_t> steps, std::vector<Seeming>& seeming) {
    const std::vector<uint64_t>& answers = runner_.run(batch);
    manager_.charge(answers.size());
    for (size_t i = 0; i < steps.size(); ++i)
      for (size_t call = 0; call < batch.count; ++call)
        seeming[i].take(batch.links[call], (answers[steps[i]] >> call & 1) != 0);
    batch.count = 0;
  }

  Manager& manager_;
  Chains& chains_;
  Runner runner_;
};

bool can_be(const KnownWords& known, const Chain& chain) {
  const diagram::Range arch = known.ranges[kArchWord], nr = known.ranges[kNrWord];
  return arch.first <= chain.table->audit_arch && chain.table->audit_arch <= arch.last &&
         nr.first <= chain.segment->last && chain.segment->first <= nr.last;
}

}  // namespace

std::vector<Guess> guess_steps(Manager& manager, Chains& chains, const Execution& execution,
                               std::span<const KnownWords> known, Endian endian) {
  std::vector<Guess> guesses(execution.steps().size());
  const std::vector<bool> is_place = places_of(execution, known, guesses);
  std::map<KnownWords, std::vector<uint32_t>> places;
  for (uint32_t step = 0; step < is_place.size(); ++step)
    if (is_place[step]) places[known[step]].push_back(step);
  Guesser guesser(manager, chains, execution);
  for (uint32_t number = 0; number < chains.all().size(); ++number) {
    const Chain& chain = chains.all()[number];
    if (chain.table->endian != endian) continue;
    LinkIndex index(chain);
    for (const auto& [what, steps] : places)
      if (can_be(what, chain) && !manager.exhausted()) guesser.guess(number, index, what, steps, guesses);
  }
  return guesses;
}

}  // namespace cordon::prove
