// Tells files that are something else before a reader takes each of their lines for a mistake.
#pragma once

#include <optional>
#include <string_view>

#include "cordon/base/diagnostic.h"
#include "cordon/formats/read.h"

namespace cordon::formats {

// Why no reader of `format` can make anything of the content: it is a recording, a program, an archive or a
// text in another encoding. No value: a reader may try.
std::optional<Diagnostic> not_a_policy(std::string_view content, std::string_view name, SourceFormat format);

}  // namespace cordon::formats
