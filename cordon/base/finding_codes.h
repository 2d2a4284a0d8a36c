// What the codes of findings stand for, whatever the finding: for reports that explain each code once.
//
//   base::find_code("open-door")->summary   // "a call is restricted, and another that does the same is not"
//
// The message of a finding names the calls and the place; these lines hold for all findings of their code.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace cordon::base {

struct FindingCode {
  std::string_view code;
  std::string_view summary;  // what is found
  std::string_view cure;     // what to do about it in general; empty where only the finding itself can say
};

// In alphabetical order.
std::span<const FindingCode> finding_codes();

std::optional<FindingCode> find_code(std::string_view code);

}  // namespace cordon::base
