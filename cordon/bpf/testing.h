// Programs for tests, from instructions the kernel would admit.
//
//   Program allow = testing::program({{kRetK, 0, 0, 0x7fff0000}});
//
// Instructions that are not admitted fail the test that wrote them.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf::testing {

inline Program program(std::vector<Insn> insns) {
  Result<Program> made = Program::create(std::move(insns));
  EXPECT_TRUE(made.has_value());
  return std::move(made).value();
}

}  // namespace cordon::bpf::testing
