// minijail0's configuration files, which hold its options: `% minijail-config-file v0`, then `option = value` a line.
//
//   if (formats::is_minijail_config(text)) return formats::read_minijail_config(text, "app.conf", options);
//
// They become a policy with lines beside its rules (cordon(5)); the rules are those of the file that `S` names. An
// option that no line says is an error with what says it instead: nothing of the file is left out.
#pragma once

#include <string>
#include <string_view>

#include "cordon/formats/draft.h"
#include "cordon/formats/read.h"

namespace cordon::formats {

bool is_minijail_config(std::string_view text);
PolicyReading read_minijail_config(std::string_view text, std::string name, const ReadOptions& options);

}  // namespace cordon::formats
