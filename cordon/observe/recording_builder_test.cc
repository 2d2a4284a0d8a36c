#include "cordon/observe/recording_builder.h"

#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"

namespace cordon::observe {
namespace {

constexpr uint32_t kX86 = 0xc000003e;
constexpr uint32_t kI386 = 0x40000003;

SyscallEvent event(uint32_t program, uint32_t audit_arch, uint32_t nr, uint64_t arg1, uint64_t at) {
  SyscallEvent made{.pid = 1, .tid = 1, .program = program, .call = {}, .offset_ns = at};
  made.call.nr = nr;
  made.call.audit_arch = audit_arch;
  made.call.args[1] = arg1;
  return made;
}

TEST(RecordingBuilder, CountsDistinctValuesOnceEach) {
  RecordingBuilder builder;
  uint32_t ls = builder.program("/bin/ls");
  builder.add(event(ls, kX86, 16, 0x5413, 30));
  builder.add(event(ls, kX86, 16, 0x5401, 40));
  builder.add(event(ls, kX86, 16, 0x5413, 50));
  Recording recording = std::move(builder).finish();
  ASSERT_EQ(recording.calls.size(), 1u);
  const RecordedCall& ioctl = recording.calls[0];
  EXPECT_EQ(ioctl.count, 3u);
  EXPECT_EQ(ioctl.first_seen_ns, 30u);
  ASSERT_EQ(ioctl.values.size(), 2u);
  EXPECT_EQ(ioctl.values[0].values[0], 0x5401u);
  EXPECT_EQ(ioctl.values[1].count, 2u);
}

TEST(RecordingBuilder, DropsTheBitsTheKernelDoesNotRead) {
  RecordingBuilder builder;
  uint32_t ls = builder.program("/bin/ls");
  builder.add(event(ls, kX86, 16, 0x7700005401, 1));
  builder.add(event(ls, kX86, 16, 0x5401, 2));
  Recording recording = std::move(builder).finish();
  ASSERT_EQ(recording.calls.at(0).values.size(), 1u);
  EXPECT_EQ(recording.calls[0].values[0].count, 2u);
}

TEST(RecordingBuilder, KeepsAbisApart) {
  RecordingBuilder builder;
  uint32_t victim = builder.program("/tmp/victim");
  builder.add(event(victim, kX86, 20, 0, 1));
  builder.add(event(victim, kI386, 20, 0, 2));
  builder.add(event(victim, kX86, 20 | abi::kX32Bit, 0, 3));
  Recording recording = std::move(builder).finish();
  ASSERT_EQ(recording.calls.size(), 3u);
  EXPECT_EQ(recording.calls[0].arch, Arch::x86_64);
  EXPECT_EQ(recording.calls[1].arch, Arch::x32);
  EXPECT_EQ(recording.calls[2].arch, Arch::i386);
}

TEST(RecordingBuilder, ForgetsValuesWhereThereAreTooMany) {
  RecordingBuilder builder;
  uint32_t ls = builder.program("/bin/ls");
  for (uint64_t value = 0; value < kMaxValues; ++value) builder.add(event(ls, kX86, 16, value, 1));
  {
    RecordingBuilder copy = builder;
    EXPECT_FALSE(std::move(copy).finish().calls[0].too_many_values);
  }
  builder.add(event(ls, kX86, 16, 99999, 1));
  builder.add(event(ls, kX86, 16, 99998, 1));
  Recording recording = std::move(builder).finish();
  EXPECT_TRUE(recording.calls[0].too_many_values);
  EXPECT_EQ(recording.calls[0].slot_count, 0);
  EXPECT_TRUE(recording.calls[0].values.empty());
  EXPECT_EQ(recording.calls[0].count, kMaxValues + 2);
}

TEST(RecordingBuilder, CountsACallOfAnUnknownAbiAsLost) {
  RecordingBuilder builder;
  builder.add(event(builder.program("/bin/ls"), 0x12345678, 1, 0, 1));
  Recording recording = std::move(builder).finish();
  EXPECT_EQ(recording.lost, 1u);
  EXPECT_FALSE(recording.is_complete());
}

TEST(RecordingBuilder, GivesEqualPathsOneProgram) {
  RecordingBuilder builder;
  EXPECT_EQ(builder.program("/bin/ls"), builder.program("/bin/ls"));
  EXPECT_NE(builder.program("/bin/ls"), builder.program("/bin/sh"));
  EXPECT_EQ(builder.launch_program(), builder.launch_program());
}

Recording run_of(uint64_t value, std::string path) {
  RecordingBuilder builder;
  builder.launch_program();
  builder.add(event(builder.program(path), kX86, 16, value, 7));
  Recording recording = std::move(builder).finish();
  recording.finished = true;
  recording.argv = {path};
  return recording;
}

TEST(RecordingBuilder, KeepsNoMoreProgramsThanCanBeReadAgain) {
  RecordingBuilder builder;
  for (size_t i = 0; i < kMaxPrograms + 10; ++i) builder.program("/bin/" + std::to_string(i));
  builder.add(event(builder.program("/bin/one-more"), kX86, 0, 0, 1));
  builder.add(event(builder.launch_program(), kX86, 59, 0, 1));
  EXPECT_EQ(builder.program("/bin/7"), 7u);
  const Recording recording = std::move(builder).finish();
  EXPECT_EQ(recording.programs.size(), kMaxPrograms);
  EXPECT_TRUE(read_recording(write_recording(recording), "r"));
}

TEST(MergeRecordings, AddsCountsAndUnitesValues) {
  Recording runs[] = {run_of(1, "/bin/ls"), run_of(2, "/bin/ls"), run_of(1, "/bin/cat")};
  runs[1].kernel = {6, 18};
  Result<Recording> merged = merge_recordings(runs);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->programs.size(), 3u);
  ASSERT_EQ(merged->calls.size(), 2u);
  EXPECT_EQ(merged->calls[0].values.size(), 2u);
  EXPECT_EQ(merged->calls[0].count, 2u);
  EXPECT_EQ(merged->kernel, (KernelVersion{6, 18}));
  EXPECT_TRUE(merged->is_complete());
}

TEST(MergeRecordings, IsCompleteOnlyIfEachIs) {
  Recording runs[] = {run_of(1, "/bin/ls"), run_of(2, "/bin/ls")};
  runs[1].finished = false;
  EXPECT_FALSE(merge_recordings(runs)->is_complete());
}

TEST(MergeRecordings, RefusesDifferentStartsAndNothing) {
  Recording runs[] = {run_of(1, "/bin/ls"), run_of(2, "/bin/ls")};
  runs[1].start = StartPoint::entry;
  EXPECT_FALSE(merge_recordings(runs));
  EXPECT_FALSE(merge_recordings({}));
}

}  // namespace
}  // namespace cordon::observe
