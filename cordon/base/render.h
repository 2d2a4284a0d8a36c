// Diagnostics as a good compiler prints them, and as JSON.
//
//   default.json:13:10: error: expected ',' between array elements [json-syntax]
//      13 |         }
//         |          ^ add a comma here
#pragma once

#include <string>

#include "cordon/base/diagnostic.h"

namespace cordon {

struct RenderOptions {
  bool color = false;
  size_t limit = 20;  // diagnostics; the rest is counted in a last line
};

std::string render(const Diagnostics& diagnostics, const RenderOptions& options);

// An array of objects: severity, code, file, line, column, message, hint, notes.
std::string render_json(const Diagnostics& diagnostics);

}  // namespace cordon
