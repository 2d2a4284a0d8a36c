// Groups of system calls: @startup, @file-read …
#pragma once

#include <iterator>
#include <span>
#include <string_view>

#include "cordon/abi/search.h"

namespace cordon::abi {

struct Group {
  std::string_view name;  // without the '@'
  std::string_view description;
  std::span<const std::string_view> members;
};

namespace tables {

using namespace std::string_view_literals;
#include "cordon/abi/tables/groups.inc"

}  // namespace tables

// Sorted by name. Groups overlap: a call may be in several.
inline constexpr std::span<const Group> groups() { return tables::kGroups; }

// Without the '@'; null where there is none.
inline constexpr const Group* find_group(std::string_view name) {
  size_t count = std::size(tables::kGroups);
  size_t at = tables::first_not_below(count, [name](size_t i) { return tables::kGroups[i].name < name; });
  return at < count && tables::kGroups[at].name == name ? &tables::kGroups[at] : nullptr;
}

}  // namespace cordon::abi
