#include "cordon/sandbox/target_memory.h"

#include <algorithm>
#include <cstring>

#include "cordon/sandbox/memory_reader.h"

namespace cordon::sandbox {
namespace {

constexpr size_t kPage = 4096;  // or a part of one: a read beyond it may fail where the string has ended before

ssize_t read_at(pid_t tid, uint64_t address, void* to, size_t count) {
  return MemoryReader::of_process().read(tid, address, to, count);
}

}  // namespace

std::optional<std::string> read_string(pid_t tid, uint64_t address, size_t most) {
  if (tid <= 0 || address == 0) return std::nullopt;
  std::string text;
  char part[kPage];
  while (text.size() <= most) {
    const size_t count = kPage - (address + text.size()) % kPage;
    const ssize_t got = read_at(tid, address + text.size(), part, count);
    if (got <= 0) return std::nullopt;
    const char* end = static_cast<const char*>(std::memchr(part, 0, static_cast<size_t>(got)));
    text.append(part, end != nullptr ? static_cast<size_t>(end - part) : static_cast<size_t>(got));
    if (end != nullptr) return text.size() <= most ? std::optional(std::move(text)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::vector<uint8_t>> read_bytes(pid_t tid, uint64_t address, size_t count) {
  if (tid <= 0 || address == 0) return std::nullopt;
  std::vector<uint8_t> bytes(count);
  if (count > 0 && read_at(tid, address, bytes.data(), count) != static_cast<ssize_t>(count)) return std::nullopt;
  return bytes;
}

}  // namespace cordon::sandbox
