// Writes Docker's and OCI's JSON.
//
//   CORDON_TRY(answers, fit(policy, resolved, {.bounds = oci_bounds(), .is_lossy = false}));
//   Result<std::string> text = write_oci(answers, {.form = OciForm::docker});
//
// An entry's conditions are joined by "and", and one argument can stand in it once; entries of one call exclude each
// other where their actions differ, as libseccomp has its own order. What a comparison of a masked argument cannot
// say directly becomes entries under masks: SCMP_CMP_MASKED_EQ says every set of values.
#pragma once

#include <cstdint>
#include <string>

#include "cordon/base/result.h"
#include "cordon/formats/fit.h"

namespace cordon::formats {

FormatBounds oci_bounds();

enum class OciForm : uint8_t {
  docker,   // a profile for --security-opt seccomp=FILE; comments stay
  runtime,  // the linux.seccomp object of a config.json
};

struct OciWriteOptions {
  OciForm form = OciForm::docker;
  uint32_t filter_flags = 0;  // SECCOMP_FILTER_FLAG_*
  // Entries for socketcall and ipc stand first, instead of being left to what the calls they stand for get.
  bool has_multiplexers_apart = false;
  bool is_lossy = false;  // a call whose conditions have no form gets the strictest of its answers, with a warning
  std::string mark;       // what readers must know first; in the first entry's comment, for docker
};

// Calls whose exact conditions would take many entries are changed to compare whole registers, with a note; the
// answers then say so. An error names the rule whose conditions have no form in reach.
Result<std::string> write_oci(CallAnswers& answers, const Policy& policy, const OciWriteOptions& options);

}  // namespace cordon::formats
