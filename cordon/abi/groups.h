// Groups of system calls: @startup, @file-read …
#pragma once

#include <span>
#include <string_view>

namespace cordon::abi {

struct Group {
  std::string_view name;         // without the '@'
  std::string_view description;
  std::span<const std::string_view> members;
};

constexpr std::span<const Group> groups();
constexpr const Group* find_group(std::string_view name);  // without the '@'; null where there is none

}  // namespace cordon::abi
