// What a command started under a filter sees, and what its parent is told.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>

#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

struct ActionRow {
  const char* name;
  uint32_t ret;
  std::vector<std::string> argv;
  int status;
  std::string output;
};

void PrintTo(const ActionRow& row, std::ostream* out) { *out << row.name; }

class Actions : public ::testing::TestWithParam<ActionRow> {};

TEST_P(Actions, AreWhatTheCommandGets) {
  Seen seen = run(spec_for(GetParam().argv, kDenied, GetParam().ret));
  EXPECT_EQ(seen.failure, "");
  EXPECT_EQ(seen.status(), GetParam().status);
  EXPECT_EQ(seen.output, GetParam().output);
}

INSTANTIATE_TEST_SUITE_P(
    Sandbox, Actions,
    ::testing::Values(
        ActionRow{"log_runs_the_call", kLog, {victim(), "call", denied()}, 0, std::to_string(getpid()) + "\n"},
        ActionRow{"errno", kErrno | 13, denied_call(), 0, "errno 13\n"},
        ActionRow{"errno_0_returns_0", kErrno, denied_call(), 0, "0\n"},
        ActionRow{"errno_is_clamped", kErrno | 5000, denied_call(), 0, "errno 4095\n"},
        ActionRow{"trace_without_tracer_is_enosys", kTrace, denied_call(), 0, "errno 38\n"},
        ActionRow{"notify_is_answered", kNotify, denied_call(), 0, "4242\n"},
        ActionRow{"trap_without_handler", kTrap, denied_call(), 159, ""},
        ActionRow{"trap_with_handler", kTrap | 7, {victim(), "handler", denied()}, 0, "trap " + denied() + " data 7\n"},
        ActionRow{"kill_process", kKillProcess, denied_call(), 159, ""},
        ActionRow{"kill_thread_of_one", kKillThread, denied_call(), 159, ""},
        ActionRow{"kill_thread_leaves_the_others", kKillThread, {victim(), "thread", denied()}, 5, "main lives\n"},
        ActionRow{"kill_process_from_a_thread", kKillProcess, {victim(), "thread", denied()}, 159, ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Launch, AllowedCallsRun) {
  EXPECT_EQ(run(spec_for({victim(), "call", denied()}, kDenied, kAllow)).output, std::to_string(getpid()) + "\n");
}

TEST(Launch, GivesEveryExitStatusBack) {
  for (int status = 0; status < 256; ++status)
    ASSERT_EQ(run(spec_for({victim(), "exit", std::to_string(status)}, kDenied, kErrno | 1)).status(), status);
}

TEST(Launch, GivesSignalsBackAs128PlusNumber) {
  for (int signal : {SIGHUP, SIGINT, SIGABRT, SIGKILL, SIGSEGV, SIGTERM, SIGSYS}) {
    Seen seen = run(spec_for({victim(), "signal", std::to_string(signal)}, kDenied, kErrno | 1));
    EXPECT_TRUE(seen.outcome.signaled);
    EXPECT_EQ(seen.status(), 128 + signal);
  }
}

TEST(Launch, SaysWhatCannotBeExecuted) {
  EXPECT_EQ(run(spec_for({"no-such-command-anywhere"}, kDenied, kErrno)).failure, "not-found");
  EXPECT_EQ(run(spec_for({"/no/such/file"}, kDenied, kErrno)).failure, "not-found");
  EXPECT_EQ(run(spec_for({""}, kDenied, kErrno)).failure, "not-found");
  EXPECT_EQ(run(spec_for({"/"}, kDenied, kErrno)).failure, "not-executable");
  EXPECT_EQ(run(spec_for({"/etc/passwd"}, kDenied, kErrno)).failure, "not-executable");
  EXPECT_EQ(run(spec_for({}, kDenied, kErrno)).failure, "usage");
}

TEST(Launch, RunsAFileWithoutAFormatByTheShell) {
  std::string path = ::testing::TempDir() + "/cordon-no-format-" + std::to_string(getpid());
  std::ofstream(path) << "echo \"$1\"; exit 6\n";
  chmod(path.c_str(), 0755);
  Seen seen = run(spec_for({path, "a word"}, kDenied, kErrno | 1));
  unlink(path.c_str());
  EXPECT_EQ(seen.output, "a word\n");
  EXPECT_EQ(seen.status(), 6);
}

TEST(Launch, SaysWhenTheInterpreterIsMissing) {
  std::string path = ::testing::TempDir() + "/cordon-no-interpreter-" + std::to_string(getpid());
  std::ofstream(path) << "#!/no/such/interpreter\n";
  chmod(path.c_str(), 0755);
  EXPECT_EQ(run(spec_for({path}, kDenied, kErrno | 1)).failure, "not-found");
  unlink(path.c_str());
}

TEST(Launch, SaysWhenThePolicyDeniesTheExecItself) {
  EXPECT_EQ(run(spec_for(denied_call(), SYS_execve, kKillProcess)).failure, "not-started");
  EXPECT_EQ(run(spec_for(denied_call(), SYS_execve, kKillThread)).failure, "not-started");
  EXPECT_EQ(run(spec_for(denied_call(), SYS_execve, kTrap)).failure, "not-started");
  EXPECT_EQ(run(spec_for(denied_call(), SYS_execve, kErrno | EPERM)).failure, "not-executable");
  EXPECT_EQ(run(spec_for(denied_call(), SYS_execve, kErrno)).failure, "not-executable");
}

TEST(Launch, SaysWhenAnEarlierFilterForbidsTheNext) {
  for (uint32_t ret : {kKillProcess, kErrno | EPERM, kErrno | ENOSYS}) {
    LaunchSpec spec = spec_for(denied_call(), SYS_seccomp, ret);
    spec.filters.push_back({filter_for(kDenied, kErrno | 1), 0});
    Seen seen = run(spec);
    EXPECT_NE(seen.failure, "");
    EXPECT_EQ(seen.output, "");
  }
}

TEST(Launch, StacksFiltersAndTheStricterDecides) {
  LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 13);
  spec.filters.push_back({filter_for(kDenied, kLog), 0});
  EXPECT_EQ(run(spec).output, "errno 13\n");
}

TEST(Launch, AsksAboutTheExecItselfWhereThePolicySaysNotify) {
  Seen seen = run(spec_for(denied_call(), SYS_execve, kNotify), [](const Notification&) { return Response::run(); });
  EXPECT_EQ(seen.status(), 0);
  EXPECT_EQ(seen.output, std::to_string(getpid()) + "\n");
  ASSERT_EQ(seen.notifications.size(), 1u);
  Seen refused =
      run(spec_for(denied_call(), SYS_execve, kNotify), [](const Notification&) { return Response::fail(EACCES); });
  EXPECT_EQ(refused.failure, "not-executable");
}

TEST(Launch, SeesTheArgumentsAndTheThreadOfANotifiedCall) {
  Seen seen = run(spec_for(denied_call(), kDenied, kNotify));
  ASSERT_EQ(seen.notifications.size(), 1u);
  EXPECT_EQ(seen.notifications[0].call.nr, kDenied);
  EXPECT_EQ(seen.notifications[0].call.args[0], 17u);
  EXPECT_EQ(seen.notifications[0].call.args[1], 18u);
  EXPECT_GT(seen.notifications[0].tid, 0);
}

TEST(Launch, NamesBothCuresWhereTheKernelRefusesTheFilter) {
  EXPECT_EQ(in_child([] {
              if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 2;
              LaunchSpec spec = spec_for({"/bin/true"}, kDenied, kErrno | 1);
              spec.no_new_privs = false;
              auto launched = sandbox::launch(spec);
              if (launched) return 3;
              const Diagnostic& error = *launched.error().begin();
              bool names_both = error.hint.find("no_new_privs") != std::string::npos &&
                                error.hint.find("CAP_SYS_ADMIN") != std::string::npos;
              return names_both ? 0 : 4;
            }),
            0);
}

TEST(Launch, SaysThatAListenerIsThereAlready) {
  EXPECT_EQ(in_child([] {
              LaunchSpec spec = spec_for({"/bin/true"}, kDenied, kNotify);
              auto insns = spec.filters[0].program.insns();
              sock_fprog program{static_cast<unsigned short>(insns.size()),
                                 reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(insns.data()))};
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) < 0)
                return 2;
              auto launched = sandbox::launch(spec);
              if (launched) return 3;
              return launched.error().begin()->code == "listener-busy" ? 0 : 4;
            }),
            0);
}

TEST(Launch, SaysThatTheChainIsTooLong) {
  LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 1);
  std::vector<bpf::Insn> insns(bpf::kMaxInsns, bpf::Insn{bpf::kRetK, 0, 0, kAllow});
  auto longest = bpf::Program::create(insns);
  ASSERT_TRUE(longest);
  for (int i = 0; i < 4; ++i) spec.filters.push_back({*longest, 0});
  Seen seen = run(spec);
  EXPECT_EQ(seen.failure, "system");
  EXPECT_NE(seen.hint.find("32768"), std::string::npos);
}

std::string plain_output(const std::vector<std::string>& argv) {
  LaunchSpec spec;
  spec.argv = argv;
  spec.no_new_privs = false;
  return run(spec).output;
}

TEST(Launch, LeaksNoDescriptor) {
  int devnull = open("/dev/null", O_RDONLY | O_CLOEXEC);
  LaunchSpec spec = spec_for({victim(), "fds"}, kDenied, kNotify);
  std::string fork_and_exec;
  {
    CapturedOutput output;
    pid_t pid = fork();
    if (pid == 0) {
      execl(victim().c_str(), "victim", "fds", nullptr);
      _exit(127);
    }
    waitpid(pid, nullptr, 0);
    fork_and_exec = output.take();
  }
  for (bool traces : {false, true})
    for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
      spec.start = start;
      spec.trace_exits = traces;
      EXPECT_EQ(run(spec).output, fork_and_exec);
    }
  close(devnull);
}

TEST(Launch, GivesTheCommandTheCallersSignals) {
  EXPECT_EQ(in_child([] {
              signal(SIGUSR1, SIG_IGN);
              signal(SIGUSR2, [](int) {});
              sigset_t set;
              sigemptyset(&set);
              sigaddset(&set, SIGALRM);
              sigprocmask(SIG_BLOCK, &set, nullptr);
              const std::string expected =
                  "ignored " + std::to_string(SIGUSR1) + "\nblocked " + std::to_string(SIGALRM) + "\nend\n";
              LaunchSpec spec = spec_for({victim(), "signals"}, kDenied, kNotify);
              for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
                spec.start = start;
                if (run(spec).output != expected) return 1 + static_cast<int>(start);
              }
              return 0;
            }),
            0);
}

// A command whose parent ignores SIGCHLD still has an end that can be told.
TEST(Launch, GivesTheStatusBackWhereChildrensSignalsAreIgnored) {
  for (bool traces : {false, true})
    for (StartPoint start : {StartPoint::before_exec, StartPoint::entry})
      EXPECT_EQ(in_child([&] {
                  signal(SIGCHLD, SIG_IGN);
                  LaunchSpec spec = spec_for({victim(), "exit", "6"}, kDenied, kNotify);
                  spec.trace_exits = traces;
                  spec.start = start;
                  if (run(spec).status() != 6) return 1;
                  spec.argv = {victim(), "signals"};
                  if (run(spec).output != "ignored " + std::to_string(SIGCHLD) + "\nend\n") return 2;
                  struct sigaction action {};
                  sigaction(SIGCHLD, nullptr, &action);
                  return action.sa_handler == SIG_IGN ? 0 : 3;
                }),
                0);
}

TEST(Launch, WorksForAnOrdinaryUser) {
  for (bool traces : {false, true})
    for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry})
      EXPECT_EQ(in_child([&] {
                  if (!become_nobody()) return 1;
                  LaunchSpec spec = spec_for(denied_call(), kDenied, kNotify);
                  spec.trace_exits = traces;
                  spec.start = start;
                  Seen seen = run(spec);
                  if (!seen.notes.empty()) return 2;
                  if (seen.output != "4242\n") return 3;
                  spec = spec_for(denied_call(), kDenied, kKillProcess);
                  spec.trace_exits = true;
                  spec.start = start;
                  seen = run(spec);
                  return seen.verdicts.size() == 1 && seen.verdicts[0].args_known && !seen.verdicts[0].site.empty() ? 0
                                                                                                                    : 4;
                }),
                0);
}

TEST(Launch, TheCommandNeverOpensTheMemoryOfItsLauncher) {
  constexpr int kRuns = 20;
  for (bool traces : {false, true})
    for (uint32_t ret : {kErrno | 1, kNotify})
      for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry})
        EXPECT_EQ(in_child([&] {
                    if (!become_nobody()) return 1;
                    LaunchSpec spec = spec_for({victim(), "parent"}, kDenied, ret);
                    spec.trace_exits = traces;
                    spec.start = start;
                    for (int i = 0; i < kRuns; ++i)
                      if (run(spec).output != "refused\n") return 2;
                    return 0;
                  }),
                  0)
            << "traced " << traces << ", action " << ret << ", start " << static_cast<int>(start);
}

TEST(Launch, LeavesTheCallersSignalsAsTheyWere) {
  sigset_t before, after;
  sigprocmask(SIG_BLOCK, nullptr, &before);
  run(spec_for(denied_call(), kDenied, kNotify));
  run(spec_for({"/no/such/file"}, kDenied, kNotify));
  sigprocmask(SIG_BLOCK, nullptr, &after);
  for (int signal = 1; signal < NSIG; ++signal) EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal));
}

TEST(Launch, ShowsTheSameUnderASupervisorAsUnderABareFilter) {
  for (int error : {1, 2, 13, 38, 95, 4095}) {
    auto bare = static_cast<uint32_t>(error) | kErrno;
    Seen plain = run(spec_for(denied_call(), kDenied, bare));
    Seen asked =
        run(spec_for(denied_call(), kDenied, kNotify), [&](const Notification&) { return Response::fail(error); });
    EXPECT_EQ(plain.output, asked.output);
    EXPECT_EQ(plain.status(), asked.status());
  }
}

TEST(Launch, SetsNoNewPrivilegesOnlyWhereAsked) {
  std::vector<std::string> show{"/bin/sh", "-c", "grep NoNewPrivs /proc/self/status"};
  EXPECT_EQ(run(spec_for(show, kDenied, kErrno | 1)).output, "NoNewPrivs:\t1\n");
  EXPECT_EQ(plain_output(show), "NoNewPrivs:\t0\n");
}

TEST(Exec, ReplacesTheProcess) {
  for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
    CapturedOutput output;
    int status = in_child([&] {
      LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 13);
      spec.start = start;
      sandbox::exec(spec);
      return 99;
    });
    EXPECT_EQ(output.take(), "errno 13\n");
    EXPECT_EQ(status, 0);
  }
}

TEST(Exec, KeepsThePidAndLeavesNoChild) {
  for (StartPoint start : {StartPoint::before_exec, StartPoint::entry}) {
    CapturedOutput output;
    pid_t pid = fork();
    if (pid == 0) {
      LaunchSpec spec =
          spec_for({"/bin/sh", "-c", "echo $$; wait; cat /proc/$$/task/*/children"}, kDenied, kErrno | 13);
      spec.start = start;
      sandbox::exec(spec);
      _exit(99);
    }
    waitpid(pid, nullptr, 0);
    std::string text = output.take();
    // `cat` itself is the only child there is.
    EXPECT_EQ(text.substr(0, text.find('\n')), std::to_string(pid));
    EXPECT_EQ(std::count(text.begin(), text.end(), ' '), 1);
  }
}

TEST(Exec, ReturnsWhatWentWrong) {
  EXPECT_EQ(in_child([] {
              return sandbox::exec(spec_for({"/no/such/file"}, kDenied, kErrno | 1)).code == "not-found" ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace cordon::testing
