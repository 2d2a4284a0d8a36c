// What is found out about calls the kernel answered by a kill or a trap.
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "cordon/sandbox/audit_reader.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

Seen traced(std::vector<std::string> argv, uint32_t nr, uint32_t ret) {
  LaunchSpec spec = spec_for(std::move(argv), nr, ret);
  spec.trace_exits = true;
  return run(spec);
}

TEST(Verdict, ATracerSeesTheCallOfAKilledProcess) {
  Seen seen = traced(denied_call(), kDenied, kKillProcess);
  ASSERT_EQ(seen.verdicts.size(), 1u);
  const KernelVerdict& verdict = seen.verdicts[0];
  EXPECT_EQ(verdict.source, KernelVerdict::Source::tracer);
  EXPECT_TRUE(verdict.args_known);
  EXPECT_EQ(verdict.call.nr, kDenied);
  EXPECT_EQ(verdict.call.audit_arch, uint32_t{AUDIT_ARCH_X86_64});
  EXPECT_EQ(verdict.call.args[0], 17u);
  EXPECT_EQ(verdict.call.args[1], 18u);
  EXPECT_NE(verdict.call.instruction_pointer, 0u);
  EXPECT_EQ(verdict.signal, SIGSYS);
  EXPECT_FALSE(verdict.is_trap);
  EXPECT_EQ(verdict.command, "sandbox_victim");
  EXPECT_EQ(seen.status(), 159);
}

TEST(Verdict, OneThreadOfManyIsNamed) {
  for (uint32_t ret : {kKillThread, kKillProcess}) {
    Seen seen = traced({victim(), "thread", denied()}, kDenied, ret);
    ASSERT_EQ(seen.verdicts.size(), 1u) << ret;
    EXPECT_EQ(seen.verdicts[0].command, "denied one");
    EXPECT_NE(seen.verdicts[0].tid, seen.verdicts[0].pid);
    EXPECT_EQ(seen.verdicts[0].call.args[2], 33u);
    EXPECT_EQ(seen.status(), ret == kKillThread ? 5 : 159);
  }
}

TEST(Verdict, AThreadThatHasMetAnotherAnswerIsNoSecondCulprit) {
  constexpr uint32_t kSpun = SYS_getitimer;
  LaunchSpec spec;
  spec.argv = {victim(), "spinner", std::to_string(kSpun), denied()};
  spec.trace_exits = true;
  spec.filters.push_back({bpf::Program::create({{bpf::kLdAbs, 0, 0, bpf::kOffsetNr},
                                                {bpf::kJeqK, 2, 0, kDenied},
                                                {bpf::kJeqK, 2, 0, kSpun},
                                                {bpf::kRetK, 0, 0, kAllow},
                                                {bpf::kRetK, 0, 0, kKillProcess},
                                                {bpf::kRetK, 0, 0, kErrno | ENOSYS}})
                              .value(),
                          0});
  Seen seen = run(spec);
  EXPECT_EQ(seen.status(), 159);
  size_t certain = 0;
  for (const KernelVerdict& verdict : seen.verdicts) {
    EXPECT_EQ(verdict.is_certain, verdict.call.nr == kDenied);
    certain += verdict.is_certain;
  }
  EXPECT_EQ(certain, 1u);
}

TEST(Verdict, ATrapIsReportedOnceWhetherHandledOrNot) {
  for (const char* mode : {"handler", "call"}) {
    Seen seen = traced({victim(), mode, denied()}, kDenied, kTrap | 7);
    ASSERT_EQ(seen.verdicts.size(), 1u) << mode;
    EXPECT_TRUE(seen.verdicts[0].is_trap);
    EXPECT_EQ(seen.verdicts[0].call.nr, kDenied);
  }
}

TEST(Verdict, A32BitCallOfA64BitProgramIsOne) {
  Seen seen = traced({victim(), "int80", std::to_string(kDenied32)}, kDenied32, kKillProcess);
  ASSERT_EQ(seen.verdicts.size(), 1u);
  EXPECT_EQ(seen.verdicts[0].call.audit_arch, uint32_t{AUDIT_ARCH_I386});
  EXPECT_EQ(seen.verdicts[0].call.args[0], 7u);
  EXPECT_EQ(seen.verdicts[0].call.args[2], 9u);
}

TEST(Verdict, A32BitProgramsCallIsSeenWithItsArguments) {
  if (access(victim_32().c_str(), X_OK) != 0)
    GTEST_SKIP() << "the compiler makes no 32-bit programs (libc6-dev-i386, lib32gcc-12-dev)";
  Seen seen = traced({victim_32(), "call", std::to_string(kDenied32), "17"}, kDenied32, kKillProcess);
  ASSERT_EQ(seen.verdicts.size(), 1u);
  EXPECT_EQ(seen.verdicts[0].call.audit_arch, uint32_t{AUDIT_ARCH_I386});
  EXPECT_EQ(seen.verdicts[0].call.args[0], 17u);
}

TEST(Verdict, DescendantsAreSeenToo) {
  constexpr uint32_t kRare = SYS_getitimer;
  std::string call = victim() + " call " + std::to_string(kRare) + " 5";
  Seen seen = traced({"/bin/sh", "-c", call + "; " + call + "; exit 3"}, kRare, kKillProcess);
  ASSERT_EQ(seen.verdicts.size(), 2u);
  EXPECT_NE(seen.verdicts[0].pid, seen.verdicts[1].pid);
  EXPECT_EQ(seen.status(), 3);
}

TEST(Verdict, ASignalSentByAPersonIsNone) {
  EXPECT_TRUE(traced({victim(), "signal", std::to_string(SIGSYS)}, kDenied, kKillProcess).verdicts.empty());
}

TEST(Verdict, WithoutATracerTheSignalAloneIsKnown) {
  Seen seen = run(spec_for(denied_call(), kDenied, kKillProcess));
  ASSERT_EQ(seen.verdicts.size(), 1u);
  EXPECT_EQ(seen.verdicts[0].source, KernelVerdict::Source::signal);
  EXPECT_FALSE(seen.verdicts[0].call_known);
  EXPECT_FALSE(seen.verdicts[0].trace_refused);
}

// Another tracer holds the launcher and what it forks: so the command cannot be seized.
int run_under_a_tracer(int (*work)()) {
  pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    _exit(work());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  ptrace(PTRACE_SETOPTIONS, pid, nullptr,
         reinterpret_cast<void*>(static_cast<long>(PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK)));
  ptrace(PTRACE_CONT, pid, nullptr, nullptr);
  for (;;) {
    pid_t stopped = waitpid(-1, &status, __WALL);
    if (stopped < 0) return -1;
    if (stopped == pid && WIFEXITED(status)) return WEXITSTATUS(status);
    if (!WIFSTOPPED(status)) continue;
    int signal = status >> 16 != 0 || WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    ptrace(PTRACE_CONT, stopped, nullptr, reinterpret_cast<void*>(static_cast<long>(signal)));
  }
}

TEST(Verdict, WhereTracingIsRefusedTheAuditRecordNamesTheCall) {
  if (!sandbox::AuditReader::open()) GTEST_SKIP() << "the audit log cannot be read (CAP_AUDIT_READ)";
  EXPECT_EQ(run_under_a_tracer([] {
              Seen seen = traced(denied_call(), kDenied, kKillProcess);
              if (seen.notes.empty() || seen.notes[0] != "explaining") return 2;
              if (seen.verdicts.size() != 1 || seen.verdicts[0].source != KernelVerdict::Source::audit) return 3;
              return seen.verdicts[0].call.nr == kDenied && !seen.verdicts[0].args_known ? 0 : 4;
            }),
            0);
}

TEST(Verdict, WhereTracingIsRefusedALaterStartPointIsAnError) {
  EXPECT_EQ(run_under_a_tracer([] {
              LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 1);
              spec.start = StartPoint::entry;
              Seen seen = run(spec);
              return !seen.failure.empty() && seen.output.empty() && seen.hint.find("ptrace_scope") != std::string::npos
                         ? 0
                         : 2;
            }),
            0);
}

}  // namespace
}  // namespace cordon::testing
