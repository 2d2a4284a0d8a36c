// One call's answer as libseccomp's rules: for each action alternatives of comparisons joined by "and".
//
//   allow  ioctl(arg1 & 0xffffffff in {0x5401})      allow: { 1 MASKED_EQ 0xffffffff 0x5401 }
//   allow  lseek(arg1 <= 4095), errno EINVAL lseek   allow: { 1 LE 4095 }; errno EINVAL: { 1 GT 4095 }
//
// No argument is compared twice in an alternative, and alternatives of different actions exclude each other: what the
// reader and libseccomp make of their order does not matter.
#pragma once

#include <optional>
#include <vector>

#include "cordon/formats/call_answers.h"
#include "cordon/formats/oci_profile.h"

namespace cordon::formats {

struct OciAlternative {
  Action action;
  std::vector<OciArg> args;  // empty: always
};

// What the default action does not say. None: more than `max` alternatives.
std::optional<std::vector<OciAlternative>> oci_alternatives(const std::vector<Clause>& clauses, unsigned word_bits,
                                                            Action default_action, size_t max);

}  // namespace cordon::formats
