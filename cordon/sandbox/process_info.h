// What /proc says of a process. A number may be reused as soon as its process was reaped: ask only about
// own children and tracees.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cordon::sandbox {

// False for a child that was cloned and never executed a program (PF_FORKNOEXEC); zombies answer too.
bool has_execed(pid_t pid);

// The thread's name; empty if it is gone.
std::string thread_name(pid_t tid);

// The file a thread's program was started from; empty if it is gone or closed to the caller. Unlike its name
// it is not the program's to choose.
std::string executable(pid_t tid);

// The mapping that holds an address, as "libc.so.6+0x10e2f8": an offset into the file, so that it is the
// same in every run. Empty if the thread is gone. Costs a read of /proc/TID/maps.
std::string code_site(pid_t tid, uint64_t address);

// The process a thread belongs to; 0 if it is gone.
pid_t thread_group(pid_t tid);

// 0 if it is gone.
pid_t parent_of(pid_t pid);

// By a signal, or held by a tracer after one.
bool is_stopped(pid_t pid);

// The threads of a process, those that have ended and were not taken yet too; nothing if it is gone.
std::vector<pid_t> threads_of(pid_t pid);

// What this process has open; nothing where /proc cannot be read.
std::vector<int> own_descriptors();

// How many threads a process has; 0 if it is gone.
unsigned thread_count(pid_t pid);

}  // namespace cordon::sandbox
