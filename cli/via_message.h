// What `run --via` and `serve` say to each other, over a socket that keeps messages apart.
//
// The asker sends ViaRequest with a sealed memory file (the directory, the arguments, the environment, each ended by a
// zero byte) and the descriptors to be handed on; then a ViaSignal for each signal. The server answers once, by ViaEnd.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"

namespace cordon::cli {

inline constexpr unsigned kMostDescriptors = 16;
inline constexpr uint64_t kMostRequestBytes = 2 << 20;

struct ViaRequest {
  static constexpr uint64_t kMagic = 0x32616976'646e6f63;  // "cond" "via2"
  static constexpr uint64_t kVersionMask = uint64_t{0xff} << 56;
  uint64_t magic = kMagic;
  uint64_t signal_mask = 0;  // the command's
  uint32_t argument_count = 0;
  uint32_t open = 0;  // bit N: a descriptor comes along that is to be number N
  uint32_t umask = 0;
  uint32_t reserved = 0;
};

struct ViaSignal {
  int32_t signal = 0;
};

struct ViaEnd {
  enum class Kind : uint32_t { exited, signalled, refused };
  Kind kind = Kind::refused;
  int32_t status = 0;    // exit status, signal, or cordon's own status
  char text[1000] = {};  // refused: message and hint, each ended by a zero byte
};

// What a command is started with; `descriptors` as it is to have them, -1 where it has none.
struct ViaCommand {
  std::string directory;
  std::vector<std::string> argv, environment;
  std::vector<int> descriptors;
  uint64_t signal_mask = 0;
  uint32_t umask = 0;
};

// An errno, or 0.
int send_command(int socket, const ViaCommand& command);

struct ReceivedCommand {
  ViaCommand command;
  std::vector<Fd> owned;  // its descriptors
};
// Errors for whatever is no request; nothing there is trusted to end, to be small, or to stay as it is.
Result<ReceivedCommand> receive_command(int socket);

}  // namespace cordon::cli
