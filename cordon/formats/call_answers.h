// What a policy answers, by the names of calls: the form in which formats are written that know names only.
//
//   answers.default_action == errno EPERM
//   answers.calls          == [ read: allow ] [ socket: (arg0 & 0xffffffff in {1, 2}) allow, errno EPERM ]
//
// Numbers that have no name get the default. One list of clauses stands for a call on every architecture that has
// it: on a 32-bit one it is asked of the low words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon {

struct CallAnswer {
  std::string_view name;
  std::vector<Arch> arches;  // those of the policy that have the call
  uint8_t word_bits = 64;    // of the widest of them: what the clauses speak of
  std::vector<Clause> clauses;
  uint32_t rule = UINT32_MAX;  // the first of the policy's rules that it comes from
  std::string comment;         // beside the rules it comes from, if it is the same beside all
  bool is_multiplexer = false;
};

struct CallAnswers {
  std::vector<Arch> arches;
  Action default_action, bad_arch;
  // Those that do not plainly get the default, in the order of the policy's rules.
  std::vector<CallAnswer> calls;
};

namespace formats {

// The clauses as they are on an architecture with words of so many bits.
std::vector<Clause> clauses_on(const std::vector<Clause>& clauses, unsigned word_bits);

// Tests of an argument's low 32 bits become tests of the whole register, as its compilers write them: zero-extended
// or sign-extended. Calls with anything else above fall to later clauses, so this is done only of clauses that no
// looser one follows. None where nothing changes.
std::optional<std::vector<Clause>> narrowed(const std::vector<Clause>& clauses);

// One answer for all calls, the strictest there is: where conditions cannot be said.
std::vector<Clause> strictest_alone(const std::vector<Clause>& clauses);

// What the answers mean, for proofs.
ResolvedPolicy meaning_of(const CallAnswers& answers);

}  // namespace formats
}  // namespace cordon
