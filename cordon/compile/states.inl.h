// The body of states.h.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

namespace cordon::compiler {
namespace detail {

// Of one word under one mask: where `known` holds, `fact` does.
constexpr bool implies(const Fact& known, const Fact& fact) {
  if (known.word != fact.word || known.mask != fact.mask) return false;
  bool covers = fact.first <= known.first && known.last <= fact.last;
  bool apart = known.last < fact.first || fact.last < known.first;
  if (known.inside) return fact.inside ? covers : apart;
  return !fact.inside && known.first <= fact.first && fact.last <= known.last;
}

// Whatever `a` says follows from `b`.
constexpr bool says_less(const Facts& a, const Facts& b, policy::Budget& steps) {
  for (const Fact& fact : a) {
    if (!steps.take(b.size())) return false;
    if (std::none_of(b.begin(), b.end(), [&](const Fact& known) { return implies(known, fact); })) return false;
  }
  return true;
}

constexpr void add_state(std::vector<Facts>& states, Facts facts, policy::Budget& steps) {
  for (const Facts& state : states) {
    if (says_less(state, facts, steps)) return;
  }
  std::erase_if(states, [&](const Facts& state) { return says_less(facts, state, steps); });
  states.push_back(std::move(facts));
}

// The states with only that known of the word which all of them know.
constexpr std::vector<Facts> blur(const std::vector<Facts>& states, WordId word, policy::Budget& steps) {
  Facts common;
  for (const Fact& fact : states.front()) {
    if (fact.word != word) continue;
    bool follows =
        std::all_of(states.begin(), states.end(), [&](const Facts& state) { return says_less({fact}, state, steps); });
    if (follows) common.push_back(fact);
  }
  std::vector<Facts> result;
  for (const Facts& state : states) {
    Facts blurred = common;
    std::copy_if(state.begin(), state.end(), std::back_inserter(blurred),
                 [&](const Fact& f) { return f.word != word; });
    add_state(result, std::move(blurred), steps);
  }
  return result;
}

// Blurs word after word, first those that make the most states alike.
constexpr void widen(std::vector<Facts>& states, size_t max_states, policy::Budget& steps) {
  for (unsigned blurred = 0; states.size() > max_states && !steps.is_exceeded();) {
    std::vector<Facts> best;
    WordId best_word = kWordNr;
    for (WordId word = 0; word < kWordNr; ++word) {
      if ((blurred >> word & 1) != 0) continue;
      std::vector<Facts> candidate = blur(states, word, steps);
      if (best_word != kWordNr && candidate.size() >= best.size()) continue;
      best = std::move(candidate);
      best_word = word;
    }
    blurred |= 1u << best_word;
    states = std::move(best);
  }
}

}  // namespace detail

constexpr void States::add(Facts facts, size_t max_states, policy::Budget& steps) {
  detail::add_state(states_, std::move(facts), steps);
  if (states_.size() <= max_states) return;
  is_blurred_ = true;
  detail::widen(states_, max_states, steps);
}

}  // namespace cordon::compiler
