// What two functions answer differently, in groups a person can read.
//
//   for (const DifferenceGroup& group : differences(left, right, {}).groups) ...
//   looser: mkdir, rmdir on x86_64, i386: errno EPERM -> allow
//
// Numbers of one ABI that differ in the same way are one group; the same group on several ABIs is told once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/prove/compare.h"
#include "cordon/prove/value_count.h"

namespace cordon::prove {

struct DifferenceGroup {
  Verdict kind = Verdict::looser;  // looser, tighter or same_strictness: of the right one
  Action left, right;
  bool is_whole = true;             // for all values of the arguments; else for those of the witness among others
  std::vector<std::string> arches;  // "x86_64"; "any other" stands for all values no ABI has
  std::vector<std::string> calls;   // names, or ranges of numbers without one: "syscall_1000..0xffffffff"
  // How many values make the difference; none for all of them, or where it could not be counted.
  std::optional<ValueCount> values;
  Call witness;
};

// Calls with a difference of some values or all. One call may be looser for some and tighter for others.
struct CallCounts {
  uint32_t calls = 0;
  uint32_t looser = 0, tighter = 0, data = 0;

  bool operator==(const CallCounts&) const = default;
};

struct ArchCounts {
  std::string arch;
  CallCounts counts;
};

struct Differences {
  Comparison comparison;
  std::vector<DifferenceGroup> groups;  // the looser first; empty where the comparison is not decided
  // How many calls (an ABI and a number that it has a name for) have some difference.
  uint32_t differing_calls = 0;
  CallCounts names;                 // a call of several ABIs counts once
  std::vector<ArchCounts> by_arch;  // those with a difference
  bool is_complete = true;          // false: there are differences that no group tells
};

Differences differences(const Meaning& left, const Meaning& right, const CompareOptions& options);

}  // namespace cordon::prove
