// A ready sandbox is confined once, and starts what it is asked to.
#include "cordon/sandbox/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>

#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/id_maps.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

LaunchSpec denying(uint32_t nr, uint32_t ret = kErrno | 13) {
  LaunchSpec spec;
  spec.setup.kept_capabilities = 0;
  spec.filters.push_back({filter_for(nr, ret), 0});
  return spec;
}

ReadyStart shell(const std::string& script) {
  return {.path = "/bin/sh", .argv = {"sh", "-c", script}, .environment = {{"PATH=/usr/bin:/bin", "MARK=here"}}};
}

int status_of(const Started& started) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(started.pidfd.get()), &info, WEXITED | __WALL) != 0) return -errno;
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

struct Ran {
  int status = -1;
  std::string output;
  std::string failure;  // code
};

Ran run_in(ReadySandbox& ready, ReadyStart what) {
  const int output = memfd_create("output", MFD_CLOEXEC);
  if (what.descriptors.size() > 1 && what.descriptors[1] == 1) what.descriptors[1] = output;
  Ran ran;
  if (auto started = ready.start(what))
    ran.status = status_of(*started);
  else
    ran.failure = started.error().begin()->code;
  char bytes[4096];
  const ssize_t count = pread(output, bytes, sizeof bytes, 0);
  ran.output.assign(bytes, count > 0 ? static_cast<size_t>(count) : 0);
  close(output);
  return ran;
}

// The other children of this process's parent.
std::vector<pid_t> siblings() {
  const std::string parent = std::to_string(getppid());
  std::stringstream list(file_text("/proc/" + parent + "/task/" + parent + "/children"));
  std::vector<pid_t> found;
  for (pid_t pid = 0; list >> pid;)
    if (pid > 1 && pid != getpid()) found.push_back(pid);
  return found;
}

TEST(Ready, StartsPrograms) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready) << ready.error().begin()->message;
  EXPECT_TRUE(ready->refused_calls().empty());
  for (int i = 0; i < 3; ++i) {
    const Ran ran = run_in(*ready, shell("echo $MARK $0 $#; pwd; exit 7"));
    EXPECT_EQ(ran.status, 7);
    EXPECT_TRUE(ran.output.starts_with("here sh 0\n")) << ran.output;
  }
}

TEST(Ready, WhatItStartsIsUnderTheFilter) {
  for (uint32_t also : {kDenied, uint32_t{SYS_recvmsg}, uint32_t{SYS_setsid}, uint32_t{SYS_chdir}}) {
    auto ready = ReadySandbox::make(denying(also));
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->refused_calls().empty(), also == kDenied) << also;
    const Ran ran = run_in(*ready, {.path = victim(), .argv = {victim(), "call", std::to_string(also)}});
    EXPECT_EQ(ran.output, "errno 13\n") << also;
  }
}

TEST(Ready, ACallItNeedsIsNamed) {
  auto ready = ReadySandbox::make(denying(SYS_sendmsg));
  ASSERT_TRUE(ready);
  ASSERT_EQ(ready->refused_calls().size(), 1u);
  EXPECT_EQ(ready->refused_calls().front(), "sendmsg");
}

// Root without the right to trace is no danger to the process that waits.
TEST(Ready, WithoutItsFilterItDoesNotWaitForWhoCouldReachIt) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  LaunchSpec spec = denying(SYS_recvmsg);
  spec.setup.kept_capabilities = ~uint64_t{0};
  EXPECT_FALSE(ReadySandbox::make(spec));
  spec.setup.kept_capabilities = ~(uint64_t{1} << CAP_SYS_PTRACE);
  EXPECT_TRUE(ReadySandbox::make(spec));
}

TEST(Ready, DescriptorsHaveTheNumbersAskedFor) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  ReadyStart what = shell("ls /proc/self/fd | tr '\\n' ' '; echo >&4 four");
  const int four = memfd_create("four", MFD_CLOEXEC);
  what.descriptors = {-1, 1, 2, -1, four};
  const Ran ran = run_in(*ready, what);
  // ls has its directory at the first number that is free.
  EXPECT_EQ(ran.output, "0 1 2 4 ");
  char bytes[16]{};
  EXPECT_EQ(pread(four, bytes, sizeof bytes, 0), 5);
  close(four);
}

TEST(Ready, DirectoryMaskAndSessionAreTheStartsOwn) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  ReadyStart what = shell("");
  what.directory = "/usr";
  what.signal_mask = uint64_t{1} << (SIGUSR1 - 1);
  what.has_own_session = true;
  what.path = "/bin/sh";
  what.argv = {"sh", "-c", "pwd; [ $(ps -o sid= -p $$) = $$ ] && echo leader; exec grep SigBlk /proc/self/status"};
  EXPECT_EQ(run_in(*ready, what).output, "/usr\nleader\nSigBlk:\t0000000000000200\n");
}

TEST(Ready, WhatCannotStartIsToldAndTheNextOneStarts) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  EXPECT_EQ(run_in(*ready, {.path = "/no/such/program", .argv = {"x"}}).failure, "not-found");
  EXPECT_EQ(run_in(*ready, {.path = "/etc/passwd", .argv = {"x"}}).failure, "not-executable");
  ReadyStart elsewhere = shell("true");
  elsewhere.directory = "/no/such/directory";
  EXPECT_FALSE(run_in(*ready, elsewhere).failure.empty());
  EXPECT_EQ(run_in(*ready, shell("exit 3")).status, 3);
}

TEST(Ready, WhatIsTooMuchIsRefused) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  for (size_t size : {size_t{1} << 20, size_t{3} << 20, size_t{5} << 20}) {
    ReadyStart one_word = shell("true");
    one_word.environment = {{"A=" + std::string(size, 'x')}};
    EXPECT_FALSE(run_in(*ready, one_word).failure.empty()) << size;
    ReadyStart many_words = shell("true");
    many_words.argv.resize(size / 4);
    EXPECT_FALSE(run_in(*ready, many_words).failure.empty()) << size;
  }
  ReadyStart descriptors = shell("true");
  descriptors.descriptors.assign(17, 1);
  EXPECT_EQ(run_in(*ready, descriptors).failure, "usage");
  EXPECT_EQ(run_in(*ready, shell("exit 3")).status, 3);
}

TEST(Ready, AFilterThatDeniesTheExecLetsNothingRun) {
  for (uint32_t ret : {kErrno | 13, kKillProcess}) {
    auto ready = ReadySandbox::make(denying(SYS_execve, ret));
    ASSERT_TRUE(ready);
    const Ran ran = run_in(*ready, shell("echo ran"));
    EXPECT_FALSE(ran.failure.empty());
    EXPECT_EQ(ran.output, "");
  }
}

// A format nobody knows goes to the shell, as execvp has it.
TEST(Ready, AScriptWithoutAnInterpreterRunsInTheShell) {
  char name[] = "/tmp/cordon-ready-XXXXXX";
  const int file = mkstemp(name);
  ASSERT_GT(write(file, "echo from $0 $1\n", 16), 0);
  fchmod(file, 0755);
  close(file);
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  EXPECT_EQ(run_in(*ready, {.path = name, .argv = {"x", "y"}}).output, "from " + std::string(name) + " y\n");
  unlink(name);
}

TEST(Ready, TheCrashOfOneHarmsNobody) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  EXPECT_EQ(run_in(*ready, shell("kill -SEGV $$")).status, 128 + SIGSEGV);
  EXPECT_EQ(run_in(*ready, shell("exit 4")).status, 4);
}

TEST(Ready, ManyAtOnce) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  std::vector<Started> started;
  for (int i = 0; i < 64; ++i) {
    auto one = ready->start(shell("sleep 0.2; exit " + std::to_string(i)));
    ASSERT_TRUE(one);
    started.push_back(std::move(*one));
  }
  for (int i = 0; i < 64; ++i) EXPECT_EQ(status_of(started[static_cast<size_t>(i)]), i);
}

TEST(Ready, AFunctionRunsWithoutAnExec) {
  for (uint32_t also : {kDenied, uint32_t{SYS_recvmsg}}) {
    auto ready = ReadySandbox::make(denying(also));
    ASSERT_TRUE(ready);
    const auto make_call = [](void* nr) {
      return static_cast<int>(syscall(*static_cast<uint32_t*>(nr)) < 0 ? errno : 0);
    };
    auto one = ready->call(make_call, &also);
    ASSERT_TRUE(one);
    EXPECT_EQ(status_of(*one), 13) << also;
  }
}

// Who could write its memory could have it run anything, for all that come later.
// It could ask for starts itself, take what is handed to others, or change what they are to run.
TEST(Ready, AFunctionHasNothingOfTheSandboxsOwn) {
  for (uint32_t also : {kDenied, uint32_t{SYS_recvmsg}}) {
    auto ready = ReadySandbox::make(denying(also));
    ASSERT_TRUE(ready);
    const auto look = [](void*) {
      for (int fd = 3; fd < 64; ++fd)
        if (fcntl(fd, F_GETFD) >= 0) return fd;
      return file_text("/proc/self/maps").find("rw-s") == std::string::npos ? 0 : 1;
    };
    auto one = ready->call(look, nullptr);
    ASSERT_TRUE(one);
    EXPECT_EQ(status_of(*one), 0) << also;
    EXPECT_EQ(run_in(*ready, shell("exit 5")).status, 5);
  }
}

TEST(Ready, WithoutDescriptorsNothingIsStarted) {
  auto ready = ReadySandbox::make(denying(kDenied));
  ASSERT_TRUE(ready);
  std::vector<int> taken;
  for (int fd = dup(0); fd >= 0; fd = dup(0)) taken.push_back(fd);
  for (int count_free = 0; count_free < 6 && !taken.empty(); ++count_free) {
    auto started = ready->start({.path = "/bin/true", .argv = {"true"}, .descriptors = {}});
    EXPECT_EQ(static_cast<bool>(started), started && started->pid > 1) << count_free;
    const int status = started ? status_of(*started) : 0;
    EXPECT_EQ(status, 0);
    close(taken.back());
    taken.pop_back();
  }
  for (int fd : taken) close(fd);
  EXPECT_EQ(run_in(*ready, shell("exit 5")).status, 5);
}

TEST(Ready, ItsProcessCannotBeReachedByWhatItStarts) {
  auto ready = ReadySandbox::make(denying(SYS_recvmsg));
  ASSERT_TRUE(ready);
  const auto look = [](void*) {
    const std::vector<pid_t> others = siblings();
    if (others.size() != 1) return 1;
    return open(("/proc/" + std::to_string(others[0]) + "/mem").c_str(), O_RDWR) < 0 ? 0 : 2;
  };
  auto one = ready->call(look, nullptr);
  ASSERT_TRUE(one);
  EXPECT_EQ(status_of(*one), 0);
}

TEST(Ready, NamespacesAreMadeOnce) {
  LaunchSpec spec = denying(kDenied);
  spec.setup.namespaces.made = abi::kUserNamespace | abi::kPidNamespace | abi::kUtsNamespace;
  spec.setup.namespaces.hostname = "ready";
  sandbox::map_ids(spec.setup);
  spec.setup.kept_capabilities = 0;
  auto ready = ReadySandbox::make(spec);
  if (!ready && ready.error().begin()->message.find("namespace") != std::string::npos)
    GTEST_SKIP() << ready.error().begin()->message;
  ASSERT_TRUE(ready) << ready.error().begin()->message;
  const Ran first = run_in(*ready, shell("hostname; readlink /proc/self/ns/uts; echo $$"));
  const Ran second = run_in(*ready, shell("hostname; readlink /proc/self/ns/uts; echo $$"));
  EXPECT_TRUE(first.output.starts_with("ready\n")) << first.output;
  EXPECT_EQ(first.output.substr(0, first.output.find(']')), second.output.substr(0, second.output.find(']')));
  EXPECT_NE(first.output, second.output);
}

TEST(Ready, ASandboxThatIsGoneSaysSo) {
  auto ready = ReadySandbox::make(denying(SYS_personality));
  ASSERT_TRUE(ready);
  const auto kill_the_other = [](void*) {
    char byte = 0;
    (void)!read(0, &byte, 1);  // the sandbox has answered for this process
    for (pid_t pid : siblings()) kill(pid, SIGKILL);
    return 0;
  };
  int order[2];
  ASSERT_EQ(pipe2(order, O_CLOEXEC), 0);
  auto killer = ready->call(kill_the_other, nullptr, {order[0]});
  ASSERT_TRUE(killer);
  close(order[0]);
  close(order[1]);
  status_of(*killer);
  pollfd entry{.fd = ready->socket(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&entry, 1, 5000), 1);
  EXPECT_FALSE(ready->start(shell("true")));
}

TEST(Ready, NothingIsLeftOfIt) {
  const auto open_descriptors = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) >= 0;
    return count;
  };
  const int before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    auto ready = ReadySandbox::make(denying(kDenied));
    ASSERT_TRUE(ready);
    EXPECT_EQ(run_in(*ready, shell("exit 5")).status, 5);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
}

// The first process of a pid namespace ends after all others have been reaped, and those are its maker's to reap.
TEST(Ready, ItEndsAlsoBeforeWhatItHasStartedIsReaped) {
  LaunchSpec spec = denying(kDenied);
  spec.setup.namespaces.made = abi::kUserNamespace | abi::kPidNamespace;
  sandbox::map_ids(spec.setup);
  spec.setup.kept_capabilities = 0;
  auto ready = ReadySandbox::make(spec);
  if (!ready && ready.error().begin()->message.find("namespace") != std::string::npos)
    GTEST_SKIP() << ready.error().begin()->message;
  ASSERT_TRUE(ready) << ready.error().begin()->message;
  auto started = ready->start(shell("exec sleep 50"));
  ASSERT_TRUE(started);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(ready->end());
  EXPECT_EQ(ready->start(shell("true")).has_value(), false);
  EXPECT_EQ(status_of(*started), 128 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return ready->end(); }));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
}

// At any moment: while it is made, while something starts, while it waits.
TEST(Ready, ItEndsWithWhoMadeIt) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  for (bool is_late : {false, true})
    for (useconds_t delay_us = 0; delay_us < 4000; delay_us += 100) {
      const pid_t maker = fork();
      if (maker == 0) {
        auto ready = ReadySandbox::make(denying(is_late ? uint32_t{SYS_recvmsg} : kDenied));
        while (ready && ready->start(shell("true"))) continue;
        _exit(1);
      }
      usleep(delay_us);
      kill(maker, SIGKILL);
      waitpid(maker, nullptr, 0);
      EXPECT_TRUE(eventually([] {
        while (waitpid(-1, nullptr, WNOHANG | __WALL) > 0) continue;
        return errno == ECHILD;
      })) << delay_us;
    }
}

struct Impossible {
  const char* name;
  void (*change)(LaunchSpec&);
};

TEST(Ready, WhatItCannotBeIsRefused) {
  const Impossible kImpossible[] = {{"entry", [](LaunchSpec& spec) { spec.start = StartPoint::entry; }},
                                    {"listener", [](LaunchSpec& spec) { spec.listener = true; }},
                                    {"few descriptors",
                                     [](LaunchSpec& spec) {
                                       spec.setup.limits = {{7, 10}};
                                     }},
                                    {"strict", [](LaunchSpec& spec) { spec.strict = true; }}};
  for (const Impossible& row : kImpossible) {
    LaunchSpec spec = denying(kDenied);
    row.change(spec);
    auto made = ReadySandbox::make(spec);
    ASSERT_FALSE(made) << row.name;
    EXPECT_FALSE(made.error().begin()->hint.empty()) << row.name;
  }
}

}  // namespace
}  // namespace cordon::testing
