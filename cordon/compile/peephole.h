// Local improvements of a finished instruction list: each keeps what the program returns for every call.
//
//   ja to ja                    ->  ja to where the second goes
//   ja to ret                   ->  ret
//   a test that jumps to a ja   ->  a test that jumps where the ja goes, if that is in reach
//   a test with equal sides     ->  nothing
//   what no jump reaches        ->  nothing
#pragma once

#include "cordon/compile/layout.h"

namespace cordon::compiler {

constexpr Code peephole(Code code);

}  // namespace cordon::compiler

#include "cordon/compile/peephole.inl.h"  // IWYU pragma: export
