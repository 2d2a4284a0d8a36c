#include "cordon/observe/thread_status.h"

#include <charconv>
#include <fstream>
#include <iterator>

namespace cordon::observe {
namespace {

// The rest of the line that begins with "KEY:", without the blanks before it.
std::optional<std::string_view> field(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.starts_with(key) || line.size() == key.size() || line[key.size()] != ':') continue;
    line.remove_prefix(key.size() + 1);
    const size_t first = line.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view() : line.substr(first);
  }
  return std::nullopt;
}

std::optional<uint64_t> number(std::string_view text, std::string_view key, int base) {
  const auto value = field(text, key);
  uint64_t parsed = 0;
  if (!value || std::from_chars(value->data(), value->data() + value->size(), parsed, base).ec != std::errc())
    return std::nullopt;
  return parsed;
}

pid_t pid_field(std::string_view text, std::string_view key) {
  return static_cast<pid_t>(number(text, key, 10).value_or(0));
}

SeccompMode mode_of(std::optional<uint64_t> mode) {
  if (!mode || *mode > 2) return SeccompMode::unknown;
  return *mode == 0 ? SeccompMode::none : *mode == 1 ? SeccompMode::strict : SeccompMode::filters;
}

}  // namespace

ThreadStatus parse_thread_status(std::string_view text) {
  ThreadStatus status;
  status.name = field(text, "Name").value_or("");
  const std::string_view state = field(text, "State").value_or("");
  if (!state.empty()) status.state = state.front();
  status.process = pid_field(text, "Tgid");
  status.parent = pid_field(text, "PPid");
  status.tracer = pid_field(text, "TracerPid");
  status.seccomp = mode_of(number(text, "Seccomp", 10));
  if (const auto count = number(text, "Seccomp_filters", 10)) status.filter_count = static_cast<uint32_t>(*count);
  status.effective_capabilities = number(text, "CapEff", 16).value_or(0);
  // Before 6.8 a kernel thread is what lives without memory of its own.
  const auto kernel_thread = number(text, "Kthread", 10);
  status.is_kernel_thread = kernel_thread ? *kernel_thread == 1 : !field(text, "VmSize") && !status.has_ended();
  return status;
}

std::optional<ThreadStatus> thread_status(pid_t tid) {
  std::ifstream file("/proc/" + std::to_string(tid) + "/status");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (text.empty()) return std::nullopt;
  return parse_thread_status(text);
}

}  // namespace cordon::observe
