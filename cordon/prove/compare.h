// How two functions of a call relate, with a call that shows it.
//
//   Comparison c = compare(old_meaning, new_meaning, {});
//   c.relation == Relation::looser, c.looser->call == ioctl(...), c.looser->left == errno, ->right == allow
//
// The relation is said of the right one. "Stricter" is the kernel's own order of actions.
#pragma once

#include <optional>

#include "cordon/policy/action.h"
#include "cordon/policy/call.h"
#include "cordon/prove/pair.h"

namespace cordon::prove {

enum class Verdict : uint8_t {
  equal,
  same_strictness,  // differs only in data, such as the errno
  tighter,
  looser,
  incomparable,
  undecided,
};
std::string_view name(Verdict verdict);  // "equal", "same_strictness" …

struct Witness {
  Call call;
  Action left, right;
};

struct Comparison {
  Verdict verdict = Verdict::undecided;
  std::optional<Witness> looser;   // right allows more here
  std::optional<Witness> tighter;  // right allows less here
  std::optional<Witness> data;     // the same kind of action with other data
  std::optional<Undecided> undecided;
  uint64_t steps = 0;
};

struct CompareOptions {
  EncodeOptions encode;
  bool as_permission = false;  // only whether the call may run
};

// On "undecided" calls at boundaries and random ones were tried; a witness found so is given, and then the
// verdict is what the witnesses show, at least: incomparable if both, else undecided.
Comparison compare(const Meaning& left, const Meaning& right, const CompareOptions& options);

// The same of a pair that is encoded already.
Comparison compare_encoded(Pair& pair, const Meaning& left, const Meaning& right, const CompareOptions& options);

// The same of a pair that could not be encoded: by calls that are tried, and by parts.
Comparison compare_unencoded(const Meaning& left, const Meaning& right, const CompareOptions& options, Undecided why);

// The byte order of a call of this architecture: that of a policy that names it, else the machine's.
Endian endian_of(const Meaning& left, const Meaning& right, uint32_t audit_arch, Endian machine);

// "A within B": A is nowhere looser than B.
constexpr bool is_within(Verdict verdict_of_a_against_b) {
  return verdict_of_a_against_b == Verdict::equal || verdict_of_a_against_b == Verdict::same_strictness ||
         verdict_of_a_against_b == Verdict::tighter;
}

// What the meaning answers to one call: evaluate or simulate.
Action answer(const Meaning& meaning, const Call& call, Endian endian);

}  // namespace cordon::prove
