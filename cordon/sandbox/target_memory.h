// Memory of a thread whose call waits for an answer.
//
//   auto path = sandbox::read_string(notification.tid, address, PATH_MAX);
//   if (!listener.is_valid(notification.id)) …    // it may have been another thread's: throw it away
//
// What was read is a copy: the thread's own memory can change at any time, by another thread of its process. It is good
// for telling, and for acting on the copy; not for letting the kernel read the same memory again.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cordon::sandbox {

// Up to the byte 0, which is left out. None: not readable within a second, or longer than `most`.
std::optional<std::string> read_string(pid_t tid, uint64_t address, size_t most);

// Exactly so many bytes, at most 4096, or none.
std::optional<std::vector<uint8_t>> read_bytes(pid_t tid, uint64_t address, size_t count);

}  // namespace cordon::sandbox
