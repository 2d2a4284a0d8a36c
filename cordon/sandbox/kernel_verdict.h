// What became known of a call that the kernel itself answered by a kill or a trap.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "cordon/policy/call.h"

namespace cordon {

// A call the kernel answered by a kill or a trap, as far as it could be found out.
struct KernelVerdict {
  enum class Source : uint8_t { tracer, audit, signal };
  Source source = Source::signal;
  pid_t pid = 0;
  pid_t tid = 0;            // 0: not known (audit records name the process only)
  std::string command;      // the thread's name
  bool call_known = false;  // Source::signal: no number at all
  bool args_known = false;  // Source::audit: no arguments
  // It was this call. Else a thread has ended by the signal with the call in its registers: either it was killed
  // for it, or another thread's kill has found it there. A policy that does not kill the call tells them apart.
  bool is_certain = true;
  Call call;
  int signal = 0;              // SIGSYS, or SIGKILL for strict mode
  bool is_trap = false;        // delivered as a signal the program may handle
  bool trace_refused = false;  // Source::signal: a tracer was asked for and could not be had
  std::string site;            // where the call was made, "libc.so.6+0x10e2f8"; empty if that is not known
};

}  // namespace cordon
