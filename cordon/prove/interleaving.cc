#include "cordon/prove/interleaving.h"

#include <algorithm>
#include <vector>

#include "cordon/prove/encode_program.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Word;
using Groups = std::vector<std::vector<Word>>;

// A word of two groups joins them.
void join(Groups& groups) {
  for (size_t i = 0; i < groups.size(); ++i)
    for (size_t j = i + 1; j < groups.size();) {
      const bool meet = std::any_of(groups[j].begin(), groups[j].end(), [&](Word word) {
        return std::find(groups[i].begin(), groups[i].end(), word) != groups[i].end();
      });
      if (!meet) {
        ++j;
        continue;
      }
      for (Word word : groups[j])
        if (std::find(groups[i].begin(), groups[i].end(), word) == groups[i].end()) groups[i].push_back(word);
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(j));
      j = i + 1;
    }
}

}  // namespace

std::optional<diagram::Order> interleaved_order(std::span<const Execution* const> executions, const WordOrder& plain,
                                                const diagram::Cuts& cuts, const StandIns& stand_ins) {
  std::vector<Word> words{kArchWord, kNrWord};
  Groups groups;
  for (const Execution* execution : executions) {
    MeetingWords meeting = meeting_words(*execution, stand_ins);
    words.insert(words.end(), meeting.first.begin(), meeting.first.end());
    groups.insert(groups.end(), meeting.groups.begin(), meeting.groups.end());
  }
  if (groups.empty() && words.size() == 2 && stand_ins.which() == Standing::none) return std::nullopt;
  const bool are_tests = stand_ins.which() == Standing::tests;
  for (unsigned i = 0; i < stand_ins.count() && are_tests; ++i) words.push_back(spare_word(i));
  words.insert(words.end(), plain.begin(), plain.end());
  for (unsigned i = 0; i < stand_ins.count() && !are_tests; ++i) words.push_back(spare_word(i));
  join(groups);
  return diagram::Order::interleaved(words, cuts, groups);
}

}  // namespace cordon::prove
