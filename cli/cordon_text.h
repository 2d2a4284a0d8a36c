// Any source as cordon's own text, read again and proved equal to the source.
#pragma once

#include <string>

#include "cli/load.h"
#include "cordon/base/result.h"
#include "cordon/formats/cordon_text.h"

namespace cordon::cli {

// Rules stay as they stand where the text says the same by them, else those of the filter they compile to are
// written, with a warning. `effort` is how many times their usual steps decompiling and the proof may take.
Result<std::string> cordon_text(const Loaded& loaded, const formats::WriteOptions& writing, unsigned effort);

}  // namespace cordon::cli
