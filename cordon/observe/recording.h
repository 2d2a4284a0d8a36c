// What one run of a command did: which calls each of its programs made, how often, with which values of
// the watched arguments. And its text form, `.cordon-trace`.
//
//   cordon-trace 1
//   command "ls" "-l"
//   start before_exec
//   kernel 6.18
//   program 0 launch
//   program 1 "/usr/bin/ls"
//   call 0 x86_64 59 execve 1 10250
//   call 1 x86_64 16 ioctl 2 904133 arg1=0x5401
//   call 1 x86_64 202 futex 90211 1200341 ...
//   lost 0
//   interrupted 0
//   unattributed 0
//   complete yes
//
// A call line is: program, ABI, number, name (for people; "?" if unknown), how often, first seen in
// nanoseconds since the start, then the watched arguments; "..." stands for arguments with too many
// distinct values. The last line tells a whole file from a cut one. Equal recordings give equal bytes.
//
// What "complete" claims: every call that ran is in the recording. Three counters say what is not as it
// should be.
//   lost          calls that ran, or may have run, unseen. Never complete.
//   interrupted   calls that were withdrawn before the recorder had read them: a signal arrived within the
//                 microseconds between the entry and the reading. Such a call has not run, so nothing is
//                 missing of what the program did. If its thread was killed (exit_group of a sibling,
//                 exec) nothing follows; if the signal restarts calls, the same call comes anew and is
//                 recorded then; if a handler without SA_RESTART ran, the program saw EINTR and makes
//                 the call again if it still wants it. So these are counted and shown, but are no loss.
//   unattributed  recorded calls whose program could not be told (its /proc entry was closed to the
//                 recorder). They count for the command as a whole.
// A recording that ended before the last task did is not complete either.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/abi/kernel_version.h"
#include "cordon/base/result.h"
#include "cordon/observe/interest.h"
#include "cordon/policy/policy.h"

namespace cordon {

// One distinct set of values.
struct RecordedValues {
  std::array<uint64_t, kMaxWatched> values{};  // in order of RecordedCall::slots, as wide as the kernel reads
  uint64_t count = 0;
  uint64_t first_seen_ns = 0;

  bool operator==(const RecordedValues&) const = default;
};

struct RecordedCall {
  uint32_t program = 0;
  Arch arch = Arch::x86_64;
  uint32_t nr = 0;
  uint64_t count = 0;
  uint64_t first_seen_ns = 0;
  std::array<uint8_t, kMaxWatched> slots{};
  uint8_t slot_count = 0;              // 0: no watched arguments, or too many values
  bool too_many_values = false;        // then `values` is empty
  std::vector<RecordedValues> values;  // if slot_count > 0: at least one

  bool operator==(const RecordedCall&) const = default;
};

struct RecordedProgram {
  bool is_launch = false;  // cordon's own child, before the first exec
  std::string path;        // as /proc/PID/exe has it; empty for the launch and where it is unknown

  bool operator==(const RecordedProgram&) const = default;
};

struct Recording {
  std::vector<std::string> argv;
  StartPoint start = StartPoint::before_exec;
  KernelVersion kernel;
  std::vector<RecordedProgram> programs;
  std::vector<RecordedCall> calls;  // sorted by program, ABI, number
  uint64_t lost = 0;
  uint64_t interrupted = 0;
  uint64_t unattributed = 0;
  bool finished = false;  // the last task had ended

  bool is_complete() const { return finished && lost == 0; }
  bool operator==(const Recording&) const = default;
};

namespace observe {

// More distinct values of a call's arguments than this are not kept.
inline constexpr size_t kMaxValues = 64;
// Counters stop here (nine years of a call every microsecond): sums fit 64 bits.
inline constexpr uint64_t kMaxCount = uint64_t{1} << 48;
inline constexpr size_t kMaxTraceBytes = size_t{64} << 20;
inline constexpr size_t kMaxPrograms = 65536;

std::string write_recording(const Recording& recording);

// Strict: what write_recording cannot have written is an error with its place. `name` is the file's.
Result<Recording> read_recording(std::string_view text, std::string_view name);

// Several runs as one: counts add up, the union is complete only if each one is. Programs are joined by
// path; the first recording gives command and kernel (the newest of them), all must share the start.
Result<Recording> merge_recordings(std::span<const Recording> recordings);

}  // namespace observe
}  // namespace cordon
