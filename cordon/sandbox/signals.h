// Signal masks as the kernel has them, and the signals a supervisor handles itself.
#pragma once

#include <cstdint>

namespace cordon::sandbox {

// Gives the mask there was before. Bit N-1 is signal N.
uint64_t block_all_signals();

uint64_t current_signal_mask();
void set_signal_mask(uint64_t mask);

// What is passed on to a command: all that asks a program for something, but for job control.
uint64_t forwarded_signals();

// What supervise() reads from its signalfd: everything a user or a terminal sends.
uint64_t supervised_signals();

// The shell waits for cordon, not for the command: it can take the terminal back only if cordon stops too.
// Returns when somebody has continued us. False: there is no terminal, or no shell of its session above us, thus
// nobody who would.
bool stop_at_terminal();

// Our group is the one the terminal belongs to: its shell waits for us.
bool has_terminal();

// The process has a group of its own, and that is the one the terminal belongs to: what the terminal sends does
// not reach us.
bool has_terminal_to_itself(int32_t pid);

}  // namespace cordon::sandbox
