// The supervisor beside a running command: answers, signals, job control, what outlives the command.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>

#include "cordon/sandbox/process_info.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

std::string denied() { return std::to_string(kDenied); }

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    usleep(10000);
  }
  return false;
}

TEST(Supervise, AnswersFiveHundredThreads) {
  Seen seen = run(spec_for({victim(), "threads", denied()}, kDenied, kNotify));
  EXPECT_EQ(seen.output, "wrong 0\n");
  EXPECT_EQ(seen.notifications.size(), 2000u);
}

TEST(Supervise, SignalsToTheCommandNeverChangeAnAnswer) {
  EXPECT_EQ(run(spec_for({victim(), "interrupted", denied()}, kDenied, kNotify)).output, "wrong 0\n");
}

TEST(Supervise, ReturnsWithTheCommandAndADaemonKeepsItsAnswers) {
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  Seen seen = run(spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify));
  EXPECT_EQ(seen.status(), 0);
  EXPECT_TRUE(eventually([&] { return file_text(path) == "4242\n"; })) << file_text(path);
  unlink(path.c_str());
}

TEST(Supervise, TheHolderEndsWithTheLastTask) {
  pid_t holder = 0;
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  run(spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify));
  bool ended = eventually([&] {
    for (pid_t pid = 0; (pid = waitpid(-1, nullptr, WNOHANG)) > 0;) holder = pid;
    return waitpid(-1, nullptr, WNOHANG) < 0;  // no child is left
  });
  prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  unlink(path.c_str());
  EXPECT_TRUE(ended);
  EXPECT_GT(holder, 0);
}

TEST(Supervise, LeavesForeignChildrenToTheCaller) {
  pid_t other = fork();
  if (other == 0) _exit(42);
  LaunchSpec spec = spec_for({victim(), "thread", denied()}, kDenied, kKillThread);
  spec.trace_exits = true;
  Seen seen = run(spec);
  EXPECT_EQ(seen.status(), 5);
  EXPECT_EQ(seen.verdicts.size(), 1u);
  int status = 0;
  EXPECT_EQ(waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(Supervise, TracedTasksThatOutliveTheCommandGoOn) {
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  LaunchSpec spec = spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify);
  spec.trace_exits = true;
  EXPECT_EQ(run(spec).status(), 0);
  EXPECT_TRUE(eventually([&] { return file_text(path) == "4242\n"; }));
  unlink(path.c_str());
}

TEST(Supervise, TheHolderIsNoChildOfTheCaller) {
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  EXPECT_EQ(in_child([&] {
              run(spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify));
              return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD ? 0 : 1;
            }),
            0);
  EXPECT_TRUE(eventually([&] { return file_text(path) == "4242\n"; }));
  unlink(path.c_str());
}

TEST(Supervise, TheHolderTellsWhatItAnswered) {
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  auto launched = sandbox::launch(spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify));
  ASSERT_TRUE(launched);
  int told = ends[1];
  Supervision supervision;
  supervision.answer = [](const Notification&) { return Response::returns(4242); };
  supervision.kept = ends[1];
  supervision.on_hold = [&](int fd) { told = fd; };
  supervision.on_answered = [&](const Notification& notification, sandbox::Notifier who) {
    std::string text = who.command + " " + std::to_string(notification.call.nr) + "\n";
    (void)!write(told, text.data(), text.size());
  };
  EXPECT_TRUE(sandbox::supervise(std::move(*launched), supervision));
  close(ends[1]);
  char text[64]{};
  EXPECT_GT(read(ends[0], text, sizeof text - 1), 0);
  EXPECT_EQ(std::string(text), "sandbox_victim " + denied() + "\n");
  close(ends[0]);
  EXPECT_TRUE(eventually([&] { return file_text(path) == "4242\n"; }));
  unlink(path.c_str());
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

TEST(Supervise, ReturnsWithTheCommandWhateverItsTreeIsBusyWith) {
  LaunchSpec spec = spec_for({victim(), "slow-vfork"}, kDenied, kNotify);
  spec.trace_exits = true;
  timespec begin{}, end{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  EXPECT_EQ(run(spec).status(), 3);
  clock_gettime(CLOCK_MONOTONIC, &end);
  EXPECT_LT(end.tv_sec - begin.tv_sec, 10);  // the vfork's child takes 20 seconds
}

TEST(Supervise, CannotBeLookedIntoWhileItWorks) {
  int dumpable = -1;
  run(spec_for(denied_call(), kDenied, kNotify), [&](const Notification&) {
    dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    return Response::fail(1);
  });
  EXPECT_EQ(dumpable, 0);
  EXPECT_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}

// cordon in a process of its own, its command's output in a pipe.
struct Beside {
  pid_t pid = -1;
  int output = -1;

  Beside(const std::vector<std::string>& argv, bool traces, StartPoint start = StartPoint::before_exec) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
      dup2(ends[1], STDOUT_FILENO);
      LaunchSpec spec = spec_for(argv, kDenied, kNotify);
      spec.trace_exits = traces;
      spec.start = start;
      auto launched = sandbox::launch(spec);
      if (!launched) _exit(125);
      auto outcome =
          sandbox::supervise(std::move(*launched), {[](const Notification&) { return Response::fail(1); }, {}});
      _exit(outcome ? outcome->exit_status() : 125);
    }
    close(ends[1]);
    output = ends[0];
  }
  std::string read_line() const {
    std::string line;
    char byte = 0;
    while (read(output, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
  }
  int wait() const {
    int status = 0;
    waitpid(pid, &status, 0);
    close(output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST(Supervise, PassesSignalsOn) {
  for (bool traces : {false, true})
    for (int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT, SIGRTMIN + 3}) {
      Beside cordon({victim(), "wait", std::to_string(signal)}, traces);
      ASSERT_EQ(cordon.read_line(), "ready");
      ASSERT_EQ(kill(cordon.pid, signal), 0);
      EXPECT_EQ(cordon.read_line(), "got " + std::to_string(signal));
      EXPECT_EQ(cordon.wait(), 0);
    }
}

TEST(Supervise, EndsWithTheCommandThatASignalEnded) {
  Beside cordon({"/bin/sh", "-c", "echo ready; exec sleep 30"}, false);
  ASSERT_EQ(cordon.read_line(), "ready");
  kill(cordon.pid, SIGTERM);
  EXPECT_EQ(cordon.wait(), 128 + SIGTERM);
}

TEST(Supervise, ASignalBeforeTheEntryPointIsPassedOnAtOnce) {
  Beside cordon({early_victim(), "slow"}, false, StartPoint::entry);
  ASSERT_EQ(cordon.read_line(), "ready");
  kill(cordon.pid, SIGTERM);
  EXPECT_EQ(cordon.read_line(), "");
  EXPECT_EQ(cordon.wait(), 125);
}

TEST(Supervise, ACommandThatIgnoresASignalBeforeItsEntryPointKeepsItsSupervisor) {
  Beside cordon({early_victim(), "deaf", denied()}, false, StartPoint::entry);
  ASSERT_EQ(cordon.read_line(), "ready");
  kill(cordon.pid, SIGTERM);
  EXPECT_EQ(cordon.read_line(), "entry");
  EXPECT_EQ(cordon.read_line(), "errno 1");
  EXPECT_EQ(cordon.wait(), 0);
}

TEST(Supervise, AReaderThatHasGoneDoesNotEndIt) {
  EXPECT_EQ(in_child([] {
              signal(SIGPIPE, SIG_DFL);
              int ends[2];
              if (pipe2(ends, O_CLOEXEC) != 0) return 1;
              close(ends[0]);
              Seen seen = run(spec_for(denied_call(), kDenied, kNotify), [&](const Notification&) {
                return Response::fail(write(ends[1], "", 1) < 0 ? errno : 1);
              });
              if (seen.output != "errno " + std::to_string(EPIPE) + "\n") return 2;
              if (run(spec_for({victim(), "signals"}, kDenied, kNotify)).output != "end\n") return 3;
              struct sigaction action {};
              sigaction(SIGPIPE, nullptr, &action);
              return action.sa_handler == SIG_DFL ? 0 : 4;
            }),
            0);
}

TEST(Supervise, AFileSizeLimitEndsTheCommandOnly) {
  std::string path = ::testing::TempDir() + "/cordon-limit-" + std::to_string(getpid());
  EXPECT_EQ(in_child([&] {
              signal(SIGXFSZ, SIG_DFL);
              rlimit none{0, RLIM_INFINITY};
              int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
              if (file < 0 || setrlimit(RLIMIT_FSIZE, &none) != 0) return 1;
              Supervision supervision;
              int error = 0;
              supervision.answer = [&](const Notification&) {
                error = write(file, "x", 1) < 0 ? errno : 0;
                return Response::returns(0);
              };
              auto launched = sandbox::launch(spec_for(denied_call(), kDenied, kNotify));
              if (!launched || !sandbox::supervise(std::move(*launched), supervision)) return 2;
              if (error != EFBIG) return 3;
              auto ended = sandbox::launch(spec_for({victim(), "signal", std::to_string(SIGXFSZ)}, kDenied, kNotify));
              if (!ended) return 4;
              auto outcome = sandbox::supervise(std::move(*ended), supervision);
              if (!outcome || outcome->exit_status() != 128 + SIGXFSZ) return 5;
              struct sigaction action {};
              sigaction(SIGXFSZ, nullptr, &action);
              return action.sa_handler == SIG_DFL ? 0 : 6;
            }),
            0);
  unlink(path.c_str());
}

// What the holder has open, told through the one descriptor it keeps; a limit of 2^30 is usual in containers.
TEST(Supervise, TheHolderKeepsNothingOpenWhereCloseRangeIsRefused) {
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(in_child([&] {
              rlimit limit{};
              getrlimit(RLIMIT_NOFILE, &limit);
              limit.rlim_cur = limit.rlim_max;
              setrlimit(RLIMIT_NOFILE, &limit);
              if (!install_here(filter_for(SYS_close_range, kErrno | ENOSYS))) return 1;
              if (dup2(STDIN_FILENO, static_cast<int>(limit.rlim_max) - 1) < 0) return 2;
              auto launched = sandbox::launch(spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify));
              if (!launched) return 3;
              Supervision supervision;
              supervision.answer = [](const Notification&) { return Response::returns(4242); };
              supervision.kept = ends[1];
              supervision.on_hold = [](int fd) {
                std::string text;
                for (int open : sandbox::own_descriptors())
                  if (fcntl(open, F_GETFD) >= 0) text += std::to_string(open) + " ";
                (void)!write(fd, text.data(), text.size());
              };
              return sandbox::supervise(std::move(*launched), supervision) ? 0 : 4;
            }),
            0);
  close(ends[1]);
  char text[128]{};
  EXPECT_GT(read(ends[0], text, sizeof text - 1), 0);
  EXPECT_EQ(std::string(text), "0 1 2 3 4 ");
  close(ends[0]);
  EXPECT_TRUE(eventually([&] { return file_text(path) == "4242\n"; }));
  unlink(path.c_str());
}

TEST(Supervise, TheHolderWorksWhereTheListenerIsAStandardDescriptor) {
  std::string path = ::testing::TempDir() + "/cordon-daemon-" + std::to_string(getpid());
  EXPECT_EQ(in_child([&] {
              for (int fd : {0, 1, 2}) close(fd);
              auto launched = sandbox::launch(spec_for({victim(), "daemon", denied(), path}, kDenied, kNotify));
              if (!launched || launched->listener->fd() > 2) return 1;
              auto outcome = sandbox::supervise(std::move(*launched),
                                                {[](const Notification&) { return Response::returns(4242); }, {}});
              return outcome && outcome->exit_status() == 0 ? 0 : 2;
            }),
            0);
  EXPECT_TRUE(eventually([&] { return file_text(path) == "4242\n"; })) << file_text(path);
  unlink(path.c_str());
}

// A shell with job control: a session leader on a terminal of its own, cordon's group in the foreground.
// The leader ends with 0 if all went as it should; what it types comes from the terminal's other end.
int on_terminal(int (*leader)(), const char* typed_first, const char* typed_after_stop) {
  int master = -1;
  pid_t pid = forkpty(&master, nullptr, nullptr, nullptr);
  if (pid < 0) return -1;
  if (pid == 0) _exit(leader());
  std::string seen;
  size_t typed = 0;
  char buffer[256];
  pollfd entry{master, POLLIN, 0};
  while (poll(&entry, 1, 10000) > 0) {
    ssize_t count = read(master, buffer, sizeof buffer);
    if (count <= 0) break;
    seen.append(buffer, static_cast<size_t>(count));
    const char* next = typed == 0 ? typed_first : typed_after_stop;
    const char* mark = typed == 0 ? "ready" : "stopped";
    if (typed < 2 && next != nullptr && seen.find(mark) != std::string::npos) {
      if (write(master, next, 1) != 1) break;
      ++typed;
    }
  }
  int status = 0;
  waitpid(pid, &status, 0);
  close(master);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

// Where a job has its place; in the leader's group it is in the foreground, and no shell of its session is above it.
enum class Place { foreground, background, leaders_group, no_terminal };

pid_t start_job(const std::vector<std::string>& argv, bool traces, Place place) {
  signal(SIGTTOU, SIG_IGN);
  pid_t job = fork();
  if (job == 0) {
    if (place == Place::no_terminal) setsid();
    if (place == Place::foreground || place == Place::background) setpgid(0, 0);
    if (place == Place::foreground) tcsetpgrp(STDIN_FILENO, getpgrp());
    signal(SIGTTOU, SIG_DFL);
    LaunchSpec spec = spec_for(argv, kDenied, kNotify);
    spec.trace_exits = traces;
    auto launched = sandbox::launch(spec);
    if (!launched) _exit(125);
    auto outcome =
        sandbox::supervise(std::move(*launched), {[](const Notification&) { return Response::fail(1); }, {}});
    _exit(outcome ? outcome->exit_status() : 125);
  }
  if (place == Place::foreground || place == Place::background) setpgid(job, job);
  return job;
}

pid_t start_foreground_job(const std::vector<std::string>& argv, bool traces) {
  return start_job(argv, traces, Place::foreground);
}

pid_t only_child_of(pid_t pid) {
  std::string number = std::to_string(pid);
  std::string text = file_text("/proc/" + number + "/task/" + number + "/children");
  return text.empty() ? 0 : std::stoi(text);
}

int ctrl_c() {
  pid_t job = start_foreground_job({"/bin/sh", "-c", "echo ready; exec sleep 20"}, false);
  int status = 0;
  waitpid(job, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 130 ? 0 : 1;
}

int ctrl_c_handled() {
  pid_t job = start_foreground_job({"/bin/sh", "-c", "trap 'exit 9' INT; echo ready; sleep 20 & wait"}, false);
  int status = 0;
  waitpid(job, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 9 ? 0 : 1;
}

int stop_and_continue(bool traces) {
  pid_t job = start_foreground_job({"/bin/sh", "-c", "echo ready; read word; exit 8"}, traces);
  int status = 0;
  if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status)) return 1;
  tcsetpgrp(STDIN_FILENO, getpgrp());
  if (write(STDOUT_FILENO, "stopped\n", 8) != 8) return 2;
  tcsetpgrp(STDIN_FILENO, job);
  kill(-job, SIGCONT);
  if (waitpid(job, &status, WUNTRACED) != job) return 3;
  return WIFEXITED(status) && WEXITSTATUS(status) == 8 ? 0 : 4;
}

std::vector<std::string> stops_itself() { return {victim(), "call-when-continued", denied()}; }

// The exit status, or 0 for a job that stays.
int await_end(pid_t job) {
  int status = 0;
  if (eventually([&] { return waitpid(job, &status, WUNTRACED | WNOHANG) == job; }))
    return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
  if (pid_t command = only_child_of(job); command > 1) kill(command, SIGKILL);
  kill(job, SIGKILL);
  return 0;
}

// Somebody stops the command, and it alone, and continues it alone: cordon stays at work.
int stop_the_command_alone(bool traces, Place place) {
  pid_t job = start_job(stops_itself(), traces, place);
  int status = 0;
  pid_t command = 0;
  if (!eventually([&] { return (command = only_child_of(job)) > 1 && sandbox::is_stopped(command); })) return 1;
  usleep(100000);
  if (waitpid(job, &status, WUNTRACED | WNOHANG) != 0) return 2;
  kill(command, SIGCONT);
  return await_end(job) == 6 ? 0 : 3;
}

int stop_in_background() { return stop_the_command_alone(false, Place::background); }
int stop_in_background_traced() { return stop_the_command_alone(true, Place::background); }
int stop_without_terminal() { return stop_the_command_alone(false, Place::no_terminal); }
int stop_without_shell() { return stop_the_command_alone(false, Place::leaders_group); }

// As a shell does it, to the whole group; or to cordon alone.
int stop_in_foreground(bool traces, bool continues_group) {
  pid_t job = start_foreground_job(stops_itself(), traces);
  int status = 0;
  if (!eventually([&] { return waitpid(job, &status, WUNTRACED | WNOHANG) == job; })) return await_end(job) + 1;
  if (!WIFSTOPPED(status)) return 2;
  kill(continues_group ? -job : job, SIGCONT);
  return await_end(job) == 6 ? 0 : 3;
}

int self_stop() { return stop_in_foreground(false, true); }
int self_stop_traced() { return stop_in_foreground(true, true); }
int self_stop_continued_alone() { return stop_in_foreground(false, false); }

// The terminal comes back to a job whose command was stopped while it did not have it.
int ctrl_z_of_stopped() {
  pid_t job = start_job(stops_itself(), false, Place::background);
  pid_t command = 0;
  if (!eventually([&] { return (command = only_child_of(job)) > 1 && sandbox::is_stopped(command); })) return 1;
  usleep(100000);
  tcsetpgrp(STDIN_FILENO, job);
  if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 2;
  int status = 0;
  if (!eventually([&] { return waitpid(job, &status, WUNTRACED | WNOHANG) == job; })) return await_end(job) + 3;
  if (!WIFSTOPPED(status)) return 4;
  kill(-job, SIGCONT);
  return await_end(job) == 6 ? 0 : 5;
}

int ctrl_z() { return stop_and_continue(false); }
int ctrl_z_traced() { return stop_and_continue(true); }

TEST(Terminal, CtrlCEndsTheCommandAndCordonReportsIt) { EXPECT_EQ(on_terminal(ctrl_c, "\x03", nullptr), 0); }
TEST(Terminal, CtrlCIsTheCommandsToHandle) { EXPECT_EQ(on_terminal(ctrl_c_handled, "\x03", nullptr), 0); }
int on_terminal(int (*leader)()) { return on_terminal(leader, nullptr, nullptr); }
TEST(Terminal, InTheBackgroundAStoppedCommandDoesNotStopCordon) { EXPECT_EQ(on_terminal(stop_in_background), 0); }
TEST(Terminal, NorUnderATracer) { EXPECT_EQ(on_terminal(stop_in_background_traced), 0); }
TEST(Terminal, NorWithoutATerminal) { EXPECT_EQ(on_terminal(stop_without_terminal), 0); }
TEST(Terminal, NorWithoutAShellThatWouldContinueIt) { EXPECT_EQ(on_terminal(stop_without_shell), 0); }
TEST(Terminal, InTheForegroundACommandThatStopsItselfStopsCordon) { EXPECT_EQ(on_terminal(self_stop), 0); }
TEST(Terminal, SoItDoesUnderATracer) { EXPECT_EQ(on_terminal(self_stop_traced), 0); }
TEST(Terminal, CordonContinuesTheCommandIfItAloneIsContinued) { EXPECT_EQ(on_terminal(self_stop_continued_alone), 0); }
TEST(Terminal, CtrlZStopsCordonWhoseCommandIsStopped) { EXPECT_EQ(on_terminal(ctrl_z_of_stopped, "\x1a", nullptr), 0); }
TEST(Terminal, CtrlZStopsCordonTooAndFgGoesOn) { EXPECT_EQ(on_terminal(ctrl_z, "\x1a", "\n"), 0); }
TEST(Terminal, CtrlZWorksUnderATracer) { EXPECT_EQ(on_terminal(ctrl_z_traced, "\x1a", "\n"), 0); }

}  // namespace
}  // namespace cordon::testing
