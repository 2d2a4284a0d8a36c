#include "cordon/sandbox/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/child_process.h"
#include "cordon/sandbox/clone_child.h"
#include "cordon/sandbox/launch_checks.h"
#include "cordon/sandbox/launcher_state.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/ready_arena.h"
#include "cordon/sandbox/ready_calls.h"
#include "cordon/sandbox/ready_child.h"

namespace cordon {
namespace {

using sandbox::LaunchStep;

Diagnostic misuse(std::string message, std::string cure) {
  Diagnostic problem;
  problem.code = "usage";
  problem.message = std::move(message);
  problem.hint = std::move(cure);
  return problem;
}

Diagnostic has_ended() {
  Diagnostic problem = system_error("start anything in the ready sandbox", ESRCH,
                                    "its process was ended or stopped: make another one, or ask its server again");
  problem.code = "sandbox-ended";
  return problem;
}

Diagnostic was_interrupted() {
  Diagnostic problem;
  problem.code = "start-interrupted";
  problem.message = "the ready sandbox ended while it started the command, which may have run, and is ended";
  problem.hint = "something has ended its process: see what the command has done before asking again";
  return problem;
}

// A process that waits without its filters must not be made to run what its children want.
bool can_reach_others(const sandbox::ChildPlan& plan) {
  if ((plan.setup.kept_capabilities >> CAP_SYS_PTRACE & 1) == 0) return false;
  if (plan.is_mapped) return true;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[2] = {};
  return syscall(SYS_capget, &header, sets) != 0 || (sets[0].permitted >> CAP_SYS_PTRACE & 1) != 0;
}

pid_t pid_behind(int pidfd) {
  char line[64];
  const std::string path = "/proc/self/fdinfo/" + std::to_string(pidfd);
  FILE* file = fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  int pid = 0;
  while (pid == 0 && fgets(line, sizeof line, file) != nullptr) (void)sscanf(line, "Pid: %d", &pid);
  fclose(file);
  return pid;
}

// The answer: a byte, and a pidfd if there is a process. -1: none; below that: nobody answers.
int receive_answer(int socket) {
  constexpr int kPatienceMs = 5000;  // what it starts could have stopped it
  char byte = 0;
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  for (;;) {
    pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
    const int ready = poll(&entry, 1, kPatienceMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return -2;
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -2;
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_type != SCM_RIGHTS) return -1;
    int fd = -1;
    memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
  }
}

bool send_order(int socket, const std::vector<int>& descriptors) {
  char byte = 0;
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * sandbox::kReadyControl)] = {};
  const size_t size = descriptors.size() * sizeof(int);
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (size > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(head), descriptors.data(), size);
  }
  ssize_t sent = 0;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == 1;
}

bool is_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

bool has_ended_already(const Started& started) {
  siginfo_t info{};
  return waitid(P_PIDFD, static_cast<id_t>(started.pidfd.get()), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
         info.si_pid != 0;
}

void reap(const Started& started) {
  siginfo_t info{};
  while (waitid(P_PIDFD, static_cast<id_t>(started.pidfd.get()), &info, WEXITED | __WALL) != 0 && errno == EINTR)
    continue;
}

}  // namespace

ReadySandbox::ReadySandbox() : arena_(std::make_unique<sandbox::ReadyArena>()) {}
ReadySandbox::ReadySandbox(ReadySandbox&&) noexcept = default;
ReadySandbox& ReadySandbox::operator=(ReadySandbox&& other) noexcept {
  ReadySandbox old(std::move(*this));
  arena_ = std::move(other.arena_);
  launched_ = std::move(other.launched_);
  socket_ = std::move(other.socket_);
  refused_calls_ = std::move(other.refused_calls_);
  return *this;
}

ReadySandbox::~ReadySandbox() {
  constexpr int kTries = 100, kPauseMs = 10;
  for (int tries = 0; tries < kTries && !end(); ++tries) {
    pollfd entry{launched_.pidfd ? launched_.pidfd.get() : launched_.reaper.get(), POLLIN, 0};
    (void)poll(&entry, 1, kPauseMs);
  }
}

// Without anybody to ask it the process ends by itself; killed it does so at once. The first one of a pid namespace
// waits in the kernel until the others have been reaped, and those that were started are children of this process.
bool ReadySandbox::end() {
  socket_.reset();
  if (!launched_.preparation) return true;
  if (launched_.reaper) syscall(SYS_pidfd_send_signal, launched_.reaper.get(), SIGKILL, nullptr, 0);
  if (launched_.pidfd) {
    if (sandbox::kill_command(launched_) && !sandbox::has_died(launched_)) return false;
    if (!launched_.reaper || !sandbox::has_died(launched_)) {
      sandbox::destroy(launched_);
      launched_.preparation.reset();
      return true;
    }
    sandbox::reap(launched_);
    launched_.pidfd.reset();
  }
  if (!is_readable(launched_.reaper.get())) return false;
  sandbox::end_namespace(launched_);
  launched_.preparation.reset();
  return true;
}

Result<ReadySandbox> ReadySandbox::make(const LaunchSpec& spec, bool ends_with_thread) {
  if (spec.start != StartPoint::before_exec || spec.listener || spec.strict)
    return misuse("a ready sandbox is confined before anything is executed, by filters that ask nobody",
                  "start point before-exec, no listener, no strict mode");
  if (auto problem = sandbox::cannot_end(spec.setup)) return *problem;
  if (auto problem = sandbox::misplaced(spec.setup.namespaces)) return *problem;
  CORDON_TRY(preparation, sandbox::Preparation::make_ready(spec));
  ReadySandbox made;
  int ends[2] = {-1, -1};
  if (!made.arena_->map()) return system_error("map memory for requests", errno);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return system_error("make a socket", errno);
  made.socket_.reset(ends[0]);
  Fd theirs(ends[1]);
  sandbox::ReadyPlan& ready = made.arena_->plan;
  ready.control = theirs.get();
  ready.report = {preparation->shared_memory(), sandbox::Preparation::shared_size()};
  ready.clone_flags = sandbox::kReadyForkFlags | CLONE_VFORK | sandbox::memory_flag() | SIGCHLD;
  ready.ends_with_thread = ends_with_thread;
  made.refused_calls_ = sandbox::calls_refused_by(spec.filters, ready.clone_flags);
  ready.attaches_late = !made.refused_calls_.empty();

  sandbox::ChildPlan& plan = preparation->plan;
  if (ready.attaches_late && can_reach_others(plan))
    return misuse("the policy does not allow " + std::string(made.refused_calls_.front()) +
                      ", which the ready sandbox needs: it would wait without its filter, and a command that has "
                      "CAP_SYS_PTRACE could reach into it",
                  "--caps-keep without sys_ptrace, or allow these calls");
  plan.ready = &ready;
  plan.gated = plan.is_mapped;
  auto state = std::make_unique<sandbox::LauncherState>();
  plan.signal_mask = ~uint64_t{0};
  plan.ignores_child_signal = state->ignores_child_signal();
  // Files in /proc of a process that is closed are root's, and the maps are written there; it closes itself.
  if (!plan.gated) state->close();
  state->may_open();
  CORDON_TRY(launched, sandbox::clone_child(std::move(preparation)));
  made.launched_ = std::move(launched);
  theirs.reset();
  if (plan.gated) sandbox::open_gate(made.launched_.preparation->report());
  if (receive_answer(made.socket_.get()) < -1) {
    const sandbox::FailedStep failed = sandbox::failed_step(*made.launched_.preparation);
    if (failed.error != 0) return sandbox::describe(failed);
    return system_error("make the sandbox ready", ECHILD,
                        "its process has ended: by its own filter, or one above this process");
  }
  return made;
}

Result<Started> ReadySandbox::order(const std::vector<int>& descriptors) {
  if (!socket_) return has_ended();
  if (descriptors.size() > sandbox::kReadyControl)
    return misuse("more than 16 descriptors are to be handed on", "fewer of them");
  sandbox::ReadyRequest& request = arena_->request();
  std::vector<int> sent = descriptors;
  Fd filler;
  for (size_t i = 0; i < sent.size(); ++i) {
    if (sent[i] >= 0) continue;
    if (!filler) filler.reset(memfd_create("closed", MFD_CLOEXEC));
    if (!filler) return system_error("hand descriptors on", errno);
    request.closed |= 1u << i;
    sent[i] = filler.get();
  }
  request.descriptor_count = static_cast<int>(sent.size());
  Started started;
  // What cannot be received, or looked at, would run without anybody to own it.
  Fd reserve(fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0)), another(fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0));
  if (!another) return system_error("start anything", EMFILE, "it takes two descriptors more");
  sandbox::LaunchReport& report = launched_.preparation->report();
  report.enter(LaunchStep::ready);
  if (!send_order(socket_.get(), sent)) {
    if (errno == EBADF) return system_error("hand a descriptor on", EBADF);
    socket_.reset();
    return has_ended();
  }
  reserve.reset();
  another.reset();
  const int answer = receive_answer(socket_.get());
  if (answer < -1) return end_unanswered();
  started.pidfd.reset(answer);
  started.pid = answer < 0 ? 0 : pid_behind(answer);
  if (answer < 0 || started.pid > 1) return started;
  syscall(SYS_pidfd_send_signal, answer, SIGKILL, nullptr, 0);
  reap(started);
  return system_error("tell what was started", errno, "/proc of this process's own pid namespace has to be there");
}

// It is dead when this looks: what it was asked for it has begun by now, or never will.
Diagnostic ReadySandbox::end_unanswered() {
  constexpr int kPatienceMs = 1000;
  socket_.reset();
  sandbox::kill_command(launched_);
  pollfd entry{.fd = launched_.pidfd.get(), .events = POLLIN, .revents = 0};
  const bool is_dead = poll(&entry, 1, kPatienceMs) == 1;
  const bool has_begun = launched_.preparation->report().current_step() != LaunchStep::ready;
  return is_dead && !has_begun ? has_ended() : was_interrupted();
}

Result<Started> ReadySandbox::call(int (*function)(void*), void* argument, const std::vector<int>& descriptors) {
  sandbox::ReadyRequest& request = arena_->request();
  request = {};
  request.function = function;
  request.argument = argument;
  CORDON_TRY(started, order(descriptors));
  if (started.pidfd) return std::move(started);
  return system_error("fork in the ready sandbox", launched_.preparation->report().error.load());
}

Result<Started> ReadySandbox::start(const ReadyStart& what) {
  std::vector<std::string> environment;
  if (what.environment)
    environment = *what.environment;
  else
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  if (!arena_->write(what, environment))
    return system_error("start " + what.path, E2BIG, "arguments and environment take more than 4 MiB");
  CORDON_TRY(started, order(what.descriptors));
  sandbox::FailedStep failed = sandbox::failed_step(*launched_.preparation);
  failed.path = what.path;
  failed.what = what.directory.value_or("");
  const bool has_failed = !started.pidfd || failed.error != 0;
  if (has_failed) {
    if (started.pidfd) reap(started);
    return sandbox::describe(failed);
  }
  // It has left the memory it shared: by its exec, or by a death it is still busy with.
  constexpr useconds_t kPauseUs = 50;
  bool has_run = false;
  while (!(has_run = sandbox::has_execed(started.pid)) && !has_ended_already(started)) usleep(kPauseUs);
  if (has_run) return std::move(started);
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(started.pidfd.get()), &info, WEXITED | __WALL);
  failed.ended_by_signal = info.si_code != CLD_EXITED;
  failed.status = info.si_status;
  return sandbox::describe_death(failed);
}

}  // namespace cordon
