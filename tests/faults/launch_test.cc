// The launcher's own system calls fail, one kind at a time, with every errno that matters: the parent says
// which step failed, and the command runs as asked or not at all.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fstream>
#include <ostream>

#include "cordon/abi/landlock.h"
#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/id_maps.h"
#include "cordon/sandbox/landlock.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

struct Fault {
  const char* name;
  uint32_t nr;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

constexpr Fault kFaults[] = {
    {"mmap", SYS_mmap},
    {"clone", SYS_clone},
    {"rt_sigaction", SYS_rt_sigaction},
    {"rt_sigprocmask", SYS_rt_sigprocmask},
    {"gettid", SYS_gettid},
    {"set_robust_list", SYS_set_robust_list},
    {"prctl", SYS_prctl},
    {"seccomp", SYS_seccomp},
    {"futex", SYS_futex},
    {"execve", SYS_execve},
    {"ptrace", SYS_ptrace},
    {"pidfd_getfd", SYS_pidfd_getfd},
    {"waitid", SYS_waitid},
    {"openat", SYS_openat},
    {"process_vm_writev", SYS_process_vm_writev},
    {"ioctl", SYS_ioctl},
    {"signalfd4", SYS_signalfd4},
    {"uname", SYS_uname},
    {"poll", SYS_poll},
    {"wait4", SYS_wait4},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait},
    {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"faccessat2", SYS_faccessat2},
    {"newfstatat", SYS_newfstatat},
    {"prlimit64", SYS_prlimit64},
    {"setgroups", SYS_setgroups},
    {"setresgid", SYS_setresgid},
    {"setresuid", SYS_setresuid},
    {"capget", SYS_capget},
    {"capset", SYS_capset},
    {"chdir", SYS_chdir},
    {"sched_setaffinity", SYS_sched_setaffinity},
    {"personality", SYS_personality},
    {"write", SYS_write},
    {"unshare", SYS_unshare},
    {"sethostname", SYS_sethostname},
    {"socket", SYS_socket},
    {"mount", SYS_mount},
    {"mount_setattr", 442},
    {"openat2", 437},
    {"mkdirat", SYS_mkdirat},
    {"mknodat", SYS_mknodat},
    {"symlinkat", SYS_symlinkat},
    {"pivot_root", SYS_pivot_root},
    {"umount2", SYS_umount2},
    {"umask", SYS_umask},
    {"getcwd", SYS_getcwd},
    {"pidfd_open", 434},
    {"close_range", SYS_close_range},
    {"ppoll", SYS_ppoll},
    {"landlock_create_ruleset", 444},
    {"landlock_add_rule", 445},
    {"landlock_restrict_self", 446},
};

// They leave a process behind that has to be ended.
constexpr Fault kLeavingFaults[] = {
    {"seccomp", SYS_seccomp}, {"execve", SYS_execve},
    {"ptrace", SYS_ptrace},   {"pidfd_getfd", SYS_pidfd_getfd},
    {"waitid", SYS_waitid},   {"wait4", SYS_wait4},
    {"openat", SYS_openat},   {"process_vm_writev", SYS_process_vm_writev},
    {"poll", SYS_poll},       {"signalfd4", SYS_signalfd4},
    {"ioctl", SYS_ioctl},     {"mount", SYS_mount},
    {"futex", SYS_futex},
};

struct Way {
  const char* name;
  StartPoint start;
  bool listener;
  bool traces;
  bool landlocked = false;
  bool set_up = false;
  bool namespaced = false;
  bool traits = false;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

constexpr Way kWays[] = {{"plain", StartPoint::before_exec, false, false},
                         {"listening", StartPoint::before_exec, true, false},
                         {"traced", StartPoint::before_exec, false, true},
                         {"entry", StartPoint::entry, false, false},
                         {"entry_listening", StartPoint::entry, true, true},
                         {"landlocked", StartPoint::before_exec, false, false, true},
                         {"entry_landlocked", StartPoint::entry, false, false, true},
                         {"set_up", StartPoint::before_exec, false, false, false, true},
                         {"entry_set_up", StartPoint::entry, false, true, false, true},
                         {"namespaced", StartPoint::before_exec, false, false, false, false, true},
                         {"entry_namespaced", StartPoint::entry, true, true, false, false, true},
                         {"traits", StartPoint::before_exec, false, false, false, false, false, true}};

// A process only root may signal, by a call that no fault above answers.
constexpr const char* kForeignProcess = "1";

ProcessSetup make_setup() {
  constexpr uid_t kNobody = 65534;
  ProcessSetup setup;
  setup.identity = ProcessIdentity{.uid = kNobody, .gid = kNobody, .groups = {}};
  setup.kept_capabilities = 0;
  setup.limits = {{7, 64}};  // nofile
  setup.directory = "/";
  return setup;
}

// What the shell prints shows that it has them all; the context is written to a file.
const std::string kContextFile = "/tmp/cordon-context-" + std::to_string(getpid());
const std::string kShowTraits =
    "read personality < /proc/self/personality; while read name value; do case $name in "
    "CapInh:|CapBnd:|Cpus_allowed_list:) echo $value;; esac; done < /proc/self/status; echo $personality; "
    "read context < " +
    kContextFile + "; echo $context";
constexpr const char* kTraits = "0000000000000020\n00000000000000a0\n0\n00040000\nnew\n";

ProcessSetup make_traits() {
  constexpr uint64_t kKill = 1u << 5, kSetuid = 1u << 7;
  constexpr uint32_t kNoRandomize = 0x40000;
  ProcessSetup setup;
  setup.bounding_set = kKill | kSetuid;
  setup.ambient_set = kKill;
  setup.securebits = 1;  // noroot
  setup.cpus = {1};
  setup.personality = kNoRandomize;
  setup.context = ExecContext{kContextFile, "new\n"};
  return setup;
}

// In it the shell is the second process, and there is no /etc.
NamespaceSetup make_namespaces() {
  MountSetup tree{.root = MountSetup::Root::empty};
  for (const char* path : {"/usr", "/bin", "/lib", "/lib64"})
    tree.mounts.push_back({MountRule::Kind::read, path, path, {}});
  tree.mounts.push_back({MountRule::Kind::dev, {}, "/dev", {}});
  NamespaceSetup namespaces{
      .made = abi::kUserNamespace | abi::kMountNamespace | abi::kPidNamespace | abi::kNetNamespace | abi::kUtsNamespace,
      .hostname = "box"};
  if (auto steps = sandbox::plan_mounts(tree)) namespaces.mounts = std::move(*steps);
  return namespaces;
}

// Not among what is granted below.
constexpr const char* kUngranted = "/etc/passwd";

Result<std::vector<Fd>> make_rulesets() {
  Confinement confinement;
  LandlockLayer& layer = confinement.landlock.emplace_back();
  layer.restricts_files = true;
  for (const char* path : {"/usr", "/lib64", CORDON_VICTIM_DIR})
    layer.paths.push_back({path, "exec", abi::landlock::kExecute | abi::landlock::kReadFile, {}});
  return sandbox::make_rulesets(confinement, {});
}

bool answer_from_now_on(uint32_t nr, uint32_t ret) {
  bpf::Program program = filter_for(nr, ret);
  auto insns = program.insns();
  sock_fprog raw{static_cast<unsigned short>(insns.size()),
                 reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(insns.data()))};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw) == 0;
}

bool fail_from_now_on(uint32_t nr, uint32_t error) { return answer_from_now_on(nr, kErrno | error); }

// As where the command is another user's and there is no CAP_KILL.
bool no_signals_from_now_on() {
  return fail_from_now_on(SYS_kill, EPERM) && fail_from_now_on(SYS_pidfd_send_signal, EPERM);
}

enum Result : int { failed_as_said = 10, ran_confined = 11, left_running = 12, silent = 13 };

int told(const Diagnostics& errors) {
  const std::string& message = errors.begin()->message;
  if (message.find("could not be ended") != std::string::npos) return left_running;
  return message.empty() ? silent : failed_as_said;
}

// What the victim printed is the proof: its denied call gives 13, whoever denies it.
int launch_with_fault(const Way& way, const Fault& fault, uint32_t error, bool may_signal, int output) {
  LaunchSpec spec = spec_for(denied_call(), kDenied, way.listener ? kNotify : kErrno | 13);
  spec.start = way.start;
  spec.trace_exits = way.traces;
  dup2(output, STDOUT_FILENO);
  if (way.namespaced) {
    spec.setup.namespaces = make_namespaces();
    sandbox::map_ids(spec.setup);
    spec.argv = {"/bin/sh", "-c", "echo $$ /etc/pass*"};
  }
  if (!may_signal && !no_signals_from_now_on()) return silent;
  if (!fail_from_now_on(fault.nr, error)) return silent;
  std::vector<Fd> rulesets;
  if (way.traits) {
    spec.setup = make_traits();
    spec.argv = {"/bin/sh", "-c", kShowTraits};
  }
  if (way.set_up) {
    spec.setup = make_setup();
    spec.argv = {CORDON_VICTIM_DIR "/sandbox_reach", "signal", kForeignProcess};
  }
  if (way.landlocked) {
    auto made = make_rulesets();
    if (!made) return made.error().begin()->message.empty() ? silent : failed_as_said;
    rulesets = std::move(*made);
    for (const Fd& ruleset : rulesets) spec.rulesets.push_back(ruleset.get());
    spec.argv = {CORDON_VICTIM_DIR "/sandbox_reach", "read", kUngranted};
  }
  auto launched = sandbox::launch(spec);
  if (!launched) return told(launched.error());
  Supervision supervision{.calls = {.answer = [](const Notification&) { return Response::fail(13); }}};
  auto outcome = sandbox::supervise(std::move(*launched), supervision);
  return outcome || outcome.error().has_errors() ? ran_confined : silent;
}

// A launcher that hangs is ended: the launch blocks every signal that could be caught.
int await(pid_t pid) {
  constexpr int kPatienceMs = 30000;  // a machine may be busy
  int status = 0;
  for (int i = 0; i < kPatienceMs; ++i) {
    if (waitpid(pid, &status, WNOHANG) == pid) return status;
    usleep(1000);
  }
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  return status;
}

// Of this process only, which adopts what its children leave behind.
void end_orphans() {
  for (;;) {
    const std::string children = file_text("/proc/self/task/" + std::to_string(getpid()) + "/children");
    if (children.empty()) return;
    std::stringstream words(children);
    for (pid_t pid = 0; words >> pid;)
      if (pid > 1) kill(pid, SIGKILL);
    while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
    usleep(1000);
  }
}

// What a launcher has left behind ends: nothing spins for a call that will never be allowed.
bool no_child_is_left() {
  for (int i = 0; i < 10000; ++i) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
    if (waitpid(-1, nullptr, WNOHANG) < 0) return true;
    usleep(1000);
  }
  return false;
}

void expect_confined_or_refused(const Way& way, const Fault& fault, bool may_signal) {
  if (way.landlocked && sandbox::landlock_abi() < 3) GTEST_SKIP() << "this kernel has no Landlock of ABI 3";
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const std::vector<uint32_t> errors =
      may_signal ? std::vector<uint32_t>{EPERM, ENOSYS, EINVAL, ENOMEM} : std::vector<uint32_t>{EPERM};
  for (uint32_t error : errors) {
    int output = memfd_create("output", 0);
    if (way.traits) std::ofstream(kContextFile) << "old\n";
    pid_t pid = fork();
    if (pid == 0) {
      _exit(launch_with_fault(way, fault, error, may_signal, output));
    }
    int status = await(pid);
    EXPECT_TRUE(no_child_is_left());
    char bytes[128]{};
    ssize_t count = pread(output, bytes, sizeof bytes - 1, 0);
    const std::string text = bytes;
    const std::string confined = way.traits       ? kTraits
                                 : way.namespaced ? "2 /etc/pass*\n"
                                 : way.set_up     ? "errno 1\n"
                                                  : "errno 13\n";
    // A question whose supervisor has left is answered by the kernel.
    const bool is_cut = way.traits && confined.starts_with(text);  // ended between two lines
    const bool is_denied = text == confined || is_cut || (!may_signal && way.listener && text == "errno 38\n");
    close(output);
    ASSERT_TRUE(WIFEXITED(status)) << "errno " << error << ", ended by signal " << WTERMSIG(status);
    EXPECT_TRUE(WEXITSTATUS(status) == failed_as_said || WEXITSTATUS(status) == ran_confined ||
                (!may_signal && WEXITSTATUS(status) == left_running))
        << WEXITSTATUS(status);
    EXPECT_TRUE(count <= 0 || is_denied) << text << "errno " << error;
    EXPECT_FALSE(WEXITSTATUS(status) == failed_as_said && count > 0) << "errno " << error;
    if (way.traits) unlink(kContextFile.c_str());
  }
}

class Faults : public ::testing::TestWithParam<std::tuple<Way, Fault>> {};

TEST_P(Faults, NeverRunTheCommandUnconfined) {
  const auto& [way, fault] = GetParam();
  expect_confined_or_refused(way, fault, true);
}

// What was started ends all the same, and the launcher does not wait for what never comes.
class FaultsWithoutSignals : public ::testing::TestWithParam<std::tuple<Way, Fault>> {};

TEST_P(FaultsWithoutSignals, NeverHangNorRunTheCommandUnconfined) {
  const auto& [way, fault] = GetParam();
  expect_confined_or_refused(way, fault, false);
}

// The time of a command is up that cannot be sent a signal: a tracer ends it, without one that is said.
TEST(WithoutSignals, ACommandIsEndedByItsTracerOrSaidToGoOn) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  for (bool traces : {true, false})
    for (const char* script : {"exec sleep 5", "while :; do :; done & read never < /dev/zero"}) {
      const pid_t pid = fork();
      if (pid == 0) {
        if (!no_signals_from_now_on()) _exit(1);
        LaunchSpec spec = spec_for({"/bin/sh", "-c", script}, kDenied, kErrno | 13);
        spec.trace_exits = traces;
        auto launched = sandbox::launch(spec);
        if (!launched) _exit(2);
        const pid_t command = launched->pid;
        Supervision supervision;
        supervision.time_limit = TimeLimit{.limit_ms = 50, .grace_ms = 50};
        auto outcome = sandbox::supervise(std::move(*launched), supervision);
        if (traces) _exit(outcome && outcome->timed_out && outcome->code == SIGKILL ? 0 : 3);
        if (outcome) _exit(4);
        const std::string& message = outcome.error().begin()->message;
        _exit(message.find("process " + std::to_string(command) + " could not be ended") != std::string::npos ? 0 : 5);
      }
      const int status = await(pid);
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << " traces " << traces << " " << script;
      end_orphans();
    }
}

// The launcher is ended while its child waits to be let go: the child must not wait, or look again and again, for
// ever.
TEST(LauncherKilled, AChildWhoseLauncherIsKilledEnds) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  for (bool has_futex : {true, false})
    for (StartPoint start : {StartPoint::before_exec, StartPoint::entry}) {
      pid_t pid = fork();
      if (pid == 0) {
        LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 13);
        spec.trace_exits = true;
        spec.start = start;
        if (!has_futex && !fail_from_now_on(SYS_futex, EPERM)) _exit(1);
        if (!answer_from_now_on(SYS_ptrace, kKillProcess)) _exit(1);
        (void)sandbox::launch(spec);
        _exit(2);
      }
      int status = await(pid);
      EXPECT_TRUE(WIFSIGNALED(status));
      EXPECT_TRUE(no_child_is_left()) << "futex " << has_futex;
    }
}

// At any moment of the launch, also between the processes that make the command's.
TEST(LauncherKilled, NothingIsLeftOfNamespacesThatWereBeingMade) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  for (useconds_t delay_us = 0; delay_us < 6000; delay_us += 100) {
    const pid_t pid = fork();
    if (pid == 0) {
      LaunchSpec spec = spec_for({"/bin/true"}, kDenied, kErrno | 13);
      spec.trace_exits = delay_us % 200 == 0;
      spec.setup.namespaces = make_namespaces();
      sandbox::map_ids(spec.setup);
      if (auto launched = sandbox::launch(spec)) (void)sandbox::supervise(std::move(*launched), {.calls = {}});
      _exit(2);
    }
    usleep(delay_us);
    kill(pid, SIGKILL);
    await(pid);
    ASSERT_TRUE(no_child_is_left()) << delay_us;
  }
}

INSTANTIATE_TEST_SUITE_P(Launch, FaultsWithoutSignals,
                         ::testing::Combine(::testing::ValuesIn(kWays), ::testing::ValuesIn(kLeavingFaults)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) + "_" + std::get<1>(row.param).name;
                         });

INSTANTIATE_TEST_SUITE_P(Launch, Faults, ::testing::Combine(::testing::ValuesIn(kWays), ::testing::ValuesIn(kFaults)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) + "_" + std::get<1>(row.param).name;
                         });

}  // namespace
}  // namespace cordon::testing
