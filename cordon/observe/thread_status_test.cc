#include "cordon/observe/thread_status.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace cordon::observe {
namespace {

TEST(ThreadStatus, the_fields_are_read_by_their_whole_names) {
  const ThreadStatus status = parse_thread_status(
      "Name:\tSeccomp: 1\nState:\tS (sleeping)\nTgid:\t10\nNgid:\t0\nPid:\t12\nPPid:\t3\nTracerPid:\t4\n"
      "VmSize:\t100 kB\nCapEff:\t0000000000200000\nSeccomp:\t2\nSeccomp_filters:\t5\n");
  EXPECT_EQ(status.name, "Seccomp: 1");
  EXPECT_EQ(status.state, 'S');
  EXPECT_EQ(status.process, 10);
  EXPECT_EQ(status.parent, 3);
  EXPECT_EQ(status.tracer, 4);
  EXPECT_EQ(status.effective_capabilities, 0x200000u);
  EXPECT_EQ(status.seccomp, SeccompMode::filters);
  EXPECT_EQ(status.filter_count, 5u);
  EXPECT_FALSE(status.is_kernel_thread);
  EXPECT_FALSE(status.has_ended());
}

TEST(ThreadStatus, a_kernel_thread_is_told_by_its_line_or_by_having_no_memory) {
  EXPECT_TRUE(parse_thread_status("State:\tI (idle)\nKthread:\t1\n").is_kernel_thread);
  EXPECT_FALSE(parse_thread_status("State:\tS (sleeping)\nKthread:\t0\n").is_kernel_thread);
  EXPECT_TRUE(parse_thread_status("State:\tS (sleeping)\n").is_kernel_thread);
  EXPECT_FALSE(parse_thread_status("State:\tZ (zombie)\n").is_kernel_thread);
}

TEST(ThreadStatus, a_kernel_without_seccomp_says_nothing_of_it) {
  const ThreadStatus status = parse_thread_status("State:\tR (running)\nVmSize:\t1 kB\n");
  EXPECT_EQ(status.seccomp, SeccompMode::unknown);
  EXPECT_FALSE(status.filter_count);
}

TEST(ThreadStatus, this_thread_is_there_and_no_thread_is_0) {
  const auto status = thread_status(gettid());
  ASSERT_TRUE(status);
  EXPECT_EQ(status->process, getpid());
  EXPECT_FALSE(thread_status(0));
}

}  // namespace
}  // namespace cordon::observe
