// A ready sandbox from inside: a process that has gone through every step of a launch but the exec, and makes a process
// for each request. Under the rules of child.h.
//
// Requests lie in memory that both sides see; over a socket go a byte, the descriptors that are handed on, and back the
// new process's pidfd. What is cloned is the launcher's child, not this process's.
#pragma once

#include <atomic>
#include <cstdint>

#include "cordon/sandbox/child.h"

namespace cordon::sandbox {

// The number of this process's end of the socket; what is handed on has the numbers below, in the order it came.
constexpr int kReadyControl = 16;

struct ReadyRequest {
  int (*function)(void*) = nullptr;  // instead of a program; what it returns is the status
  void* argument = nullptr;
  const char* path = nullptr;
  char* const* argv = nullptr;
  char* const* shell_argv = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;  // nullptr: the sandbox's
  bool may_lack_directory = false;
  uint64_t signal_mask = 0;
  int descriptor_count = 0;
  uint32_t closed = 0;  // bit N: descriptor N came only to fill its place
  bool has_own_session = false;
  bool has_umask = false;
  uint32_t umask = 0;
};

// Memory that both sides see.
struct SharedMemory {
  void* memory = nullptr;
  size_t size = 0;
};

struct ReadyPlan {
  ReadyRequest* request = nullptr;
  SharedMemory requests, report;
  int control = -1;           // before it has its number
  void* stack_top = nullptr;  // of what is started, until its exec; in nobody else's memory
  int clone_flags = 0;
  bool attaches_late = false;     // the filters are the new process's own
  bool ends_with_thread = false;  // of the launcher
};

constexpr int kReadyForkFlags = 0x8000 /* CLONE_PARENT */ | 0x1000 /* CLONE_PIDFD */;

// Returns when a step failed, or nobody is left who could ask.
void serve_starts(const ChildPlan& plan);

}  // namespace cordon::sandbox
