// --start exec where the command cannot be traced: a filter that asks, and a supervisor that stands in for it.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

bool refuse_ptrace() { return install_here(filter_for(SYS_ptrace, kErrno | EPERM)); }

LaunchSpec gated_spec(std::vector<std::string> argv, uint32_t nr, StartPoint start = StartPoint::exec) {
  LaunchSpec spec = spec_for(std::move(argv), nr, kErrno | 13);
  spec.start = start;
  spec.gate = [nr] { return FilterSpec{filter_for(nr, kNotify), 0}; };
  return spec;
}

// What a run gives where ptrace(2) is refused, from a child of the test.
struct Gated {
  int verdict = -1;
  std::string output;
};

template <class Answer>
Gated run_gated(const LaunchSpec& spec, Answer answer, int (*judge)(const Seen&)) {
  CapturedOutput output;
  Gated gated;
  gated.verdict = in_child([&] {
    if (!refuse_ptrace()) return 90;
    auto launched = sandbox::launch(spec);
    Seen seen;
    if (!launched) {
      note_failure(seen, launched.error());
      return judge(seen);
    }
    for (const Diagnostic& note : launched.diagnostics()) seen.notes.push_back(note.code);
    if (!launched->gate_shut) return 91;
    Supervision supervision;
    supervision.calls.answer = [&](const Notification& notification) {
      seen.notifications.push_back(notification);
      return answer(notification);
    };
    auto outcome = sandbox::supervise(std::move(*launched), supervision);
    if (!outcome) return 92;
    seen.outcome = *outcome;
    return judge(seen);
  });
  gated.output = output.take();
  return gated;
}

Response denies(const Notification&) { return Response::fail(13); }

TEST(Gate, DeniesFromTheExecOn) {
  Gated gated = run_gated(gated_spec(denied_call(), kDenied), denies, [](const Seen& seen) {
    if (seen.notes != std::vector<std::string>{"gate"}) return 1;
    return seen.notifications.size() == 1 && seen.status() == 0 ? 0 : 2;
  });
  EXPECT_EQ(gated.verdict, 0);
  EXPECT_EQ(gated.output, "errno 13\n");
}

TEST(Gate, LetsTheCommandsOwnExecPassAndNoLaterOne) {
  // The shell's execve is the second one.
  Gated gated =
      run_gated(gated_spec({"/bin/sh", "-c", "exec " + victim() + " exit 7"}, SYS_execve), denies,
                [](const Seen& seen) { return seen.status() == 126 && seen.notifications.size() == 1 ? 0 : 1; });
  EXPECT_EQ(gated.verdict, 0);
}

TEST(Gate, LetsAFileWithoutAFormatReachTheShell) {
  std::string path = ::testing::TempDir() + "/cordon-plain-" + std::to_string(getpid());
  FILE* file = fopen(path.c_str(), "w");
  fputs("exit 9\n", file);
  fclose(file);
  chmod(path.c_str(), 0755);
  Gated gated = run_gated(gated_spec({path}, SYS_execve), denies, [](const Seen& seen) { return seen.status(); });
  EXPECT_EQ(gated.verdict, 9);
  unlink(path.c_str());
}

TEST(Gate, FailuresOfTheExecAreReported) {
  Gated gated = run_gated(gated_spec({"/etc/passwd"}, SYS_execve), denies,
                          [](const Seen& seen) { return seen.failure == "not-executable" ? 0 : 1; });
  EXPECT_EQ(gated.verdict, 0);
}

TEST(Gate, AKillEndsTheProcessOfTheCall) {
  auto kills = [](const Notification&) { return Response::kills(); };
  for (const char* mode : {"call", "thread"}) {
    Gated gated = run_gated(gated_spec({victim(), mode, std::to_string(kDenied)}, kDenied), kills,
                            [](const Seen& seen) { return seen.status() == 128 + SIGKILL ? 0 : 1; });
    EXPECT_EQ(gated.verdict, 0) << mode;
    EXPECT_EQ(gated.output, "") << mode;
  }
  // A child of the command, and not the command.
  std::string call = victim() + " call " + std::to_string(SYS_getitimer) + " 5; test $? = 137 && exit 4";
  Gated gated = run_gated(gated_spec({"/bin/sh", "-c", call}, SYS_getitimer), kills,
                          [](const Seen& seen) { return seen.status(); });
  EXPECT_EQ(gated.verdict, 4);
  EXPECT_EQ(gated.output, "");
}

TEST(Gate, TheEntryPointNeedsATracerAndTheErrorSaysWhatDoesNot) {
  Gated gated = run_gated(gated_spec(denied_call(), kDenied, StartPoint::entry), denies, [](const Seen& seen) {
    return seen.failure == "trace-refused" && seen.hint.find("--start exec") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(gated.verdict, 0);
  EXPECT_EQ(gated.output, "");
}

TEST(Gate, IsNotAskedForWhereTracingWorks) {
  Seen seen = run(gated_spec(denied_call(), kDenied));
  EXPECT_EQ(seen.output, "errno 13\n");
  EXPECT_TRUE(seen.notifications.empty());
}

}  // namespace
}  // namespace cordon::testing
