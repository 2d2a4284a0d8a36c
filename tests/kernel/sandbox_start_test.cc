// Filters that begin at the exec or at the entry point, for dynamic, static and 32-bit programs.
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>

#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

struct StartRow {
  const char* name;
  StartPoint start;
  std::string program;
  uint32_t denied;
};

void PrintTo(const StartRow& row, std::ostream* out) { *out << row.name; }

class Start : public ::testing::TestWithParam<StartRow> {
 protected:
  void SetUp() override {
    if (access(GetParam().program.c_str(), X_OK) != 0)
      GTEST_SKIP() << "the compiler makes no 32-bit programs (libc6-dev-i386, lib32gcc-12-dev)";
  }
  LaunchSpec spec(std::vector<std::string> words, uint32_t nr, uint32_t ret) const {
    words.insert(words.begin(), GetParam().program);
    LaunchSpec made = spec_for(std::move(words), nr, ret);
    made.start = GetParam().start;
    return made;
  }
  std::vector<std::string> denied_words() const { return {"call", std::to_string(GetParam().denied), "17"}; }
};

TEST_P(Start, DeniesByErrno) {
  EXPECT_EQ(run(spec(denied_words(), GetParam().denied, kErrno | 13)).output, "errno 13\n");
}

TEST_P(Start, AsksTheListener) {
  Seen seen = run(spec(denied_words(), GetParam().denied, kNotify));
  EXPECT_EQ(seen.output, "4242\n");
  ASSERT_EQ(seen.notifications.size(), 1u);
  EXPECT_EQ(seen.notifications[0].call.nr, GetParam().denied);
}

TEST_P(Start, TheExecOfTheCommandItselfIsNotJudged) {
  Seen seen = run(spec({"exit", "7"}, SYS_execve, kKillProcess));
  EXPECT_EQ(seen.status(), 7);
}

TEST_P(Start, ReportsAKillToItsTracer) {
  LaunchSpec made = spec(denied_words(), GetParam().denied, kKillProcess);
  made.trace_exits = true;
  made.listener = true;
  Seen seen = run(made);
  EXPECT_EQ(seen.status(), 159);
  ASSERT_EQ(seen.verdicts.size(), 1u);
  EXPECT_EQ(seen.verdicts[0].call.nr, GetParam().denied);
  EXPECT_EQ(seen.verdicts[0].call.args[0], 17u);
}

TEST_P(Start, TheListenerIsClosedInTheCommandWhateverThePolicySaysOfClose) {
  bool has_linker = GetParam().program != static_victim();
  if (GetParam().start == StartPoint::exec && has_linker) GTEST_SKIP() << "the dynamic linker needs close itself";
  uint32_t close_nr = GetParam().denied == kDenied32 ? 6 : SYS_close;
  std::string alone = run(spec({"fds"}, GetParam().denied, kErrno | 1)).output;
  for (uint32_t ret : {kKillProcess, kErrno | EPERM, kTrap, kNotify}) {
    LaunchSpec made = spec({"fds"}, close_nr, ret);
    made.listener = true;
    made.filters[0].flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;  // not to the closing thread
    Seen seen = run(made);
    EXPECT_EQ(seen.status(), 0);
    EXPECT_EQ(seen.output, alone);
    EXPECT_TRUE(seen.notes.empty());
  }
}

TEST_P(Start, StacksFilters) {
  LaunchSpec made = spec(denied_words(), GetParam().denied, kErrno | 13);
  made.filters.push_back({filter_for(GetParam().denied, kLog), 0});
  made.filters.push_back({filter_for(GetParam().denied, kNotify), 0});
  made.listener = true;
  EXPECT_EQ(run(made).output, "errno 13\n");
}

TEST_P(Start, LongFiltersFit) {
  LaunchSpec made = spec(denied_words(), GetParam().denied, kErrno | 13);
  std::vector<bpf::Insn> insns(bpf::kMaxInsns, bpf::Insn{bpf::kRetK, 0, 0, kAllow});
  made.filters.push_back({bpf::Program::create(insns).value(), 0});
  EXPECT_EQ(run(made).output, "errno 13\n");
}

INSTANTIATE_TEST_SUITE_P(Sandbox, Start,
                         ::testing::Values(StartRow{"exec_dynamic", StartPoint::exec, victim(), kDenied},
                                           StartRow{"exec_static", StartPoint::exec, static_victim(), kDenied},
                                           StartRow{"exec_32_bit", StartPoint::exec, victim_32(), kDenied32},
                                           StartRow{"entry_dynamic", StartPoint::entry, victim(), kDenied},
                                           StartRow{"entry_static", StartPoint::entry, static_victim(), kDenied},
                                           StartRow{"entry_32_bit", StartPoint::entry, victim_32(), kDenied32}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(StartOf, FailuresOfTheExecAreReported) {
  for (StartPoint start : {StartPoint::exec, StartPoint::entry}) {
    LaunchSpec spec = spec_for({"/etc/passwd"}, kDenied, kErrno | 1);
    spec.start = start;
    EXPECT_EQ(run(spec).failure, "not-executable");
  }
}

TEST(StartOf, ARefusedFilterMeansThatNothingRan) {
  LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 1);
  spec.filters[0].flags = 1U << 30;  // no such flag
  for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
    spec.start = start;
    Seen seen = run(spec);
    EXPECT_EQ(seen.failure, "system");
    EXPECT_EQ(seen.output, "");
  }
}

TEST(StartOf, EntrySparesTheDynamicLinker) {
  // mmap is what the linker loads libraries with; the program itself does without.
  for (auto [start, status] : {std::pair{StartPoint::entry, 7}, std::pair{StartPoint::exec, 159}}) {
    LaunchSpec spec = spec_for({victim(), "exit", "7"}, SYS_mmap, kKillProcess);
    spec.start = start;
    EXPECT_EQ(run(spec).status(), status);
  }
}

LaunchSpec early_spec(const char* mode, uint32_t ret) {
  LaunchSpec spec = spec_for({early_victim(), mode, std::to_string(kDenied)}, kDenied, ret);
  spec.start = StartPoint::entry;
  return spec;
}

TEST(StartOf, NothingGoesRoundTheFilterBeforeTheEntryPoint) {
  for (const char* mode : {"exit", "fork", "vfork", "clone", "exec", "forking-thread", "exec-thread", "exec-at-entry"})
    for (bool traces : {false, true}) {
      LaunchSpec spec = early_spec(mode, kErrno | 13);
      spec.trace_exits = traces;
      Seen seen = run(spec);
      // Whether the program or its thread is first is chance: a program that has got its filter is all right.
      bool has_won = std::string(mode) == "exec-at-entry" && seen.failure.empty();
      if (has_won) continue;
      EXPECT_EQ(seen.failure, "start-point") << mode;
      EXPECT_EQ(seen.output, "") << mode;
      EXPECT_EQ(seen.hint, "use --start exec") << mode;
    }
}

TEST(StartOf, AThreadThatExecutesAtTheEntryPointHangsNobody) {
  for (int i = 0; i < 50; ++i) {
    LaunchSpec spec = spec_for({early_victim(), "exec-at-entry", std::to_string(kDenied)}, SYS_write, kErrno | 13);
    spec.start = StartPoint::entry;
    Seen seen = run(spec);
    ASSERT_EQ(seen.output, "") << "it wrote without the filter";
  }
}

TEST(StartOf, AnotherLoaderIsAsGood) {
  if (access(other_loader_victim().c_str(), X_OK) != 0) GTEST_SKIP() << "built where the usual loader is";
  LaunchSpec spec = spec_for({other_loader_victim(), "call", std::to_string(kDenied)}, kDenied, kErrno | 13);
  spec.start = StartPoint::entry;
  EXPECT_EQ(run(spec).output, "errno 13\n");
}

TEST(StartOf, AnInterpreterThatNeverGetsToTheProgramIsAnError) {
  if (access(never_reached_victim().c_str(), X_OK) != 0) GTEST_SKIP() << "built where the usual loader is";
  for (const char* mode : {"exec", "exit"}) {
    LaunchSpec spec = spec_for({never_reached_victim(), mode}, kDenied, kErrno | 13);
    spec.start = StartPoint::entry;
    Seen seen = run(spec);
    EXPECT_EQ(seen.failure, "start-point") << mode;
    EXPECT_EQ(seen.output, "") << mode;
  }
}

TEST(StartOf, WhatHappensBeforeTheEntryPointIsJudgedWhereTheFilterBeginsAtTheExec) {
  for (auto [mode, status] : {std::pair{"exit", 6}, std::pair{"fork", 0}, std::pair{"exec", 0}}) {
    LaunchSpec spec = early_spec(mode, kErrno | 13);
    spec.start = StartPoint::exec;
    EXPECT_EQ(run(spec).status(), status) << mode;
  }
}

TEST(StartOf, ThreadsFromBeforeTheEntryPointGetTheFilterToo) {
  EXPECT_EQ(run(early_spec("thread", kErrno | 13)).output, "thread errno 13\nentry\nerrno 13\n");
}

TEST(StartOf, AThreadWithAFilterOfItsOwnMeansThatNothingOfTheProgramRan) {
  Seen seen = run(early_spec("diverging-thread", kErrno | 13));
  EXPECT_EQ(seen.failure, "system");
  EXPECT_NE(seen.hint.find("TSYNC"), std::string::npos) << seen.hint;
  EXPECT_EQ(seen.output, "");
}

// The other filters are made only where they are needed.
LaunchSpec with_fallback(LaunchSpec spec) {
  spec.filters[0].flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  spec.filters_without_listener = []() -> Result<std::vector<FilterSpec>> {
    return std::vector<FilterSpec>{{filter_for(kDenied, kErrno | 13), 0}};
  };
  return spec;
}

TEST(StartOf, WhatNobodyCouldBeAskedAboutIsAnsweredByTheFiltersWithoutListener) {
  Seen seen = run(with_fallback(early_spec("thread", kNotify)));
  EXPECT_EQ(seen.output, "thread errno 13\nentry\nerrno 13\n");
  EXPECT_EQ(seen.notes, std::vector<std::string>{"explaining"});
  EXPECT_TRUE(seen.notifications.empty());
}

TEST(StartOf, ACommandThatCanHaveNoSecondThreadGetsTheFiltersWithoutListener) {
  constexpr uint32_t kCloneThread = 0x10000, kFirstArgument = 16;
  auto no_threads = bpf::Program::create({{bpf::kLdAbs, 0, 0, bpf::kOffsetNr},
                                          {bpf::kJeqK, 0, 3, SYS_clone},
                                          {bpf::kLdAbs, 0, 0, kFirstArgument},
                                          {bpf::kJsetK, 0, 1, kCloneThread},
                                          {bpf::kRetK, 0, 0, kErrno | EAGAIN},
                                          {bpf::kRetK, 0, 0, kAllow}});
  ASSERT_TRUE(no_threads);
  LaunchSpec spec = with_fallback(spec_for(denied_call(), kDenied, kNotify));
  spec.start = StartPoint::entry;
  int status = in_child([&] {
    if (!install_here(*no_threads)) return 2;
    Seen seen = run(spec);
    return seen.output == "errno 13\n" && seen.notes.size() == 1 ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(StartOf, FiltersThatCannotBeMadeMeanThatNothingRan) {
  LaunchSpec spec = early_spec("thread", kNotify);
  spec.filters_without_listener = []() -> Result<std::vector<FilterSpec>> {
    Diagnostics problem;
    return problem.error("not-proved", {}, "no such filter", "");
  };
  Seen seen = run(spec);
  EXPECT_EQ(seen.failure, "not-proved");
  EXPECT_EQ(seen.output, "");
}

TEST(StartOf, AProgramThatExecutesAnotherLaterIsAllRight) {
  LaunchSpec spec =
      spec_for({"/bin/sh", "-c", "exec " + victim() + " call " + std::to_string(kDenied)}, kDenied, kErrno | 13);
  spec.start = StartPoint::entry;
  EXPECT_EQ(run(spec).output, "errno 13\n");
}

TEST(StartOf, TheDynamicLinkerAloneDoesNotReachTheEntryPoint) {
  LaunchSpec spec = spec_for({"/bin/sh", "-c", "true"}, kDenied, kErrno | 1);
  spec.start = StartPoint::entry;
  setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);  // it lists and leaves
  Seen seen = run(spec);
  unsetenv("LD_TRACE_LOADED_OBJECTS");
  EXPECT_EQ(seen.failure, "start-point");
}

TEST(StartOf, AReplacedProcessDoesNotGoRoundTheFilterEither) {
  for (const char* mode : {"fork", "vfork", "clone", "exec", "forking-thread", "exec-thread"}) {
    CapturedOutput output;
    int status = in_child([&] {
      dup2(STDOUT_FILENO, STDERR_FILENO);
      sandbox::exec(early_spec(mode, kErrno | 13));
      return 99;
    });
    usleep(300000);  // what has escaped speaks later
    std::string text = output.take();
    EXPECT_EQ(text.find("escaped"), std::string::npos) << mode;
    EXPECT_NE(text.find("before its entry point"), std::string::npos) << mode << ": " << text;
    EXPECT_EQ(status, 125) << mode;
  }
}

TEST(StartOf, AReplacedProcessWhoseFilterIsRefusedEndsWith125) {
  for (StartPoint start : {StartPoint::exec, StartPoint::entry})
    for (const std::string& program : {victim(), static_victim()}) {
      CapturedOutput output;
      int status = in_child([&] {
        dup2(STDOUT_FILENO, STDERR_FILENO);
        LaunchSpec spec = spec_for({program, "call", std::to_string(kDenied)}, kDenied, kErrno | 1);
        spec.filters[0].flags = 1U << 30;  // no such flag
        spec.start = start;
        sandbox::exec(spec);
        return 99;
      });
      EXPECT_EQ(status, 125);
      EXPECT_EQ(output.take().rfind("cordon: ", 0), 0u);
    }
}

TEST(Strict, LeavesReadWriteAndExit) {
  LaunchSpec spec;
  spec.argv = {victim(), "strict"};
  spec.strict = true;
  for (const std::string& program : {victim(), static_victim()}) {
    spec.argv[0] = program;
    Seen seen = run(spec);
    // The static program's start-up makes calls of its own, which strict mode kills.
    EXPECT_EQ(seen.output, program == victim() ? "strict\n" : "");
    EXPECT_EQ(seen.status(), program == victim() ? 0 : 137);
  }
}

TEST(Strict, NamesTheCallItKilledFor) {
  LaunchSpec spec;
  spec.argv = denied_call();
  spec.strict = true;
  spec.trace_exits = true;
  Seen seen = run(spec);
  EXPECT_EQ(seen.status(), 137);
  ASSERT_EQ(seen.verdicts.size(), 1u);
  EXPECT_EQ(seen.verdicts[0].call.nr, kDenied);
  EXPECT_EQ(seen.verdicts[0].signal, SIGKILL);
}

}  // namespace
}  // namespace cordon::testing
