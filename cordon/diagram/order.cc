#include "cordon/diagram/order.h"

#include <algorithm>

namespace cordon::diagram {

void Order::append(Word word, uint32_t cuts) {
  unsigned high = 32;
  for (unsigned bit = 32; bit-- > 0;) {
    if (bit != 0 && (cuts >> bit & 1) == 0) continue;
    levels_[word].push_back(size());
    fields_.push_back({word, static_cast<uint8_t>(bit), static_cast<uint8_t>(high - bit)});
    high = bit;
  }
}

Order Order::of_words(std::span<const Word> words, const Cuts& cuts) { return interleaved(words, cuts, {}); }

Order Order::interleaved(std::span<const Word> words, const Cuts& cuts, std::span<const std::vector<Word>> groups) {
  Order order;
  order.fields_.reserve(2 * kWordCount);
  std::array<bool, kMaxWords> is_placed{};
  for (Word word : words) {
    if (is_placed[word]) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [word](const std::vector<Word>& members) {
      return std::find(members.begin(), members.end(), word) != members.end();
    });
    if (group == groups.end()) {
      order.append(word, cuts.below[word]);
      is_placed[word] = true;
      continue;
    }
    for (Word member : *group) is_placed[member] = true;
    for (unsigned bit = 32; bit-- > 0;)
      for (Word member : *group) {
        order.levels_[member].push_back(order.size());
        order.fields_.push_back({member, static_cast<uint8_t>(bit), 1});
      }
  }
  return order;
}

}  // namespace cordon::diagram
