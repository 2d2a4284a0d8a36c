#include "cordon/formats/nearest_errno.h"

#include <optional>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"

namespace cordon::formats {

std::string nearest_errno(std::string_view name) {
  std::vector<std::string_view> names;
  if (std::optional<uint8_t> family = abi::find_family("errno"))
    for (uint16_t member : abi::family_members(*family)) names.push_back(abi::constant_name(member));
  return base::did_you_mean(name, names);
}

}  // namespace cordon::formats
