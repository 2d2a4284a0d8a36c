// Writes minijail's policies.
//
//   CORDON_TRY(answers, fit(policy, resolved, {.bounds = minijail_bounds(MinijailForm::any), .is_lossy = false}));
//   Result<std::string> text = write_minijail(answers, policy, {.form = MinijailForm::any, .is_lossy = false});
//
//   read: 1
//   ioctl: arg1 == TCGETS || arg1 == TIOCGWINSZ
//   openat: { arg2 in ~O_ACCMODE; allow, return EINVAL }
//
// A line is what both of minijail's parsers take wherever they mean the same by it. The rest is in braces, which the
// C parser refuses: `CONDITION; return ERRNO` is "else" to one and "if" to the other.
#pragma once

#include <cstdint>
#include <string>

#include "cordon/base/result.h"
#include "cordon/formats/fit.h"

namespace cordon::formats {

enum class MinijailForm : uint8_t {
  any,       // braces and @default where they are needed
  c_parser,  // only what minijail's C parser takes; for each call it knows "allow" and one other answer
  denylist,  // @denylist: allowed by default, each call named gets an errno
};

FormatBounds minijail_bounds(MinijailForm form);

struct MinijailWriteOptions {
  MinijailForm form = MinijailForm::any;
  bool is_lossy = false;
  // Lines for socketcall and ipc stand first, instead of being left to what the calls they stand for get.
  bool has_multiplexers_apart = false;
  std::string mark;  // what readers must know first; a comment at the head
};

// Tests of an argument's low 32 bits are written for whole registers where that is stricter, with a note; the answers
// then say so.
Result<std::string> write_minijail(CallAnswers& answers, const Policy& policy, const MinijailWriteOptions& options);

}  // namespace cordon::formats
