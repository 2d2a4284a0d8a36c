// What a source answers to a call, for `cordon test`: every outcome with its condition and with who decides.
#pragma once

#include <string>
#include <vector>

#include "cli/load.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/result.h"
#include "cordon/policy/partial.h"
#include "cordon/prove/outcomes.h"

namespace cordon::cli {

struct CallOutcome {
  std::string condition;  // empty: for all arguments that no earlier answer is for
  Action action;
  std::string decided_by;
  // Of raw filters: the instructions, and a call where no condition of the language says when.
  std::vector<prove::Decider> deciders;
  std::string example;
};

// In order of first match, at least one.
Result<std::vector<CallOutcome>> answers_to(const PartialCall& call, const Loaded& loaded);

std::string answers_text(const std::string& call, const std::vector<CallOutcome>& answers);
void write_answers(JsonWriter& json, const std::string& call, const std::vector<CallOutcome>& answers);

}  // namespace cordon::cli
