#include "cordon/compile/number_cover.h"

#include <algorithm>
#include <array>
#include <bit>

namespace cordon::compiler {
namespace {

constexpr uint32_t kSinglesEnd = 1024;     // numbers that are looked at one by one
constexpr uint32_t kBitsEnd = 0x40000000;  // numbers with more bits are told apart from the others first
constexpr size_t kMaxLabels = 64 - NumberCover::kMaxTests;

constexpr unsigned kMaskBits = 10;

bool has(const std::vector<uint64_t>& set, size_t at) { return (set[at / 64] >> at % 64 & 1) != 0; }
void put(std::vector<uint64_t>& set, size_t at) { set[at / 64] |= uint64_t{1} << at % 64; }

}  // namespace

NumberCover::NumberCover(const std::vector<NumberTable>& tables) {
  struct Known {
    uint32_t label = 0;
    uint64_t numbers = 0;
    bool has_run = false;
  };
  std::vector<Known> known;
  for (const NumberTable& table : tables) {
    std::vector<Number>& numbers = tables_.emplace_back().numbers;
    for (size_t i = 0; i < table.parts.size() && table.parts[i].first < kBitsEnd; ++i) {
      const Part& part = table.parts[i];
      const uint64_t end = i + 1 < table.parts.size() ? table.parts[i + 1].first : kBitsEnd;
      uint64_t number = part.first;
      for (; number < std::min<uint64_t>(end, kSinglesEnd); ++number)
        numbers.push_back({static_cast<uint32_t>(number), part.label, true});
      if (number < end) numbers.push_back({static_cast<uint32_t>(number), part.label, number + 1 == end});
      auto at = std::find_if(known.begin(), known.end(), [&](const Known& one) { return one.label == part.label; });
      if (at == known.end()) at = known.insert(at, {part.label, 0, false});
      at->numbers += std::min<uint64_t>(end - part.first, kSinglesEnd);
      at->has_run |= end - part.first > 1;
    }
  }
  std::stable_sort(known.begin(), known.end(), [](const Known& a, const Known& b) { return a.numbers > b.numbers; });
  // A label of single numbers is always as cheap by equalities: no region need answer it.
  for (const Known& one : known) {
    labels_.push_back(one.label);
    if (one.has_run) run_labels_.push_back(one.label);
  }
  if (run_labels_.size() > kMaxLabels) tables_.clear();
  drop_common_ends();
  for (Table& table : tables_) make_sets(table);
}

// What tables end with as the first one does is planned once.
void NumberCover::drop_common_ends() {
  for (size_t i = 1; i < tables_.size(); ++i) {
    const std::vector<Number>& first = tables_[0].numbers;
    std::vector<Number>& own = tables_[i].numbers;
    size_t left = first.size();
    auto is_common = [&] {
      return left > 0 && !own.empty() && own.back().number == first[left - 1].number &&
             own.back().label == first[left - 1].label;
    };
    for (; is_common(); --left) own.pop_back();
  }
}

void NumberCover::make_sets(Table& table) const {
  const Set none(table.numbers.size() / 64 + 1, 0);
  table.agreeing.assign(run_labels_.size(), none);
  table.of_target.assign(std::min(labels_.size(), kMaxTargets), none);
  table.with_bit.assign(kMaskBits, none);
  for (size_t at = 0; at < table.numbers.size(); ++at) {
    const Number& number = table.numbers[at];
    for (size_t i = 0; i < run_labels_.size(); ++i)
      if (run_labels_[i] == number.label) put(table.agreeing[i], at);
    if (!number.is_single) continue;
    for (size_t i = 0; i < table.of_target.size(); ++i)
      if (labels_[i] == number.label) put(table.of_target[i], at);
    for (unsigned bit = 0; bit < kMaskBits; ++bit)
      if ((number.number >> bit & 1) != 0) put(table.with_bit[bit], at);
  }
}

// A test agrees with the numbers that its target agrees with, on either side.
void NumberCover::agree(Table& table, const std::vector<uint32_t>& labels, const std::vector<BitTest>& tests) {
  const size_t run_labels = table.agreeing.size() - table.tests;
  table.tests = tests.size();
  table.agreeing.resize(run_labels + tests.size());
  auto target = [&](uint32_t to) -> const Set& {
    if ((to & BitTest::kTest) != 0) return table.agreeing[run_labels + (to & ~BitTest::kTest)];
    return table.of_target[static_cast<size_t>(std::find(labels.begin(), labels.end(), to) - labels.begin())];
  };
  for (size_t i = 0; i < tests.size(); ++i) {
    Set& set = table.agreeing[run_labels + i];
    set.resize(table.numbers.size() / 64 + 1);
    const Set &yes = target(tests[i].yes), &no = target(tests[i].no);
    for (size_t word = 0; word < set.size(); ++word) {
      uint64_t is_set = 0;
      for (uint32_t mask = tests[i].mask; mask != 0; mask &= mask - 1)
        is_set |= table.with_bit[static_cast<unsigned>(std::countr_zero(mask))][word];
      set[word] = (is_set & yes[word]) | (~is_set & no[word]);
    }
  }
}

uint64_t NumberCover::agreeing_at(const Table& table, size_t at) {
  uint64_t states = 0;
  for (size_t i = 0; i < table.agreeing.size(); ++i) states |= static_cast<uint64_t>(has(table.agreeing[i], at)) << i;
  return states;
}

NumberCover::Place NumberCover::place_after(const Table& table, uint64_t states, size_t begin) {
  const size_t count = table.numbers.size();
  Place place{begin, 0};
  for (uint64_t left = states; left != 0; left &= left - 1) {
    const Set& set = table.agreeing[static_cast<unsigned>(std::countr_zero(left))];
    size_t word = begin / 64;
    uint64_t other = word < set.size() ? ~set[word] & ~uint64_t{0} << begin % 64 : 0;
    while (other == 0 && ++word < set.size()) other = ~set[word];
    const size_t at = other == 0 ? count : std::min(count, word * 64 + static_cast<size_t>(std::countr_zero(other)));
    if (at < place.at) continue;
    if (at > place.at) place = {at, 0};
    place.states |= left & (0 - left);
  }
  return place;
}

uint64_t NumberCover::states_after(const Table& table, const Place& place) {
  const uint64_t states = agreeing_at(table, place.at);
  return table.numbers[place.at].is_single ? place.states | states : states;
}

uint32_t NumberCover::cost(const std::vector<BitTest>& tests) {
  auto cost = static_cast<uint32_t>(tests.size());
  for (Table& table : tables_) {
    agree(table, labels_, tests);
    uint64_t cheapest = ~uint64_t{0} >> (64 - table.agreeing.size());
    for (size_t at = 0;; ++cost) {
      const Place place = place_after(table, cheapest, at);
      if (place.at >= table.numbers.size()) break;
      cheapest = states_after(table, place);
      at = place.at + 1;
    }
  }
  return cost;
}

std::vector<std::vector<NumberCover::Ending>> NumberCover::endings(const std::vector<BitTest>& tests) {
  std::vector<std::vector<Ending>> result;
  for (Table& table : tables_) {
    agree(table, labels_, tests);
    const size_t count = table.numbers.size();
    std::vector<Place> places;  // where a test is paid for
    uint64_t cheapest = ~uint64_t{0} >> (64 - table.agreeing.size());
    for (size_t at = 0; at <= count;) {
      places.push_back(place_after(table, cheapest, at));
      if (places.back().at >= count) break;
      cheapest = states_after(table, places.back());
      at = places.back().at + 1;
    }
    // Backwards: the state behind a place was the one before it, or came in with the number there.
    std::vector<Ending>& found = result.emplace_back();
    auto state = static_cast<unsigned>(std::countr_zero(places.back().states));
    auto add = [&](size_t at) {
      if (state >= run_labels_.size())
        found.push_back({table.numbers[at].number, static_cast<uint32_t>(state - run_labels_.size())});
    };
    for (size_t i = places.size(); i-- > 0;) {
      const Place& place = places[i];
      if (place.at < count) {
        const bool stayed = table.numbers[place.at].is_single && (place.states >> state & 1) != 0;
        if (!stayed) {
          add(place.at);
          state = static_cast<unsigned>(std::countr_zero(place.states));
        }
      }
      for (size_t at = place.at, begin = i == 0 ? 0 : places[i - 1].at + 1; at-- > begin;) add(at);
    }
    std::reverse(found.begin(), found.end());
    const uint64_t end = table.numbers.empty() ? 0 : uint64_t{table.numbers.back().number} + 1;
    const std::vector<Ending> first = result.front();
    for (const Ending& ending : first)
      if (ending.number >= end) result.back().push_back(ending);
  }
  return result;
}

}  // namespace cordon::compiler
