// A refusal by Landlock in words: who lacks the grant, and the line that would be it.
//
//   describe_refusal(refusal) == {"p.cordon: files (Landlock: no line grants read_file at /etc/shadow)",
//                                 "files read /etc/shadow"}
#pragma once

#include <string>

#include "cordon/sandbox/landlock_forecast.h"

namespace cordon::cli {

struct RefusalText {
  std::string policy;
  std::string allow;  // in the words of what lacks it: a line, or an option
};

RefusalText describe_refusal(const sandbox::LandlockRefusal& refusal);

}  // namespace cordon::cli
