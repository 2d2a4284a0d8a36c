#include "cordon/formats/minijail_entries.h"

#include <algorithm>
#include <charconv>

#include "cordon/abi/capabilities.h"
#include "cordon/abi/resource_limits.h"

namespace cordon::formats {
namespace {

std::string_view stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

template <class Number>
std::optional<Number> whole_number(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool is_one = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return is_one ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<MinijailEntry> minijail_entries(std::string_view text) {
  std::vector<MinijailEntry> entries;
  size_t at = std::min(text.find('\n'), text.size() - 1) + 1;
  while (at < text.size()) {
    const size_t begin = at;
    std::string line;
    bool goes_on = true;
    while (goes_on && at < text.size()) {
      const size_t end = std::min(text.find('\n', at), text.size());
      line += text.substr(at, end - at);
      at = end + 1;
      goes_on = line.ends_with('\\');
      if (goes_on) line.back() = ' ';
    }
    const std::string_view content = stripped(line);
    if (content.empty() || content.front() == '#') continue;
    MinijailEntry entry;
    const size_t equals = content.find('=');
    entry.has_value = equals != std::string_view::npos;
    entry.key = stripped(content.substr(0, equals));
    if (entry.has_value) entry.value = stripped(content.substr(equals + 1));
    entry.is_broken = entry.key.empty() || (entry.has_value && entry.value.empty());
    const size_t blanks = text.find_first_not_of(" \t", begin) - begin;
    entry.begin = static_cast<uint32_t>(begin + blanks);
    const std::string_view first = text.substr(entry.begin, text.find('\n', entry.begin) - entry.begin);
    entry.end = static_cast<uint32_t>(entry.begin + std::max<size_t>(1, stripped(first).size()));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::string> minijail_parts(std::string_view value) {
  std::vector<std::string> parts(1);
  for (char c : value)
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::optional<std::vector<std::string>> minijail_capabilities(std::string_view text) {
  std::vector<std::string> names;
  const std::string_view digits = text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text;
  if (const auto mask = whole_number<uint64_t>(digits, 16)) {
    for (unsigned number = 0; number < abi::kCapabilities.size(); ++number)
      if ((*mask >> number & 1) != 0) names.emplace_back(abi::kCapabilities[number]);
    return (*mask >> abi::kCapabilities.size()) == 0 ? std::optional(names) : std::nullopt;
  }
  const size_t flags = text.find_first_of("=+");
  const std::string_view given = flags == std::string_view::npos ? std::string_view() : text.substr(flags + 1);
  const bool is_effective = given.find('e') != std::string_view::npos && given.find_first_not_of("eip") == given.npos;
  if (!is_effective) return std::nullopt;
  for (const std::string& name : minijail_parts(text.substr(0, flags))) {
    if (!abi::find_capability(name)) return std::nullopt;
    names.push_back(abi::plain_capability(name));
  }
  return names;
}

std::optional<std::vector<std::string>> minijail_limit(std::string_view text) {
  const std::vector<std::string> parts = minijail_parts(text);
  if (parts.size() != 3) return std::nullopt;
  std::string name;
  if (const auto number = whole_number<unsigned>(parts[0], 10); number && *number < abi::kResources.size())
    name = abi::kResources[*number];
  constexpr std::string_view kPrefix = "RLIMIT_";
  if (parts[0].starts_with(kPrefix))
    for (char c : parts[0].substr(kPrefix.size())) name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (!abi::find_resource(name)) return std::nullopt;
  uint64_t lowest = UINT64_MAX;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "unlimited") continue;
    const bool is_hex = parts[i].starts_with("0x");
    const auto value = whole_number<uint64_t>(std::string_view(parts[i]).substr(is_hex ? 2 : 0), is_hex ? 16 : 10);
    if (!value || (!is_hex && parts[i].size() > 1 && parts[i].front() == '0')) return std::nullopt;
    lowest = std::min(lowest, *value);
  }
  return std::vector<std::string>{name, lowest == UINT64_MAX ? "unlimited" : std::to_string(lowest)};
}

}  // namespace cordon::formats
