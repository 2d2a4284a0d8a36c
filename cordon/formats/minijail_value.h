// Constants of minijail policies: numbers as C's strtol reads them, and names.
#pragma once

#include <optional>

#include "cordon/formats/minijail_statement.h"

namespace cordon::formats {

struct MinijailNumber {
  bool is_negative = false;
  uint64_t magnitude = 0;
};

// 0x1f, 017, 42, -1; out of the range of the ABI's `long` is reported.
std::optional<MinijailNumber> read_minijail_number(const MinijailToken& token, Arch arch, ProfileReporter& report);

// What `return CONSTANT` answers.
std::optional<NamedAction> read_minijail_errno(const MinijailToken& token, Arch arch, ProfileReporter& report);

}  // namespace cordon::formats
