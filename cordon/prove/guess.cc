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
#include "cordon/prove/batch_run.h"
#include "cordon/prove/link_index.h"
#include "cordon/prove/sample.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

// Fewer links are no reason to cut.
constexpr size_t kShortRest = 6;
// Conditions evaluated in the time of one step of the manager.
constexpr size_t kTestsPerStep = 24;
constexpr unsigned kExamples = 2;  // for each link
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
      : manager_(manager), chains_(chains), run_(execution) {}

  // Of the steps after the first `own` only if there is a call for each link; false: there is none.
  bool guess(uint32_t number, LinkIndex& index, const KnownWords& known, std::span<const uint32_t> steps, size_t own,
             std::vector<Guess>& guesses) {
    const Chain& chain = chains_.all()[number];
    Examples examples(manager_, chain, index, known);
    std::vector<Seeming> seeming(steps.size(), Seeming(chain.links.size()));
    Examined examined;
    bool has_all = true;
    for (uint32_t link = 0; link < chain.links.size() && !manager_.exhausted(); ++link)
      for (unsigned i = 0; i < kExamples; ++i) {
        const auto example = examples.of(chain.links[link]);
        has_all = has_all && example;
        if (!example) break;
        if (examined.of_links.empty() || examined.of_links.back().first != link)
          examined.of_links.emplace_back(link, 0);
        examined.of_links.back().second |= examined.batch.add(*example, chain.links[link].answer);
        for (unsigned miss = 0; miss < kMisses; ++miss)
          if (const auto missing = examples.beside(chain.links[link]))
            examined.misses |= examined.batch.add(*missing, chain.end);
        if (examined.batch.count + 1 + kMisses > Batch::kSize) take(examined, steps, seeming);
      }
    take(examined, steps, seeming);
    for (size_t i = 0; i < (has_all ? steps.size() : own); ++i)
      if (auto subset = seeming[i].subset(number)) guesses[steps[i]].subset = chains_.number_of(std::move(*subset));
    return has_all;
  }

 private:
  // Calls, and which of them (bit i for call i) are examples of a link, in the order of links, and which miss all.
  struct Examined {
    Batch batch;
    std::vector<std::pair<uint32_t, uint64_t>> of_links;
    uint64_t misses = 0;
  };

  // Whether a step was seen to answer as each link does, and seen not to.
  struct Seeming {
    explicit Seeming(size_t links) : does(links), does_not(links) {}

    // `answers`: the calls it answers as the links do.
    void take(const Examined& examined, uint64_t answers) {
      is_chain = is_chain && (examined.misses & ~answers) == 0;
      for (const auto& [link, calls] : examined.of_links) {
        if ((calls & answers) != 0) does.add(link);
        if ((calls & ~answers) != 0) does_not.add(link);
      }
    }

    std::optional<Subset> subset(uint32_t chain) const {
      // Sometimes the one, sometimes the other: it looks at something that is known on the way to it.
      if (!is_chain || does.meets(does_not) || does.count() < kShortRest) return std::nullopt;
      return Subset{chain, does};
    }

    LinkSet does, does_not;
    bool is_chain = true;  // no other answer was seen where all links were missed
  };

  void take(Examined& examined, std::span<const uint32_t> steps, std::vector<Seeming>& seeming) {
    const std::vector<uint64_t>& answers = run_.answers(examined.batch);
    manager_.charge(answers.size());
    for (size_t i = 0; i < steps.size(); ++i) seeming[i].take(examined, answers[steps[i]]);
    examined.of_links.clear();
    examined.misses = 0;
    examined.batch.count = 0;
  }

  Manager& manager_;
  Chains& chains_;
  BatchRun run_;
};

// Steps of which the same is known.
struct Place {
  KnownWords known;
  std::vector<uint32_t> steps;
};

bool can_be(const KnownWords& known, const Chain& chain) {
  const diagram::Range arch = known.ranges[kArchWord], nr = known.ranges[kNrWord];
  return arch.first <= chain.table->audit_arch && chain.table->audit_arch <= arch.last &&
         nr.first <= chain.segment->last && chain.segment->first <= nr.last;
}

// Calls that meet the one meet the other.
bool is_within(const KnownWords& one, const KnownWords& other) {
  for (diagram::Word word = 0; word < diagram::kWordCount; ++word)
    if (one.ranges[word].first < other.ranges[word].first || one.ranges[word].last > other.ranges[word].last)
      return false;
  return true;
}

// Calls that come to most of the steps come to those of which less is known too. If there is one for each link, the
// program need not be run on others for them: runs are what costs, and few steps are left with what is known there.
void guess_places(Guesser& guesser, uint32_t number, LinkIndex& index, std::vector<Place> open,
                  std::vector<Guess>& guesses) {
  std::stable_sort(open.begin(), open.end(),
                   [](const Place& a, const Place& b) { return a.steps.size() > b.steps.size(); });
  while (!open.empty()) {
    const KnownWords known = open.front().known;
    std::vector<uint32_t> steps;
    for (const Place& place : open)
      if (is_within(known, place.known)) steps.insert(steps.end(), place.steps.begin(), place.steps.end());
    const size_t own = open.front().steps.size();
    if (guesser.guess(number, index, known, steps, own, guesses)) {
      std::erase_if(open, [&](const Place& place) { return is_within(known, place.known); });
    } else {
      open.erase(open.begin());
    }
  }
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
    std::vector<Place> open;
    for (const auto& [what, steps] : places)
      if (can_be(what, chain)) open.push_back({what, steps});
    guess_places(guesser, number, index, std::move(open), guesses);
  }
  return guesses;
}

}  // namespace cordon::prove
