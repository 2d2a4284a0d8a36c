// The options in a configuration file of minijail0, and the values of some.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cordon::formats {

// One `option = value`, continued lines joined. Offsets are those of the file.
struct MinijailEntry {
  std::string key, value;
  bool has_value = false;
  uint32_t begin = 0, end = 0;
  bool is_broken = false;  // no key, or nothing behind '='
};
// Without the first line, which says what the file is.
std::vector<MinijailEntry> minijail_entries(std::string_view text);

// "a,b,c".
std::vector<std::string> minijail_parts(std::string_view value);
// "cap_chown,cap_kill=ep", as cap_from_text(3) has it, or a mask of hexadecimal digits; without the prefix.
std::optional<std::vector<std::string>> minijail_capabilities(std::string_view value);
// "RLIMIT_NOFILE,1024,4096" as the words of a `limit` line: the lower of the two is both there.
std::optional<std::vector<std::string>> minijail_limit(std::string_view value);

}  // namespace cordon::formats
