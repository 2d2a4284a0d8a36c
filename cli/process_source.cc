#include "cli/process_source.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "cli/output.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr std::string_view kPrefix = "pid:";

// All of the text, in decimal.
std::optional<int32_t> number(std::string_view text) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-') return std::nullopt;
  return value;
}

struct ProcessSource {
  pid_t tid = 0;
  std::optional<uint32_t> index;
};

std::optional<ProcessSource> parse(std::string_view spec) {
  spec.remove_prefix(kPrefix.size());
  const size_t slash = spec.find('/');
  const auto tid = number(spec.substr(0, slash));
  if (!tid || *tid == 0) return std::nullopt;
  if (slash == std::string_view::npos) return ProcessSource{*tid, std::nullopt};
  const auto index = number(spec.substr(slash + 1));
  if (!index) return std::nullopt;
  return ProcessSource{*tid, static_cast<uint32_t>(*index)};
}

}  // namespace

bool is_process_source(std::string_view spec) { return spec.starts_with(kPrefix); }

Result<ProcessFilters> read_process_source(const std::string& spec) {
  const auto source = parse(spec);
  if (!source)
    return usage_error("'" + base::printable(spec) + "' names no process",
                       "pid:1234 are all filters of a process, pid:1234/0 is the oldest; a file of this name is ./" +
                           base::printable(spec));
  Result<ProcessFilters> found = observe::read_process_filters(source->tid);
  if (!found || !source->index) return found;
  std::vector<AttachedFilter>& filters = found->filters;
  if (*source->index >= filters.size())
    return usage_error(
        "'" + base::printable(spec) + "': there is no filter " + std::to_string(*source->index),
        "the process has " + std::to_string(filters.size()) + ", 0 to " + std::to_string(filters.size() - 1));
  filters = {AttachedFilter(filters[*source->index])};
  return found;
}

std::string describe_filter(const ProcessFilters& process, const AttachedFilter& filter) {
  std::string text = "filter " + std::to_string(filter.index) + " of ";
  text += (process.thread == process.process ? "process " : "thread ") + std::to_string(process.thread);
  if (!process.name.empty()) text += " (" + base::printable(process.name) + ")";
  if (process.thread == process.process && process.thread_count > 1)
    text += ", first of " + std::to_string(process.thread_count) + " threads";
  if (filter.is_logged.value_or(false)) text += ", denials are logged";
  return text;
}

}  // namespace cordon::cli
