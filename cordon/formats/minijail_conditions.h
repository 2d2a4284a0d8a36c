// Conditions in minijail's words: alternatives of comparisons, without parentheses.
//
//   arg1 == TCGETS || arg1 == TIOCGWINSZ          (arg1 in {0x5401, 0x5413})
//   arg2 in ~O_ACCMODE                            (arg2 & 3 in {0})
//   arg0 >= 3 && arg0 <= 9                        (arg0 in 3..9)
//
// `&` asks for any of the bits and `in` that there is none besides, so bits under a mask are asked one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::formats {

struct MinijailCall {
  std::string_view name;
  Arch arch = Arch::x86_64;
};

struct MinijailConditionText {
  enum class Kind : uint8_t { condition, always, never };
  Kind kind = Kind::condition;
  std::string text;  // of a condition
  size_t comparisons = 0;
};

// None: more than `max` comparisons.
std::optional<MinijailConditionText> minijail_condition(const ResolvedCondition& condition, const MinijailCall& call,
                                                        size_t max);

}  // namespace cordon::formats
