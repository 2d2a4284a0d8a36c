// The filters of running processes, read from processes that have just put them on, and what becomes of these.
#include "cordon/observe/process_filters.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cordon/abi/syscalls.h"
#include "cordon/observe/thread_status.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

constexpr uint32_t kEperm = kErrno | EPERM;
constexpr uint32_t kRestart32 = 0, kNanosleep32 = 162;  // numbers of i386

// A child that does its work under filters; it is ready once it has said so.
class Child {
 public:
  template <class Work>
  explicit Child(Work work) {
    int pipe_ends[2];
    EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      _exit(work([&] { (void)!write(pipe_ends[1], "r", 1); }));
    }
    close(pipe_ends[1]);
    char ready = 0;
    EXPECT_EQ(read(pipe_ends[0], &ready, 1), 1);
    close(pipe_ends[0]);
  }
  ~Child() { end(); }

  pid_t pid() const { return pid_; }
  // In a call that waits, going by the state alone.
  bool sleeps() const {
    return eventually([&] { return observe::thread_status(pid_)->state == 'S'; });
  }
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  void end() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    wait();
  }

 private:
  pid_t pid_ = 0;
};

int sleep_ms(long ms) {
  const timespec time{ms / 1000, ms % 1000 * 1'000'000};
  return nanosleep(&time, nullptr) == 0 ? 0 : errno;
}

std::string failure_of(const Result<ProcessFilters>& found) {
  return found ? "none" : found.error().begin()->code + ": " + found.error().begin()->message;
}

bool warns(const Result<ProcessFilters>& found, std::string_view code) {
  for (const Diagnostic& one : found.diagnostics())
    if (one.code == code) return true;
  return false;
}

class ProcessFiltersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Child child([](auto ready) {
      if (!install_here(filter_for(kDenied, kEperm))) return 1;
      ready();
      return sleep_ms(10'000);
    });
    const auto found = observe::read_process_filters(child.pid());
    if (!found) GTEST_SKIP() << found.error().begin()->message << ": " << found.error().begin()->hint;
  }
};

TEST_F(ProcessFiltersTest, all_filters_come_the_oldest_first_as_they_were_installed) {
  const bpf::Program older = filter_for(kDenied, kEperm), newer = filter_for(SYS_getpgrp, kAllow | 7);
  Child child([&](auto ready) {
    if (!install_here(older)) return 1;
    auto insns = newer.insns();
    sock_fprog raw{static_cast<unsigned short>(insns.size()),
                   reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(insns.data()))};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &raw) != 0) return 2;
    ready();
    return sleep_ms(10'000);
  });
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_TRUE(found.warnings().empty());
  EXPECT_EQ(found->process, child.pid());
  EXPECT_EQ(found->thread, child.pid());
  EXPECT_EQ(found->thread_count, 1u);
  ASSERT_EQ(found->filters.size(), 2u);
  EXPECT_EQ(found->filters[0].program, older);
  EXPECT_EQ(found->filters[1].program, newer);
  EXPECT_EQ(found->filters[0].is_logged, false);
  EXPECT_EQ(found->filters[1].is_logged, true);
}

TEST_F(ProcessFiltersTest, a_process_that_is_stopped_stays_so) {
  Child child([](auto ready) {
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    raise(SIGSTOP);
    return 7;
  });
  int status = 0;
  ASSERT_EQ(waitpid(child.pid(), &status, WUNTRACED), child.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_TRUE(eventually([&] { return observe::thread_status(child.pid())->state == 'T'; }));
  EXPECT_EQ(observe::thread_status(child.pid())->tracer, 0);
  EXPECT_EQ(waitpid(child.pid(), &status, WUNTRACED | WCONTINUED | WNOHANG), 0) << "its parent is told of a stop again";
  kill(child.pid(), SIGCONT);
  EXPECT_EQ(child.wait(), 7);
}

TEST_F(ProcessFiltersTest, a_sleeper_sleeps_on) {
  Child child([](auto ready) {
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    return sleep_ms(2'000);
  });
  ASSERT_TRUE(child.sleeps());
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_FALSE(warns(found, "wait-begins-anew"));
  EXPECT_EQ(child.wait(), 0);
}

#if defined(__x86_64__)
TEST_F(ProcessFiltersTest, a_sleeper_that_may_not_continue_its_wait_begins_it_anew) {
  Child child([](auto ready) {
    if (!install_here(filter_for(SYS_restart_syscall, kKillProcess))) return 1;
    ready();
    return sleep_ms(2'000);
  });
  ASSERT_TRUE(child.sleeps());
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_TRUE(warns(found, "wait-begins-anew"));
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(ProcessFiltersTest, a_32_bit_call_of_64_bit_code_is_known_as_one) {
  Child child([](auto ready) {
    void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    auto* time = static_cast<int32_t*>(memory);
    time[0] = 2, time[1] = 0;
    if (memory == MAP_FAILED || !install_here(filter_for(kRestart32, kKillProcess))) return 1;
    ready();
    long result = kNanosleep32;
    __asm__ volatile("int $0x80" : "+a"(result) : "b"(time), "c"(0L) : "memory", "r8", "r9", "r10", "r11");
    return static_cast<int>(-result);
  });
  const bool has_32 = child.sleeps();
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  const bool begins_anew = warns(found, "wait-begins-anew");
  const int status = child.wait();
  if (!has_32 || status == ENOSYS) GTEST_SKIP() << "the kernel takes no i386 calls";
  EXPECT_TRUE(begins_anew);
  EXPECT_EQ(status, 0);
}

TEST_F(ProcessFiltersTest, epoll_wait_is_not_interrupted) {
  Child child([](auto ready) {
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    epoll_event event;
    return epoll_wait(epoll_create1(0), &event, 1, 2'000) == 0 ? 0 : errno;
  });
  ASSERT_TRUE(child.sleeps());
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_EQ(child.wait(), 0);
}

// A socket with a timeout answers EINTR to any stop, whatever call waits for it.
TEST_F(ProcessFiltersTest, reading_from_a_socket_with_a_timeout_is_not_interrupted) {
  Child child([](auto ready) {
    int pair[2];
    const timeval timeout{2, 0};
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
    if (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) return 1;
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    return read(pair[0], &byte, 1) < 0 && errno == EAGAIN ? 0 : errno;
  });
  ASSERT_TRUE(child.sleeps());
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(ProcessFiltersTest, writing_to_a_full_socket_with_a_timeout_is_not_interrupted) {
  Child child([](auto ready) {
    int pair[2];
    const timeval timeout{2, 0};
    static const char bytes[65536] = {};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
    if (setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0) return 1;
    for (size_t size : {sizeof bytes, size_t{1}})
      while (send(pair[0], bytes, size, MSG_DONTWAIT) > 0) {
      }
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    return send(pair[0], bytes, 1, 0) < 0 && errno == EAGAIN ? 0 : errno;
  });
  ASSERT_TRUE(child.sleeps());
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_TRUE(found) << failure_of(found);
  EXPECT_EQ(child.wait(), 0);
}
#endif

volatile sig_atomic_t signals;

TEST_F(ProcessFiltersTest, a_signal_arrives_once_and_interrupts) {
  for (int round = 0; round < 20; ++round) {
    Child child([](auto ready) {
      struct sigaction action {};
      action.sa_handler = [](int) { signals = signals + 1; };
      sigaction(SIGUSR1, &action, nullptr);
      if (!install_here(filter_for(kDenied, kEperm))) return 1;
      ready();
      epoll_event event;
      const int epoll = epoll_create1(0);
      while (signals == 0)
        if (epoll_wait(epoll, &event, 1, 10) < 0 && signals == 0) return 2;
      sleep_ms(20);
      return 10 + signals;
    });
    kill(child.pid(), SIGUSR1);
    const auto found = observe::read_process_filters(child.pid());
    ASSERT_TRUE(found) << failure_of(found);
    EXPECT_EQ(child.wait(), 11);
  }
}

TEST_F(ProcessFiltersTest, a_thread_with_other_filters_is_told_and_read_by_its_own_number) {
  static pid_t tid_of_thread;
  auto* shared =
      static_cast<pid_t*>(mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Child child([&](auto ready) {
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          install_here(filter_for(SYS_getpgrp, kEperm));
          tid_of_thread = gettid();
          sleep_ms(10'000);
          return nullptr;
        },
        nullptr);
    while (*const_cast<volatile pid_t*>(&tid_of_thread) == 0) sleep_ms(5);
    *shared = tid_of_thread;
    ready();
    return sleep_ms(10'000);
  });
  const auto first = observe::read_process_filters(child.pid());
  ASSERT_TRUE(first) << failure_of(first);
  EXPECT_EQ(first->filters.size(), 1u);
  EXPECT_EQ(first->thread_count, 2u);
  EXPECT_TRUE(warns(first, "threads-differ"));
  const auto second = observe::read_process_filters(*shared);
  ASSERT_TRUE(second) << failure_of(second);
  EXPECT_EQ(second->filters.size(), 2u);
  EXPECT_EQ(second->thread, *shared);
  EXPECT_EQ(second->process, child.pid());
  munmap(shared, sizeof(pid_t));
}

TEST_F(ProcessFiltersTest, what_is_traced_already_is_left_alone) {
  Child child([](auto ready) {
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    return sleep_ms(10'000);
  });
  Child tracer([&](auto ready) {
    if (ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr) != 0) return 1;
    ready();
    return sleep_ms(10'000);
  });
  const std::string failure = failure_of(observe::read_process_filters(child.pid()));
  EXPECT_TRUE(failure.starts_with("process-refused: process " + std::to_string(child.pid()))) << failure;
  EXPECT_NE(failure.find("is traced already, by process " + std::to_string(tracer.pid())), std::string::npos)
      << failure;
}

TEST_F(ProcessFiltersTest, a_filtered_or_unprivileged_reader_is_told_what_it_lacks) {
  Child child([](auto ready) {
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    return sleep_ms(10'000);
  });
  EXPECT_EQ(
      in_child([&] {
        if (!install_here(filter_for(kDenied, kEperm))) return 1;
        return failure_of(observe::read_process_filters(child.pid())).starts_with("process-refused: cordon is under")
                   ? 0
                   : 2;
      }),
      0);
  if (geteuid() != 0) GTEST_SKIP() << "only root has capabilities to lose";
  EXPECT_EQ(in_child([&] {
              if (!become_nobody()) return 1;
              const auto found = observe::read_process_filters(child.pid());
              if (found || found.error().begin()->code != "process-refused") return 2;
              return found.error().begin()->hint.find("CAP_SYS_ADMIN") != std::string::npos ? 0 : 3;
            }),
            0);
  EXPECT_EQ(observe::thread_status(child.pid())->tracer, 0);
}

TEST_F(ProcessFiltersTest, a_vforks_parent_does_not_stop_and_goes_on) {
  // Its child lives until it is told to go, however long the look at the parent takes.
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  Child child([&](auto ready) {
    close(go[1]);
    if (!install_here(filter_for(kDenied, kEperm))) return 1;
    ready();
    const pid_t pid = vfork();
    if (pid == 0) {
      char byte;
      _exit(read(go[0], &byte, 1) == 1 ? 0 : 1);
    }
    return pid > 0 ? 0 : 1;
  });
  close(go[0]);
  ASSERT_TRUE(eventually([&] { return observe::thread_status(child.pid())->state == 'D'; }));
  EXPECT_EQ(in_child([&] {
              return failure_of(observe::read_process_filters(child.pid())).find("does not stop") != std::string::npos
                         ? 0
                         : 1;
            }),
            0);
  EXPECT_EQ(write(go[1], "", 1), 1);
  close(go[1]);
  EXPECT_EQ(child.wait(), 0);
}

TEST(ProcessFilters, what_has_none_is_told_why) {
  const auto begins = [](pid_t pid, const std::string& with) {
    const std::string failure = failure_of(observe::read_process_filters(pid));
    EXPECT_TRUE(failure.starts_with(with)) << failure;
  };
  begins(getpid(), "not-a-process: process " + std::to_string(getpid()));
  begins(0x3fffffff, "no-process: there is no process 1073741823");
  Child none([](auto ready) { return ready(), sleep_ms(10'000); });
  begins(none.pid(), "no-filters: process " + std::to_string(none.pid()));
  Child strict([](auto ready) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    ready();
    char byte;
    for (;;) (void)!read(STDIN_FILENO, &byte, 0);
    return 0;
  });
  ASSERT_TRUE(
      eventually([&] { return observe::thread_status(strict.pid())->seccomp == observe::SeccompMode::strict; }));
  const std::string of_strict = failure_of(observe::read_process_filters(strict.pid()));
  EXPECT_NE(of_strict.find("strict mode"), std::string::npos) << of_strict;
  Child zombie([](auto ready) { return ready(), 0; });
  ASSERT_TRUE(eventually([&] { return observe::thread_status(zombie.pid())->has_ended(); }));
  const std::string of_zombie = failure_of(observe::read_process_filters(zombie.pid()));
  EXPECT_NE(of_zombie.find("has ended; its parent " + std::to_string(getpid())), std::string::npos) << of_zombie;
}

TEST(ProcessFilters, a_process_whose_first_thread_has_ended_names_another) {
  Child child([](auto ready) {
    pthread_t thread;
    pthread_create(
        &thread, nullptr, [](void*) -> void* { return sleep_ms(10'000), nullptr; }, nullptr);
    ready();
    syscall(SYS_exit, 0);
    return 0;
  });
  ASSERT_TRUE(eventually([&] { return observe::thread_status(child.pid())->has_ended(); }));
  const auto found = observe::read_process_filters(child.pid());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().begin()->hint.find("name one of them: pid:"), 0u) << found.error().begin()->hint;
}

TEST(ProcessFilters, a_thread_of_the_kernel_is_none) {
  const auto kthreadd = observe::thread_status(2);
  if (!kthreadd || !kthreadd->is_kernel_thread) GTEST_SKIP() << "process 2 is no thread of the kernel here";
  const std::string failure = failure_of(observe::read_process_filters(2));
  EXPECT_NE(failure.find("is a thread of the kernel"), std::string::npos) << failure;
}

}  // namespace
}  // namespace cordon::testing
