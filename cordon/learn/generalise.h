// From the values of one run to a condition that says what they have in common.
//
//   GeneralisedCall call = learn::generalise(profile);
//   // condition  cmd in {TCGETS, TIOCGWINSZ}
//   // reasons    {"cmd: 2 values seen"}
//
// An argument that holds one of a set (interest.h: one_of) becomes that set: another value is another
// thing. Flags become the exact set of unions while there are at most four of them, as four can be read;
// else "no bit that was never seen": flags & ~(A|B|C) == 0, and the sub-field among the flags (O_ACCMODE)
// becomes its own set, so that O_WRONLY and O_RDWR seen do not add up to 3.
//
// Where several arguments of one_of kind depend on each other (an option's number means something at its
// level only), the values are grouped: level == SOL_SOCKET && optname == SO_TYPE || level == …
//
// futex's operations are the exception: which of them a run makes depends on how its threads meet, so one
// wait or wake seen allows them all.
//
// A call with more values than a recording keeps gets no condition, and the reason says so.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cordon/learn/profile.h"
#include "cordon/policy/condition.h"

namespace cordon {

struct GeneralisedCall {
  Condition condition;               // always, where nothing can be said
  std::vector<std::string> reasons;  // one for each argument
};

namespace learn {

inline constexpr size_t kMaxReadableUnions = 4;

GeneralisedCall generalise(const CallProfile& call);

// The value as the sum of constants that fit the argument, or as a number.
Value name_value(Arch arch, uint32_t nr, unsigned slot, uint64_t value);
// A socket option: its number means something at one level only.
Value name_option(Arch arch, uint64_t value, const std::set<uint64_t>& levels);
// The flags in `bits`, none of them in the argument's sub-field; what has no name comes last as a number.
std::vector<Value> name_flags(Arch arch, uint32_t nr, unsigned slot, uint64_t bits);

}  // namespace learn
}  // namespace cordon
