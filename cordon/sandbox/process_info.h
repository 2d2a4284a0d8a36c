// What /proc says of a process. A number may be reused as soon as its process was reaped: ask only about
// own children and tracees.
#pragma once

#include <sys/types.h>

#include <string>

namespace cordon::sandbox {

// False for a child that was cloned and never executed a program (PF_FORKNOEXEC); zombies answer too.
bool has_execed(pid_t pid);

// The thread's name; empty if it is gone.
std::string thread_name(pid_t tid);

// The process a thread belongs to; 0 if it is gone.
pid_t thread_group(pid_t tid);

// 0 if it is gone.
pid_t parent_of(pid_t pid);

// By a signal, or held by a tracer after one.
bool is_stopped(pid_t pid);

// How many threads a process has; 0 if it is gone.
unsigned thread_count(pid_t pid);

}  // namespace cordon::sandbox
