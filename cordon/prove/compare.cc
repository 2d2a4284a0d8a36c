#include "cordon/prove/compare.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/base/assert.h"
#include "cordon/bpf/simulate.h"
#include "cordon/diagram/walk.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/cut_points.h"
#include "cordon/prove/probe.h"
#include "cordon/prove/sample.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Node;
using diagram::Word;

constexpr unsigned kProbes = 20000;
constexpr size_t kProbedInsns = 2'000'000;   // about 10 ms
constexpr size_t kGuessedNodes = 1'000'000;  // looked at for calls that show what stand-ins leave open

// What two answers to one call say of the right one.
enum Difference : uint64_t { kSame, kData, kLooser, kTighter, kUnknown };

Difference difference(Action left, Action right) {
  if (left.kind != right.kind) return right.kind > left.kind ? kLooser : kTighter;
  return left.data == right.data ? kSame : kData;
}

Difference permission_difference(Action left, Action right) {
  if (policy::may_run(left.kind) == policy::may_run(right.kind)) return kSame;
  return policy::may_run(right.kind) ? kLooser : kTighter;
}

Action action_of(uint64_t leaf) { return policy::from_ret(static_cast<uint32_t>(leaf)); }

// Of a computed answer only that it is another one is known.
bool is_computed(uint64_t leaf) { return leaf >= StandIns::kFirstAnswer; }

uint64_t leaf_difference(uint64_t a, uint64_t b) {
  if (is_computed(a) || is_computed(b)) return a == b ? kSame : kUnknown;
  return difference(action_of(a), action_of(b));
}
uint64_t leaf_permission_difference(uint64_t a, uint64_t b) {
  if (is_computed(a) || is_computed(b)) return a == b ? kSame : kUnknown;
  return permission_difference(action_of(a), action_of(b));
}

// Known ABIs and their calls before numbers that nobody has.
struct Preferred {
  Preferred() {
    for (const abi::ArchInfo& arch : abi::arches()) arches.push_back(arch.audit_arch);
    for (uint32_t nr = 0; nr < 600; ++nr) numbers.push_back(nr);
    words[kArchWord] = arches;
    words[kNrWord] = numbers;
  }
  std::vector<uint32_t> arches, numbers;
  diagram::Preferences words;
};

std::optional<Witness>& place_of(Comparison& result, Difference kind) {
  return kind == kLooser ? result.looser : kind == kTighter ? result.tighter : result.data;
}

void conclude(Comparison& result) {
  if (result.looser && result.tighter)
    result.verdict = Verdict::incomparable;
  else if (result.looser)
    result.verdict = Verdict::looser;
  else if (result.tighter)
    result.verdict = Verdict::tighter;
  else
    result.verdict = result.data ? Verdict::same_strictness : Verdict::equal;
}

// The longer the programs, the fewer calls are tried.
unsigned probes_for(const Meaning& left, const Meaning& right) {
  size_t insns = 1;
  for (const Meaning* side : {&left, &right})
    if (auto* stack = std::get_if<std::span<const bpf::Program>>(side))
      for (const bpf::Program& program : *stack) insns += program.size();
  return static_cast<unsigned>(std::clamp<size_t>(kProbedInsns / insns, kProbes / 40, kProbes));
}

// Keeps the call where it is the first to show its kind of difference.
void try_call(const Call& call, const Meaning& left, const Meaning& right, const CompareOptions& options,
              Comparison& result) {
  const Endian endian = endian_of(left, right, call.audit_arch, options.encode.endian);
  const Action a = answer(left, call, endian), b = answer(right, call, endian);
  const Difference kind = options.as_permission ? permission_difference(a, b) : difference(a, b);
  if (kind != kSame && !place_of(result, kind)) place_of(result, kind) = Witness{call, a, b};
}

void try_calls(const Meaning& left, const Meaning& right, const CompareOptions& options, Comparison& result) {
  probe(left, right, probes_for(left, right), [&](const Call& call) {
    try_call(call, left, right, options, result);
    return !(result.looser && result.tighter);
  });
  if (result.looser && result.tighter) result.verdict = Verdict::incomparable;
}

bool is_same(const ResolvedPolicy& a, const ResolvedPolicy& b) {
  auto same_segment = [](const Segment& one, const Segment& other) {
    return one.first == other.first && one.last == other.last &&
           std::equal(
               one.clauses.begin(), one.clauses.end(), other.clauses.begin(), other.clauses.end(),
               [](const Clause& c, const Clause& d) { return c.action == d.action && c.condition == d.condition; });
  };
  auto same_table = [&](const ArchTable& one, const ArchTable& other) {
    return one.audit_arch == other.audit_arch && one.endian == other.endian && one.word_bits == other.word_bits &&
           std::equal(one.segments.begin(), one.segments.end(), other.segments.begin(), other.segments.end(),
                      same_segment);
  };
  return a.bad_arch == b.bad_arch &&
         std::equal(a.arches.begin(), a.arches.end(), b.arches.begin(), b.arches.end(), same_table);
}

// Word for word: a file against its copy needs no diagram.
bool is_same(const Meaning& left, const Meaning& right) {
  if (left.index() != right.index()) return false;
  if (auto* policy = std::get_if<const ResolvedPolicy*>(&left))
    return is_same(**policy, *std::get<const ResolvedPolicy*>(right));
  const auto a = std::get<std::span<const bpf::Program>>(left), b = std::get<std::span<const bpf::Program>>(right);
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// Where products and quotients are words that may be anything. What differs nowhere then differs nowhere; what
// differs has to be shown by a call.
std::optional<Comparison> with_stand_ins(const Meaning& left, const Meaning& right, const CompareOptions& options,
                                         Comparison tried, Standing which) {
  EncodeOptions encoding = options.encode;
  encoding.stand_ins = which;
  encoding.max_steps /= 2;
  auto encoded = encode_pair(left, right, encoding);
  auto* pair = std::get_if<Pair>(&encoded);
  if (pair == nullptr) return std::nullopt;
  const Node found = pair->manager.combine(options.as_permission ? leaf_permission_difference : leaf_difference,
                                           pair->left, pair->right);
  if (pair->manager.exhausted()) return std::nullopt;
  std::vector<Difference> possible;
  for (Node leaf : diagram::leaves(pair->manager, found))
    if (pair->manager.value(leaf) != kSame) possible.push_back(static_cast<Difference>(pair->manager.value(leaf)));
  if (std::find(possible.begin(), possible.end(), kUnknown) != possible.end()) return std::nullopt;
  const size_t guesses = std::clamp<size_t>(kGuessedNodes / pair->manager.node_count(), 4, 64);
  Random random;
  std::array<std::vector<uint32_t>, diagram::kMaxWords> values;
  for (Difference kind : possible)
    for (size_t i = 0; i < guesses && !place_of(tried, kind); ++i) {
      diagram::Preferences preferred;
      for (size_t word = 0; word < values.size(); ++word) {
        values[word] = {static_cast<uint32_t>(random.bits()), static_cast<uint32_t>(random.below(256))};
        preferred[word] = values[word];
      }
      const auto point = diagram::find(
          pair->manager, found, [kind](uint64_t leaf) { return leaf == kind; }, preferred);
      const Endian endian = endian_of(left, right, (*point)[kArchWord], options.encode.endian);
      try_call(call_at(*point, endian), left, right, options, tried);
    }
  for (Difference kind : possible)
    if (!place_of(tried, kind)) return std::nullopt;
  tried.undecided.reset();
  tried.steps += pair->manager.steps();
  conclude(tried);
  return tried;
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal: return "equal";
    case Verdict::same_strictness: return "same_strictness";
    case Verdict::tighter: return "tighter";
    case Verdict::looser: return "looser";
    case Verdict::incomparable: return "incomparable";
    case Verdict::undecided: return "undecided";
  }
  return "undecided";
}

Action answer(const Meaning& meaning, const Call& call, Endian endian) {
  if (auto* policy = std::get_if<const ResolvedPolicy*>(&meaning)) return policy::evaluate(**policy, call).action;
  bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
  std::copy(call.args.begin(), call.args.end(), input.args);
  return policy::from_ret(bpf::simulate_stack(std::get<std::span<const bpf::Program>>(meaning), input, endian));
}

Endian endian_of(const Meaning& left, const Meaning& right, uint32_t audit_arch, Endian machine) {
  for (const Meaning* side : {&left, &right})
    if (auto* policy = std::get_if<const ResolvedPolicy*>(side))
      for (const ArchTable& table : (*policy)->arches)
        if (table.audit_arch == audit_arch) return table.endian;
  return machine;
}

Comparison compare_encoded(Pair& pair, const Meaning& left, const Meaning& right, const CompareOptions& options) {
  Comparison result;
  result.steps = pair.manager.steps();
  if (pair.left == pair.right) {
    result.verdict = Verdict::equal;
    return result;
  }
  const Node found =
      pair.manager.combine(options.as_permission ? leaf_permission_difference : leaf_difference, pair.left, pair.right);
  result.steps = pair.manager.steps();
  if (pair.manager.exhausted()) {
    result.undecided = Undecided{std::nullopt, 0, false, result.steps};
    try_calls(left, right, options, result);
    return result;
  }
  const Preferred preferred;
  for (Difference kind : {kData, kLooser, kTighter}) {
    const auto point = diagram::find(
        pair.manager, found, [kind](uint64_t leaf) { return leaf == kind; }, preferred.words);
    if (!point) continue;
    const Endian endian = endian_of(left, right, (*point)[kArchWord], options.encode.endian);
    const Call call = call_at(*point, endian);
    const Witness witness{call, answer(left, call, endian), answer(right, call, endian)};
    const auto shown = options.as_permission ? permission_difference(witness.left, witness.right)
                                             : difference(witness.left, witness.right);
    CORDON_ASSERT(shown == kind, "a witness shows the difference the diagrams found");
    place_of(result, kind) = witness;
  }
  conclude(result);
  return result;
}

Comparison compare_unencoded(const Meaning& left, const Meaning& right, const CompareOptions& options, Undecided why) {
  Comparison result;
  result.steps = why.steps;
  if (is_same(left, right)) {
    result.verdict = Verdict::equal;
    return result;
  }
  result.undecided = std::move(why);
  try_calls(left, right, options, result);
  for (Standing which : {Standing::tests, Standing::products}) {
    if (result.verdict != Verdict::undecided) break;
    if (auto decided = with_stand_ins(left, right, options, result, which)) result = std::move(*decided);
  }
  return result;
}

Comparison compare(const Meaning& left, const Meaning& right, const CompareOptions& options) {
  Comparison result;
  const CutPointProof by_parts = equal_by_cut_points(left, right, options.encode);
  if (by_parts.is_equal) {
    result.verdict = Verdict::equal;
    result.steps = by_parts.steps;
    return result;
  }
  auto encoded = encode_pair(left, right, options.encode);
  if (auto* pair = std::get_if<Pair>(&encoded)) {
    result = compare_encoded(*pair, left, right, options);
  } else {
    result = compare_unencoded(left, right, options, std::get<Undecided>(std::move(encoded)));
  }
  result.steps += by_parts.steps;
  if (result.undecided) result.undecided->steps += by_parts.steps;
  return result;
}

}  // namespace cordon::prove
