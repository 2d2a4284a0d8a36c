// Signal masks as the kernel has them, and the signals a supervisor handles itself.
#pragma once

#include <cstdint>

namespace cordon::sandbox {

// Both give the mask there was before. Bit N-1 is signal N.
uint64_t block_all_signals();
uint64_t block_supervised_signals();

uint64_t current_signal_mask();
void set_signal_mask(uint64_t mask);

// What supervise() reads from its signalfd: everything a user or a terminal sends.
uint64_t supervised_signals();

}  // namespace cordon::sandbox
