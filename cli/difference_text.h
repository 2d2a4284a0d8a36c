// What `cordon diff` prints: the differences in groups, how many calls they are and how many values of arguments.
//
//   looser: new.cordon allows more than old.cordon, and nothing less
//     looser   ioctl on x86_64: left errno EPERM, right allow
//                for 1 of 2^32 values of cmd: ioctl(fd=0, cmd=TIOCGWINSZ, arg=0)
//   1 call differs: 1 looser
#pragma once

#include <cstddef>
#include <string>

#include "cli/comparing.h"
#include "cli/other_lines.h"
#include "cordon/prove/difference.h"

namespace cordon::cli {

// At most `limit` calls or architectures of a group are named.
std::string differences_text(const prove::Differences& found, const Sides& sides, size_t limit);
std::string differences_json(const prove::Differences& found, const OtherLines& lines);

}  // namespace cordon::cli
