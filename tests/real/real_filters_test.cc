// What other compilers made for programs that people run has a policy that is proved equal to it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/real/real_filters.h"

namespace cordon::testing {
namespace {

class RealFilters : public ::testing::TestWithParam<RealStack> {};

TEST_P(RealFilters, AreAPolicyTogether) {
  const RealStack& stack = GetParam();
  EXPECT_EQ(fault_of(stack.programs, stack.error), "") << stack.made_by;
}

std::string name_of(const ::testing::TestParamInfo<RealStack>& row) {
  std::string name = row.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Of, RealFilters, ::testing::ValuesIn(recorded_stacks().stacks), name_of);

TEST(RecordedFilters, AreAPolicyEachAlone) {
  std::map<std::string, const bpf::Program*> alone;
  const RealStacks recorded = recorded_stacks();
  for (const RealStack& stack : recorded.stacks)
    for (size_t i = 0; stack.error.empty() && i < stack.files.size(); ++i) alone[stack.files[i]] = &stack.programs[i];
  for (const auto& [file, program] : alone) EXPECT_EQ(fault_of(std::span(program, 1)), "") << file;
  EXPECT_GE(alone.size(), 90u);
}

TEST(RecordedFilters, AreAllReadAndNamed) {
  const RealStacks recorded = recorded_stacks();
  for (const std::string& fault : recorded.faults) ADD_FAILURE() << fault;
  std::set<std::string> named, there;
  for (const RealStack& stack : recorded.stacks) named.insert(stack.files.begin(), stack.files.end());
  for (const auto& entry : std::filesystem::directory_iterator(filter_folder()))
    there.insert(entry.path().stem().string());
  EXPECT_EQ(named, there);
}

}  // namespace
}  // namespace cordon::testing
