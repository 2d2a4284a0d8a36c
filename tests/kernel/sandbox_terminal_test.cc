// The supervisor on a terminal: what is typed there, and job control.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>

#include "cordon/sandbox/process_info.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

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
