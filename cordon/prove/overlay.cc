#include "cordon/prove/overlay.h"

#include <algorithm>
#include <utility>

namespace cordon::prove {
namespace {

using diagram::Edge;
using diagram::Level;
using diagram::Manager;
using diagram::Node;
using diagram::Range;

constexpr size_t kPiecesPerStep = 8;  // moved in the time of an edge that is touched

Level last_level(const Manager& manager, diagram::Masked word) {
  Level last = 0;
  for (Level level : manager.order().levels_of(word.word))
    if ((word.mask >> manager.order().field(level).low & 1) != 0) last = level;
  return last;
}

}  // namespace

// Puts pieces, all of them in the range, in the place of what lies there.
void Overlay::replace(Range range, std::span<const Piece> by) {
  auto begin = std::lower_bound(pieces_.begin(), pieces_.end(), range.first,
                                [](const Piece& piece, uint64_t first) { return piece.last < first; });
  auto end = std::upper_bound(begin, pieces_.end(), range.last,
                              [](uint64_t last, const Piece& piece) { return last < piece.first; });
  if (begin == end) {
    pieces_.insert(begin, by.begin(), by.end());
    return;
  }
  std::vector<Piece> middle;
  if (begin->first < range.first)
    middle.push_back({begin->first, static_cast<uint32_t>(range.first - 1), begin->child});
  middle.insert(middle.end(), by.begin(), by.end());
  if (std::prev(end)->last > range.last)
    middle.push_back({static_cast<uint32_t>(range.last + 1), std::prev(end)->last, std::prev(end)->child});
  const auto kept = std::min(end - begin, static_cast<ptrdiff_t>(middle.size()));
  std::copy_n(middle.begin(), kept, begin);
  if (begin + kept != end)
    pieces_.erase(begin + kept, end);
  else
    pieces_.insert(end, middle.begin() + kept, middle.end());
}

// What it puts over its base in the range.
std::vector<Overlay::Piece> Overlay::pieces_in(Range range) const {
  std::vector<Piece> pieces;
  for (const Piece& piece : pieces_)
    if (range.first <= piece.last && piece.first <= range.last)
      pieces.push_back({static_cast<uint32_t>(std::max<uint64_t>(piece.first, range.first)),
                        static_cast<uint32_t>(std::min<uint64_t>(piece.last, range.last)), piece.child});
  return pieces;
}

Node Overlay::node(Manager& manager) {
  if (pieces_.empty()) return base_;
  std::vector<Edge> is_covered, cover;
  auto append = [&](uint64_t last, Node is, Node child) {
    is_covered.push_back({static_cast<uint32_t>(last), is});
    cover.push_back({static_cast<uint32_t>(last), child});
  };
  uint64_t next = 0;
  for (const Piece& piece : pieces_) {
    if (piece.first > next) append(piece.first - 1, Manager::kFalse, Manager::kFalse);
    append(piece.last, Manager::kTrue, piece.child);
    next = uint64_t{piece.last} + 1;
  }
  if (next <= UINT32_MAX) append(UINT32_MAX, Manager::kFalse, Manager::kFalse);
  const Node condition = diagram::by_word(manager, word_, is_covered);
  base_ = manager.choose(condition, diagram::by_word(manager, word_, cover), base_);
  pieces_.clear();
  return base_;
}

Overlay Overlay::branch(Manager& manager, diagram::Masked word, Range range, Overlay yes, Overlay no) {
  for (Overlay* side : {&yes, &no})
    if (side->word_ != word) side->node(manager);
  const bool same_base = yes.base_ == no.base_;
  const bool no_is_below = same_base ? no.pieces_.size() >= yes.pieces_.size() : yes.pieces_.empty();
  Overlay& below = no_is_below ? no : yes;
  const Overlay& above = no_is_below ? yes : no;
  if (!same_base && (!above.pieces_.empty() || manager.level(above.base_) <= last_level(manager, word))) {
    const Node holds = diagram::in_set(manager, {std::nullopt, word.word}, word.mask, {&range, 1});
    return Overlay(manager.choose(holds, yes.node(manager), no.node(manager)));
  }
  below.word_ = word;
  auto put = [&](Range part) {
    if (same_base) return below.replace(part, above.pieces_in(part));
    const Piece whole{static_cast<uint32_t>(part.first), static_cast<uint32_t>(part.last), above.base_};
    below.replace(part, {&whole, 1});
  };
  if (no_is_below) {
    put(range);
  } else {
    if (range.first > 0) put({0, range.first - 1});
    if (range.last < UINT32_MAX) put({range.last + 1, UINT32_MAX});
  }
  manager.charge(1 + (above.pieces_.size() + below.pieces_.size()) / kPiecesPerStep);
  return std::move(below);
}

}  // namespace cordon::prove
