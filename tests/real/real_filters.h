// Filters that other programs install, recorded in filters.txt and read back.
//
//   for (const RealStack& stack : recorded_stacks()) EXPECT_EQ(fault_of(stack.programs, stack.error), "");
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/bpf/program.h"

namespace cordon::testing {

struct RealStack {
  std::string name;
  std::string made_by;                 // package, version and command
  std::vector<std::string> files;      // without folder and extension, the oldest first
  std::vector<bpf::Program> programs;  // those of the files
  std::string error;                   // code of the error where no policy says what they answer
};

// Lines that are not understood are told in `faults`.
struct RealStacks {
  std::vector<RealStack> stacks;
  std::vector<std::string> faults;
};

RealStacks recorded_stacks();

std::filesystem::path filter_folder();

// Every filter in the folder, by name.
std::vector<bpf::Program> programs_in(const std::filesystem::path& folder);

// Is the policy that was decompiled, its text read again, and what is compiled of that, the same as the programs?
// Empty, or what is wrong. `expected_error` is the code of the only error that is right; empty for none.
std::string fault_of(std::span<const bpf::Program> programs, std::string_view expected_error = {});

}  // namespace cordon::testing
