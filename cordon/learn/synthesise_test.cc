#include "cordon/learn/synthesise.h"

#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"

namespace cordon::learn {
namespace {

RecordedCall call(uint32_t program, std::string_view name, Arch arch = Arch::x86_64) {
  RecordedCall made;
  made.program = program;
  made.arch = arch;
  made.nr = abi::number_of(name, arch).value_or(0);
  made.count = 2;
  made.first_seen_ns = 3'500'000;
  return made;
}

RecordedCall ioctl(uint32_t program, uint64_t cmd) {
  RecordedCall made = call(program, "ioctl");
  made.slots = {1};
  made.slot_count = 1;
  made.values = {{{cmd}, 2, 3'500'000}};
  return made;
}

Recording sample() {
  Recording recording;
  recording.kernel = {6, 1};
  recording.programs = {{true, {}}, {false, "/bin/sh"}, {false, "/bin/ls"}};
  recording.calls = {call(0, "execve"), call(1, "write"), ioctl(1, 0x5401), call(2, "write"), ioctl(2, 0x5413)};
  recording.finished = true;
  return recording;
}

std::vector<std::string> names(const Policy& policy) {
  std::vector<std::string> found;
  for (const Rule& rule : policy.rules) {
    std::string name = rule.target.kind == Target::Kind::name ? rule.target.name : std::to_string(rule.target.first);
    found.push_back(rule.target.arch ? name + "@" + std::string(abi::name(*rule.target.arch)) : name);
  }
  return found;
}

const Rule* rule_for(const Policy& policy, std::string_view name) {
  for (const Rule& rule : policy.rules) {
    if (rule.target.name == name) return &rule;
  }
  return nullptr;
}

TEST(Synthesise, AllowsEachCallOnceAndWhatEveryProgramNeeds) {
  Policy policy = synthesise(sample(), {});
  EXPECT_EQ(names(policy), (std::vector<std::string>{"execve", "exit", "exit_group", "ioctl", "restart_syscall",
                                                     "rt_sigreturn", "write"}));
  for (const Rule& rule : policy.rules) EXPECT_EQ(rule.action, (Action{ActionKind::allow, 0}));
  EXPECT_EQ(policy.arches, std::vector<Arch>{Arch::x86_64});
  EXPECT_EQ(policy.default_action.action.kind, ActionKind::kill_process);
}

TEST(Synthesise, MergesTheValuesOfAllPrograms) {
  Policy policy = synthesise(sample(), {});
  const Rule* rule = rule_for(policy, "ioctl");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->condition.test.values.size(), 2u);
  EXPECT_EQ(rule->comment, "/bin/ls, /bin/sh; cmd: 2 values seen");
  EXPECT_EQ(rule_for(policy, "execve")->comment, "the launch");
  EXPECT_EQ(rule_for(policy, "exit")->comment, "always needed: a thread ends by it");
}

TEST(Synthesise, WritesCountsWhereAsked) {
  SynthesiseOptions options;
  options.comments = SynthesiseOptions::Comments::full;
  EXPECT_EQ(rule_for(synthesise(sample(), options), "write")->comment, "/bin/ls, /bin/sh; 4 calls, first after 3 ms");
  options.comments = SynthesiseOptions::Comments::none;
  EXPECT_EQ(rule_for(synthesise(sample(), options), "write")->comment, "");
}

TEST(Synthesise, LeavesArgumentsAloneWhereAsked) {
  SynthesiseOptions options;
  options.arguments = SynthesiseOptions::Arguments::none;
  EXPECT_TRUE(rule_for(synthesise(sample(), options), "ioctl")->condition.is_always());
}

TEST(Synthesise, NamesTheAbiWhereThereAreSeveral) {
  Recording recording = sample();
  recording.calls.push_back(call(2, "getpid", Arch::i386));
  Policy policy = synthesise(recording, {});
  EXPECT_EQ(policy.arches, (std::vector<Arch>{Arch::x86_64, Arch::i386}));
  std::vector<std::string> found = names(policy);
  EXPECT_EQ(found.front(), "execve@x86_64");
  EXPECT_EQ((std::vector<std::string>(found.end() - 6, found.end())),
            (std::vector<std::string>{"exit@i386", "exit_group@i386", "getpid@i386", "restart_syscall@i386",
                                      "rt_sigreturn@i386", "sigreturn@i386"}));
}

TEST(Synthesise, AllowsANumberWithoutANameByNumber) {
  Recording recording = sample();
  recording.calls.push_back(call(2, "write"));
  recording.calls.back().nr = 9999;
  Policy policy = synthesise(recording, {});
  const Rule& rule = policy.rules.back();
  EXPECT_EQ(rule.target.kind, Target::Kind::numbers);
  EXPECT_EQ(rule.target.first, 9999u);
  EXPECT_EQ(rule.target.last, 9999u);
}

TEST(Synthesise, KnowsNoNewerKernelThanTheTables) {
  SynthesiseOptions options;
  EXPECT_EQ(synthesise(sample(), options).since, (KernelVersion{6, 1}));
  options.since = KernelVersion{6, 6};
  EXPECT_EQ(synthesise(sample(), options).since, (KernelVersion{6, 6}));
  options.since = KernelVersion{99, 0};
  EXPECT_EQ(synthesise(sample(), options).since, abi::newest_kernel());
  ASSERT_TRUE(synthesise(sample(), options).unknown);
  EXPECT_EQ(synthesise(sample(), options).unknown->errno_name, "ENOSYS");
}

TEST(Synthesise, AllowsWhatTheVdsoMayLeaveToTheKernelWhereAsked) {
  EXPECT_EQ(rule_for(synthesise(sample(), {}), "clock_gettime"), nullptr);
  SynthesiseOptions options;
  options.vdso_fallbacks = true;
  Policy policy = synthesise(sample(), options);
  ASSERT_NE(rule_for(policy, "clock_gettime"), nullptr);
  EXPECT_EQ(rule_for(policy, "clock_gettime")->comment, "where the vDSO cannot answer it");
}

TEST(Synthesise, AllowsThreadsToMeet) {
  EXPECT_EQ(rule_for(synthesise(sample(), {}), "futex"), nullptr);
  Recording recording = sample();
  recording.calls.push_back(call(2, "clone3"));
  Policy policy = synthesise(recording, {});
  ASSERT_NE(rule_for(policy, "futex"), nullptr);
  EXPECT_EQ(rule_for(policy, "futex")->condition.test.values.size(), 4u);

  RecordedCall clone = call(2, "clone");
  clone.slot_count = 1;
  clone.values = {{{0x11}, 1, 1}};  // a fork
  recording.calls.back() = clone;
  EXPECT_EQ(rule_for(synthesise(recording, {}), "futex"), nullptr);
  recording.calls.back().values = {{{0x3d0f00}, 1, 1}};  // a thread
  EXPECT_NE(rule_for(synthesise(recording, {}), "futex"), nullptr);
}

TEST(Synthesise, KeepsTheStartOfTheRecording) {
  Recording recording = sample();
  EXPECT_FALSE(synthesise(recording, {}).start);
  recording.start = StartPoint::entry;
  EXPECT_EQ(synthesise(recording, {}).start, StartPoint::entry);
}

TEST(Synthesise, OfNothingIsWhatEveryProgramNeeds) { EXPECT_EQ(synthesise({}, {}).rules.size(), 4u); }

TEST(Profile, ForgetsValuesThatOneProgramHadTooManyOf) {
  Recording recording = sample();
  recording.calls[4].too_many_values = true;
  recording.calls[4].slot_count = 0;
  recording.calls[4].slots = {};
  recording.calls[4].values.clear();
  Policy policy = synthesise(recording, {});
  EXPECT_TRUE(rule_for(policy, "ioctl")->condition.is_always());
  EXPECT_EQ(rule_for(policy, "ioctl")->comment, "/bin/ls, /bin/sh; cmd: too many values, so not restricted");
}

}  // namespace
}  // namespace cordon::learn
