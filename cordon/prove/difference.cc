#include "cordon/prove/difference.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/diagram/walk.h"
#include "cordon/prove/cut_points.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;
using diagram::Piece;

constexpr size_t kMaxPieces = 100'000;
constexpr uint64_t kSame = uint64_t{1} << 32;  // no pair of different answers: the left half of one is never 1

// Both answers where they differ.
uint64_t both_answers(uint64_t left, uint64_t right) { return left == right ? kSame : left << 32 | right; }
uint64_t both_permissions(uint64_t left, uint64_t right) {
  auto may_run = [](uint64_t ret) { return policy::may_run(policy::from_ret(static_cast<uint32_t>(ret)).kind); };
  return may_run(left) == may_run(right) ? kSame : left << 32 | right;
}

Action left_of(uint64_t leaf) { return policy::from_ret(static_cast<uint32_t>(leaf >> 32)); }
Action right_of(uint64_t leaf) { return policy::from_ret(static_cast<uint32_t>(leaf)); }

Verdict kind_of(Action left, Action right) {
  if (left.kind == right.kind) return Verdict::same_strictness;
  return right.kind > left.kind ? Verdict::looser : Verdict::tighter;
}

// A number from where the call is looked for, and what people call it.
struct NamedNumber {
  uint32_t number;
  std::string name;
  bool is_unnamed = false;
  uint32_t last = 0;  // of unnamed ones
};

std::string name_of_range(uint32_t first, uint32_t last) {
  if (first == 0 && last == UINT32_MAX) return "every number";
  std::string text = "syscall_" + std::to_string(first);
  return first == last ? text : text + ".." + std::to_string(last);
}

// Which calls differ, by name and by ABI.
class CallTally {
 public:
  void add(std::string_view arch, std::string_view name, uint8_t kinds) {
    if (by_arch_.empty() || by_arch_.back().arch != arch) by_arch_.push_back({std::string(arch), {}});
    count(by_arch_.back().counts, kinds);
    names_[name] |= kinds;
    ++total_;
  }

  void tell(Differences& result) && {
    result.differing_calls = total_;
    for (const auto& [name, kinds] : names_) count(result.names, kinds);
    result.by_arch = std::move(by_arch_);
  }

 private:
  static void count(CallCounts& counts, uint8_t kinds) {
    ++counts.calls;
    counts.looser += has(kinds, Verdict::looser);
    counts.tighter += has(kinds, Verdict::tighter);
    counts.data += has(kinds, Verdict::same_strictness);
  }
  static uint32_t has(uint8_t kinds, Verdict kind) { return kinds >> static_cast<unsigned>(kind) & 1u; }

  std::vector<ArchCounts> by_arch_;
  std::map<std::string_view, uint8_t> names_;  // of the tables; kinds by bit
  uint32_t total_ = 0;
};

class Grouping {
 public:
  Grouping(Pair& pair, const Meaning& left, const Meaning& right, const CompareOptions& options)
      : manager_(pair.manager), left_(left), right_(right), options_(options) {}

  bool run(Node both, Differences& result) {
    const auto arches = diagram::pieces_of(manager_, both, kArchWord, kMaxPieces);
    if (!arches) return false;
    for (const Piece& piece : *arches) {
      if (manager_.is_leaf(piece.node) && manager_.value(piece.node) == kSame) continue;
      bool has_known = false;
      for (const abi::ArchInfo& arch : abi::arches()) {
        if (arch.audit_arch < piece.first || arch.audit_arch > piece.last) continue;
        has_known = true;
        if (!visit_abi(arch, piece.node)) return false;
      }
      if ((!has_known || piece.first != piece.last) && !visit_unknown_arch(piece)) return false;
    }
    result.groups = std::move(groups_);
    std::move(tally_).tell(result);
    std::stable_sort(result.groups.begin(), result.groups.end(),
                     [](const DifferenceGroup& a, const DifferenceGroup& b) { return rank(a.kind) < rank(b.kind); });
    return true;
  }

 private:
  static int rank(Verdict kind) { return kind == Verdict::looser ? 0 : kind == Verdict::tighter ? 1 : 2; }

  bool visit_abi(const abi::ArchInfo& arch, Node node) {
    if (manager_.is_leaf(node)) {
      for (size_t i = 0; i < abi::syscall_count(arch.arch); ++i)
        tally_.add(arch.name, abi::syscall_at(arch.arch, i).name, kinds_of(node));
      tell(node, {{0, name_of_range(0, UINT32_MAX), true, UINT32_MAX}}, std::string(arch.name), arch.audit_arch);
      return true;
    }
    const auto pieces = diagram::pieces_of(manager_, node, kNrWord, kMaxPieces);
    if (!pieces) return false;
    // By what the arguments do, in order of the first number.
    std::vector<std::pair<Node, std::vector<NamedNumber>>> found;
    auto add = [&](Node child, NamedNumber call) {
      auto group = std::find_if(found.begin(), found.end(), [&](const auto& one) { return one.first == child; });
      if (group == found.end()) group = found.insert(found.end(), {child, {}});
      group->second.push_back(std::move(call));
    };
    for (const Piece& piece : *pieces) {
      if (manager_.is_leaf(piece.node) && manager_.value(piece.node) == kSame) continue;
      uint64_t unnamed = piece.first;  // from here on no number was named
      for (size_t i = 0; i < abi::syscall_count(arch.arch); ++i) {
        const abi::NumberedName call = abi::syscall_at(arch.arch, i);
        if (call.number < piece.first || call.number > piece.last) continue;
        if (call.number > unnamed) add_unnamed(arch, unnamed, call.number - 1, piece.node, add);
        add(piece.node, NamedNumber{call.number, std::string(call.name), false, call.number});
        tally_.add(arch.name, call.name, kinds_of(piece.node));
        unnamed = uint64_t{call.number} + 1;
      }
      if (unnamed <= piece.last) add_unnamed(arch, unnamed, piece.last, piece.node, add);
    }
    for (auto& [child, calls] : found) {
      shorten_unnamed(calls);
      tell(child, calls, std::string(arch.name), arch.audit_arch);
    }
    return true;
  }

  // A bit for each kind of difference that the function has.
  uint8_t kinds_of(Node node) {
    const auto [known, is_new] = kinds_.try_emplace(node, uint8_t{0});
    if (!is_new) return known->second;
    for (Node leaf : diagram::leaves(manager_, node)) {
      const uint64_t answers = manager_.value(leaf);
      if (answers == kSame) continue;
      known->second |= static_cast<uint8_t>(1u << static_cast<unsigned>(kind_of(left_of(answers), right_of(answers))));
    }
    return known->second;
  }

  // Tables have many holes: more than a few of them are told as one range.
  static void shorten_unnamed(std::vector<NamedNumber>& calls) {
    constexpr size_t kFewHoles = 2;
    std::vector<NamedNumber> holes;
    for (const NamedNumber& call : calls)
      if (call.is_unnamed) holes.push_back(call);
    if (holes.size() <= kFewHoles) return;
    std::erase_if(calls, [](const NamedNumber& call) { return call.is_unnamed; });
    NamedNumber all = holes.front();
    all.last = holes.back().last;
    all.name = "numbers without a name in " + name_of_range(all.number, all.last);
    calls.push_back(std::move(all));
  }

  // Numbers that this ABI has no name for. Where ABIs share an audit value, each has its own part of them.
  template <class Add>
  void add_unnamed(const abi::ArchInfo& arch, uint64_t first, uint64_t last, Node node, Add add) {
    if (arch.arch == Arch::x32) first = std::max<uint64_t>(first, abi::kX32Bit);
    if (arch.arch == Arch::x86_64 && first < abi::kX32Bit) last = std::min<uint64_t>(last, abi::kX32Bit - 1);
    if (arch.arch == Arch::x86_64 && first >= abi::kX32Bit) first = std::max<uint64_t>(first, UINT32_MAX);
    if (arch.arch == Arch::x32) last = std::min<uint64_t>(last, UINT32_MAX - 1);
    if (first > last) return;
    const auto begin = static_cast<uint32_t>(first), end = static_cast<uint32_t>(last);
    add(node, NamedNumber{begin, name_of_range(begin, end), true, end});
  }

  bool visit_unknown_arch(const Piece& piece) {
    uint32_t audit_arch = piece.first;
    const auto is_known = [&] {
      return std::any_of(abi::arches().begin(), abi::arches().end(),
                         [&](const abi::ArchInfo& arch) { return arch.audit_arch == audit_arch; });
    };
    while (is_known() && audit_arch < piece.last) ++audit_arch;
    const auto pieces = diagram::pieces_of(manager_, piece.node, kNrWord, kMaxPieces);
    if (!pieces) return false;
    for (const Piece& numbers : *pieces) {
      if (manager_.is_leaf(numbers.node) && manager_.value(numbers.node) == kSame) continue;
      tell(numbers.node, {{numbers.first, name_of_range(numbers.first, numbers.last), true, numbers.last}}, "any other",
           audit_arch);
    }
    return true;
  }

  // One group for each pair of answers; it joins one that says the same of another ABI.
  void tell(Node child, const std::vector<NamedNumber>& calls, const std::string& arch, uint32_t audit_arch) {
    std::vector<std::string> names;
    for (const NamedNumber& call : calls) names.push_back(call.name);
    for (Node leaf : diagram::leaves(manager_, child)) {
      const uint64_t wanted = manager_.value(leaf);
      if (wanted == kSame) continue;
      auto point = diagram::find(manager_, child, [wanted](uint64_t value) { return value == wanted; }, {});
      (*point)[kNrWord] = calls.front().number;
      (*point)[kArchWord] = audit_arch;
      DifferenceGroup group;
      group.left = left_of(wanted), group.right = right_of(wanted);
      group.kind = kind_of(group.left, group.right);
      group.is_whole = manager_.is_leaf(child);
      group.calls = names;
      group.arches = {arch};
      const Endian endian = endian_of(left_, right_, audit_arch, options_.encode.endian);
      if (!group.is_whole) group.values = count_values(manager_, child, leaf, endian);
      group.witness = call_at(*point, endian);
      auto same = std::find_if(groups_.begin(), groups_.end(), [&](const DifferenceGroup& other) {
        return other.left == group.left && other.right == group.right && other.is_whole == group.is_whole &&
               other.calls == group.calls && other.values == group.values && other.witness.args == group.witness.args;
      });
      if (same == groups_.end())
        groups_.push_back(std::move(group));
      else if (std::find(same->arches.begin(), same->arches.end(), arch) == same->arches.end())
        same->arches.push_back(arch);
    }
  }

  Manager& manager_;
  const Meaning& left_;
  const Meaning& right_;
  const CompareOptions& options_;
  std::vector<DifferenceGroup> groups_;
  std::map<Node, uint8_t> kinds_;
  CallTally tally_;
};

}  // namespace

Differences differences(const Meaning& left, const Meaning& right, const CompareOptions& options) {
  Differences result;
  auto encoded = encode_pair(left, right, options.encode);
  auto* pair = std::get_if<Pair>(&encoded);
  if (pair == nullptr) {
    if (equal_by_cut_points(left, right, options.encode).is_equal) {
      result.comparison.verdict = Verdict::equal;
      return result;
    }
    result.comparison = compare_unencoded(left, right, options, std::get<Undecided>(std::move(encoded)));
    result.is_complete = result.comparison.verdict == Verdict::equal;
    return result;
  }
  result.comparison = compare_encoded(*pair, left, right, options);
  if (result.comparison.verdict == Verdict::equal || result.comparison.verdict == Verdict::undecided) return result;
  const Node both =
      pair->manager.combine(options.as_permission ? both_permissions : both_answers, pair->left, pair->right);
  result.is_complete = !pair->manager.exhausted() && Grouping(*pair, left, right, options).run(both, result);
  return result;
}

}  // namespace cordon::prove
