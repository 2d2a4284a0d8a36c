// How cordon ends.
#pragma once

namespace cordon::cli {

// Verbs that run no command.
inline constexpr int kDone = 0;      // yes, or done
inline constexpr int kFindings = 1;  // no, differs, findings, an expectation not met, a recording with losses
inline constexpr int kUsage = 2;     // usage, bad input
inline constexpr int kRefused = 3;   // the system refused
inline constexpr int kUndecided = 4;

// Verbs that run a command end with its status, or with one of these.
inline constexpr int kTimedOut = 124;
inline constexpr int kOwnFailure = 125;
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;

}  // namespace cordon::cli
