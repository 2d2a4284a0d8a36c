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

// Of the group of that name; none where there is no such group.
inline constexpr std::span<const std::string_view> group_members(std::string_view name) {
  const size_t count = std::size(tables::kGroups);
  const size_t at = tables::first_not_below(count, [name](size_t i) { return tables::kGroups[i].name < name; });
  if (at == count || tables::kGroups[at].name != name) return {};
  return tables::kGroups[at].members;
}

}  // namespace cordon::abi
