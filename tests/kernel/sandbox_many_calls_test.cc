// Calls that ask without a pause: the supervisor waits for nothing but them then, and misses nothing else.
#include <fcntl.h>

#include <cstring>
#include <thread>

#include "cordon/sandbox/interruption.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

std::vector<std::string> callers(int threads, int times) {
  return {CORDON_VICTIM_DIR "/sandbox_callers", denied(), std::to_string(threads), std::to_string(times)};
}

struct Action {
  struct sigaction action {};
  sigset_t mask{};

  static Action of_urgent_signal() {
    Action now;
    sigaction(SIGURG, nullptr, &now.action);
    pthread_sigmask(SIG_SETMASK, nullptr, &now.mask);
    return now;
  }
  bool operator==(const Action& other) const {
    return action.sa_handler == other.action.sa_handler && std::memcmp(&mask, &other.mask, sizeof mask) == 0;
  }
};

// A process that supervises callers that never end, and what they print.
class Supervised {
 public:
  explicit Supervised(int threads, std::optional<TimeLimit> limit = {}) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    pid = fork();
    if (pid == 0) {
      dup2(ends[1], STDOUT_FILENO);
      auto launched = sandbox::launch(spec_for(callers(threads, 0), kDenied, kNotify));
      if (!launched) _exit(99);
      Supervision supervision;
      supervision.time_limit = limit;
      supervision.calls.answer = [](const Notification&) { return Response::returns(4242); };
      const auto outcome = sandbox::supervise(std::move(*launched), supervision);
      _exit(!outcome ? 98 : outcome->timed_out ? 97 : outcome->exit_status());
    }
    close(ends[1]);
    output_ = ends[0];
  }
  ~Supervised() { close(output_); }

  std::string line() {
    std::string text;
    for (char c = 0; read(output_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  int status() const {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  pid_t pid = 0;

 private:
  int output_ = -1;
};

TEST(ManyCalls, OfThreeThousandThreadsAreAllAnswered) {
  const Seen seen = run(spec_for(callers(3000, 20), kDenied, kNotify));
  EXPECT_EQ(seen.output, "wrong 0\n");
  EXPECT_EQ(seen.notifications.size(), 60000u);
}

// Before it is taken a call is withdrawn by a signal, and made again: nobody has seen it then. After that it waits.
TEST(ManyCalls, AreAskedOnceWhateverSignalsComeBetween) {
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER | (1u << 5);  // WAIT_KILLABLE_RECV
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, nullptr);
  if (errno == EINVAL) GTEST_SKIP() << "Linux before 5.19";
  const auto answer_slowly = [](const Notification&) {
    usleep(100);
    return Response::returns(4242);
  };
  for (const auto& [threads, times] : {std::pair(1, 2000), std::pair(50, 40)}) {
    std::vector<std::string> words = callers(threads, times);
    words.push_back("alarmed");
    const Seen seen = run(spec_for(words, kDenied, kNotify), answer_slowly);
    EXPECT_EQ(seen.output, "wrong 0\n");
    EXPECT_EQ(seen.notifications.size(), 2000u);
  }
}

TEST(ManyCalls, HoldNoSignalUp) {
  for (int threads : {1, 20}) {
    Supervised supervised(threads);
    ASSERT_EQ(supervised.line(), "ready");
    kill(supervised.pid, SIGUSR1);
    EXPECT_EQ(supervised.line(), "signal");
    EXPECT_EQ(supervised.status(), 0);
  }
}

TEST(ManyCalls, DoNotOutliveTheirTime) {
  Supervised supervised(1, TimeLimit{.limit_ms = 500, .grace_ms = 10'000});
  EXPECT_EQ(supervised.line(), "ready");
  EXPECT_EQ(supervised.status(), 97);
}

TEST(ManyCalls, FailWhenTheSupervisorIsEndedByForce) {
  for (int threads : {1, 20}) {
    Supervised supervised(threads);
    ASSERT_EQ(supervised.line(), "ready");
    kill(supervised.pid, SIGKILL);
    EXPECT_EQ(supervised.line(), "errno " + std::to_string(ENOSYS));
    EXPECT_EQ(supervised.status(), -1);
  }
}

TEST(ManyCalls, LeaveTheCallersSignalsAsTheyWere) {
  const auto of_others = [](int) {};
  for (void (*handler)(int) : {+SIG_DFL, +SIG_IGN, +of_others}) {
    signal(SIGURG, handler);
    const Action before = Action::of_urgent_signal();
    EXPECT_EQ(run(spec_for(callers(2, 2000), kDenied, kNotify)).output, "wrong 0\n");
    EXPECT_TRUE(Action::of_urgent_signal() == before);
  }
  signal(SIGURG, SIG_DFL);
}

// A wait that nothing else ends: one interruption that comes too early, and this does.
TEST(Interruptions, AreNeverLost) {
  for (int round = 0; round < 500; ++round) {
    int seen[2], waited[2];
    ASSERT_EQ(pipe(seen), 0);
    ASSERT_EQ(pipe(waited), 0);
    std::thread other([&] {
      usleep(static_cast<useconds_t>(round % 100));
      (void)!write(seen[1], "", 1);
    });
    char c = 0;
    {
      const sandbox::Interruption interruption({seen[0], -1, -1}, -1);
      while (interruption.is_awaited()) EXPECT_EQ(read(waited[0], &c, 1), -1);
    }
    other.join();
    for (int fd : {seen[0], seen[1], waited[0], waited[1]}) close(fd);
  }
}

TEST(Interruptions, ComeWhenPatienceEnds) {
  int never[2];
  ASSERT_EQ(pipe(never), 0);
  const sandbox::Interruption interruption({never[0], -1, -1}, 20);
  char c = 0;
  while (interruption.is_awaited()) EXPECT_EQ(read(never[0], &c, 1), -1);
  close(never[0]);
  close(never[1]);
}

TEST(Interruptions, AreNoneWhereTheirSignalIsInUse) {
  signal(SIGURG, [](int) {});
  EXPECT_FALSE(sandbox::Interruption({-1, -1, -1}, -1).is_awaited());
  signal(SIGURG, SIG_DFL);
}

}  // namespace
}  // namespace cordon::testing
