// A hint for a misspelt errno: nearest_errno("EPREM") is "did you mean 'EPERM'?", empty where none is near.
#pragma once

#include <string>
#include <string_view>

namespace cordon::formats {

std::string nearest_errno(std::string_view name);

}  // namespace cordon::formats
