// Thousands of launches from one process: nothing of them is left in it, nor beside it.
#include <dirent.h>
#include <errno.h>
#include <malloc.h>

#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/id_maps.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

constexpr int kLaunches = 2500;  // of each way: ten thousand together

size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

struct Left {
  size_t descriptors = open_descriptors();
  size_t mapped = mappings();
  size_t allocated = mallinfo2().uordblks;
};

struct Way {
  const char* name;
  bool is_listening;
  bool traces;
  bool in_namespaces;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class Launches : public ::testing::TestWithParam<Way> {};

void launch_once(const Way& way) {
  LaunchSpec spec = spec_for({"/bin/true"}, kDenied, way.is_listening ? kNotify : kErrno | 13);
  spec.trace_exits = way.traces;
  if (way.in_namespaces) {
    spec.setup.namespaces.made = abi::kPidNamespace | abi::kIpcNamespace;
    sandbox::map_ids(spec.setup);
  }
  auto launched = sandbox::launch(spec);
  ASSERT_TRUE(launched);
  auto outcome = sandbox::supervise(std::move(*launched), {.calls = {}});
  ASSERT_TRUE(outcome);
  ASSERT_EQ(outcome->exit_status(), 0);
}

TEST_P(Launches, LeaveNothingBehind) {
  if (GetParam().in_namespaces && geteuid() != 0) GTEST_SKIP() << "not root";
  constexpr int kWarmUp = 20;
  constexpr size_t kSlackBytes = 16384;  // a byte and a half for each launch
  for (int i = 0; i < kWarmUp; ++i) launch_once(GetParam());
  const Left before;
  for (int i = 0; i < kLaunches && !HasFatalFailure(); ++i) launch_once(GetParam());
  const Left after;
  EXPECT_EQ(after.descriptors, before.descriptors);
#ifndef __SANITIZE_ADDRESS__  // its allocator maps more as it goes
  EXPECT_LE(after.mapped, before.mapped + 2);
#endif
  EXPECT_LE(after.allocated, before.allocated + kSlackBytes);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
}

constexpr Way kWays[] = {{"plain", false, false, false},
                         {"listening", true, false, false},
                         {"traced", false, true, false},
                         {"namespaces", false, false, true}};
INSTANTIATE_TEST_SUITE_P(All, Launches, ::testing::ValuesIn(kWays),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::testing
