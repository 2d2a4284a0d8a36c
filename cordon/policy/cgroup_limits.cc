#include "cordon/policy/cgroup_limits.h"

#include <algorithm>
#include <charconv>

#include "cordon/base/text.h"

namespace cordon {

std::vector<std::string_view> CgroupLimits::controllers() const {
  std::vector<std::string_view> names;
  if (memory) names.push_back("memory");
  if (pids) names.push_back("pids");
  if (cpu_thousandths) names.push_back("cpu");
  return names;
}

}  // namespace cordon

namespace cordon::policy {

std::optional<uint64_t> read_size(std::string_view word) {
  constexpr std::string_view kUnits = "KMGT";
  constexpr unsigned kBitsOfUnit = 10;
  unsigned shift = 0;
  if (const size_t unit = word.empty() ? std::string_view::npos : kUnits.find(word.back());
      unit != std::string_view::npos) {
    shift = static_cast<unsigned>(unit + 1) * kBitsOfUnit;
    word.remove_suffix(1);
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool is_one = error == std::errc() && end == word.data() + word.size() && number != 0;
  if (!is_one || number > (uint64_t{INT64_MAX} >> shift)) return std::nullopt;
  return number << shift;
}

std::optional<uint64_t> read_cpu_share(std::string_view word) {
  constexpr uint64_t kLeast = 10, kMost = 10'000'000;  // 10,000 CPUs
  const size_t point = std::min(word.find('.'), word.size());
  std::string digits(word.substr(0, point));
  std::string behind(point < word.size() ? word.substr(point + 1) : std::string_view());
  const bool is_shaped = !digits.empty() && behind.size() <= 3 && (point == word.size() || !behind.empty());
  if (!is_shaped) return std::nullopt;
  behind.resize(3, '0');
  digits += behind;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number >= kLeast && number <= kMost ? std::optional(number) : std::nullopt;
}

std::string wrong_cgroup_value(std::string_view name, std::string_view value) {
  const std::string found = ", found '" + base::printable(value) + "'";
  if (name == "memory") return read_size(value) ? "" : "expected a size, such as 512M" + found;
  if (name == "cpu") return read_cpu_share(value) ? "" : "expected a number of CPUs, such as 1.5 or 0.25" + found;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_count = error == std::errc() && end == value.data() + value.size() && number > 0 && number <= 1u << 22;
  return is_count ? "" : "expected how many processes and threads, 1 to 4194304" + found;
}

}  // namespace cordon::policy
