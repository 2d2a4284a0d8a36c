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

Node is_within(Manager& manager, Level level, Range range) {
  std::vector<Edge> edges;
  if (range.first > 0) edges.push_back({static_cast<uint32_t>(range.first - 1), Manager::kFalse});
  edges.push_back({static_cast<uint32_t>(range.last), Manager::kTrue});
  if (range.last < UINT32_MAX) edges.push_back({UINT32_MAX, Manager::kFalse});
  return manager.switch_on(level, edges);
}

}  // namespace

// Puts pieces, all of them in the range, in the place of what lies there.
void Overlay::replace(Range range, const std::vector<Piece>& by) {
  auto begin = std::lower_bound(pieces_.begin(), pieces_.end(), range.first,
                                [](const Piece& piece, uint64_t first) { return piece.last < first; });
  auto end = std::upper_bound(begin, pieces_.end(), range.last,
                              [](uint64_t last, const Piece& piece) { return last < piece.first; });
  std::vector<Piece> middle;
  if (begin != end && begin->first < range.first)
    middle.push_back({begin->first, static_cast<uint32_t>(range.first - 1), begin->child});
  middle.insert(middle.end(), by.begin(), by.end());
  if (begin != end && std::prev(end)->last > range.last)
    middle.push_back({static_cast<uint32_t>(range.last + 1), std::prev(end)->last, std::prev(end)->child});
  const auto kept = std::min(end - begin, static_cast<ptrdiff_t>(middle.size()));
  std::copy_n(middle.begin(), kept, begin);
  if (begin + kept != end)
    pieces_.erase(begin + kept, end);
  else
    pieces_.insert(end, middle.begin() + kept, middle.end());
}

// What it puts over that base in the range.
std::vector<Overlay::Piece> Overlay::over(Node base, Range range) const {
  if (base_ != base) return {{static_cast<uint32_t>(range.first), static_cast<uint32_t>(range.last), base_}};
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
  const Node condition = manager.switch_on(level_, is_covered);
  base_ = manager.choose(condition, manager.switch_on(level_, cover), base_);
  pieces_.clear();
  return base_;
}

Overlay Overlay::branch(Manager& manager, Level level, Range range, Overlay yes, Overlay no) {
  for (Overlay* side : {&yes, &no})
    if (side->level_ != level) side->node(manager);
  const bool same_base = yes.base_ == no.base_;
  const bool no_is_below = same_base ? no.pieces_.size() >= yes.pieces_.size() : yes.pieces_.empty();
  Overlay& below = no_is_below ? no : yes;
  const Overlay& above = no_is_below ? yes : no;
  // Pieces look only at words that come later.
  if (!same_base && (!above.pieces_.empty() || manager.level(above.base_) <= level))
    return Overlay(manager.choose(is_within(manager, level, range), yes.node(manager), no.node(manager)));
  below.level_ = level;
  auto put = [&](Range part) { below.replace(part, above.over(below.base_, part)); };
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
