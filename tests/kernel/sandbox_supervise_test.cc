// The supervisor beside a running command: answers, signals, what outlives the command.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cordon/sandbox/process_info.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

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
  supervision.calls.answer = [](const Notification&) { return Response::returns(4242); };
  supervision.holding.kept = ends[1];
  supervision.holding.on_start = [&](int fd) { told = fd; };
  supervision.calls.on_answered = [&](const Notification& notification, sandbox::Notifier who) {
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

// Its memory is gone by the time on_answered is called.
TEST(Supervise, KnowsWhereACallWasMadeThatWasItsCallersEnd) {
  for (bool is_news : {true, false}) {
    auto launched = sandbox::launch(spec_for(denied_call(), kDenied, kNotify));
    ASSERT_TRUE(launched);
    std::vector<std::string> sites;
    Supervision supervision;
    supervision.calls.answer = [](const Notification&) { return Response::kills(); };
    supervision.calls.is_news = [&](const Notification&, const std::string& executable) {
      EXPECT_TRUE(executable.ends_with("/sandbox_victim")) << executable;
      return is_news;
    };
    supervision.calls.on_answered = [&](const Notification& notification, sandbox::Notifier who) {
      const std::string maps = "/proc/" + std::to_string(notification.tid) + "/maps";
      EXPECT_TRUE(eventually([&] { return file_text(maps).empty(); }));
      sites.push_back(who.site.substr(0, who.site.find("0x")));
    };
    auto outcome = sandbox::supervise(std::move(*launched), supervision);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->code, SIGKILL);
    ASSERT_EQ(sites.size(), is_news ? 1u : 0u);
    if (is_news) {
      EXPECT_TRUE(sites[0].ends_with('+')) << sites[0];
    }
  }
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
              supervision.calls.answer = [&](const Notification&) {
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
              supervision.calls.answer = [](const Notification&) { return Response::returns(4242); };
              supervision.holding.kept = ends[1];
              supervision.holding.on_start = [](int fd) {
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

}  // namespace
}  // namespace cordon::testing
