#include "cordon/sandbox/ready_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "cordon/sandbox/raw_syscall.h"

namespace cordon::sandbox {
namespace {

constexpr uint64_t kSignalSetBytes = 8;

// Only the socket stays, and nothing it is sent ends this process but SIGKILL.
bool keep_only_control(const ReadyPlan& ready, LaunchReport& report) {
  if (ready.control != kReadyControl &&
      report.failed(raw_syscall(SYS_dup3, static_cast<uint64_t>(ready.control), kReadyControl, O_CLOEXEC, 0, 0)))
    return false;
  if (report.failed(raw_syscall(SYS_close_range, 0, kReadyControl - 1, 0, 0, 0)) ||
      report.failed(raw_syscall(SYS_close_range, kReadyControl + 1, ~0U, 0, 0, 0)))
    return false;
  if (ready.ends_with_thread && report.failed(raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))) return false;
  // What it starts could otherwise make it run what has no filter yet.
  if (report.failed(raw_syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0))) return false;
  constexpr uint64_t kAll = ~uint64_t{0};
  return !report.failed(raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, raw_pointer(&kAll), 0, kSignalSetBytes, 0));
}

// How many descriptors came; below 0: the other side has gone.
int receive() {
  char byte = 0;
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kReadyControl)];
  for (;;) {
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const long count = raw_syscall(SYS_recvmsg, kReadyControl, raw_pointer(&message), 0, 0, 0);
    if (count == -EINTR) continue;
    if (count <= 0) return -1;
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    return head == nullptr ? 0 : static_cast<int>((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  }
}

bool send(int fd) {
  char byte = 0;
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    *reinterpret_cast<int*>(CMSG_DATA(head)) = fd;
  }
  return raw_syscall(SYS_sendmsg, kReadyControl, raw_pointer(&message), MSG_NOSIGNAL, 0, 0) == 1;
}

bool prepare_new(const ChildPlan& plan, const ReadyRequest& request) {
  LaunchReport& report = *plan.report;
  for (unsigned fd = 0; fd < kReadyControl; ++fd)
    if ((request.closed >> fd & 1) != 0 && report.failed(raw_syscall(SYS_close, fd, 0, 0, 0, 0))) return false;
  report.enter(LaunchStep::session);
  if (request.has_own_session && report.failed(raw_syscall(SYS_setsid, 0, 0, 0, 0, 0))) return false;
  report.enter(LaunchStep::directory);
  if (request.directory != nullptr) {
    long entered = raw_syscall(SYS_chdir, raw_pointer(request.directory), 0, 0, 0, 0);
    if (entered < 0 && request.may_lack_directory) entered = raw_syscall(SYS_chdir, raw_pointer("/"), 0, 0, 0, 0);
    if (report.failed(entered)) return false;
  }
  if (request.has_umask) raw_syscall(SYS_umask, request.umask, 0, 0, 0, 0);
  report.enter(LaunchStep::signals);
  if (report.failed(
          raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, raw_pointer(&request.signal_mask), 0, kSignalSetBytes, 0)))
    return false;
  report.enter(LaunchStep::filter);
  return !plan.ready->attaches_late || install_filters(plan);
}

// Not noreturn, as those who call it: a sanitizer would look at a stack it does not know.
void leave(int status) {
  raw_syscall(SYS_exit_group, static_cast<uint64_t>(status), 0, 0, 0, 0);
  raw_trap();
}

int run_new(void* argument) {
  const ChildPlan& plan = *static_cast<const ChildPlan*>(argument);
  const ReadyRequest& request = *plan.ready->request;
  if (prepare_new(plan, request)) execute(plan, request.path, request.argv, request.shell_argv, request.environment);
  leave(127);
  return 0;
}

// Of the sandbox's own nothing is left to the function: it could ask for starts, or answer for them.
bool leave_sandbox(const ReadyPlan& ready) {
  bool is_apart = raw_syscall(SYS_close, kReadyControl, 0, 0, 0, 0) >= 0;
  for (const SharedMemory& shared : {ready.requests, ready.report})
    is_apart = is_apart && raw_syscall(SYS_munmap, raw_pointer(shared.memory), shared.size, 0, 0, 0) >= 0;
  return is_apart;
}

// In memory of its own; what both sides see belongs to the next request already.
void call_new(const ChildPlan& plan, const ReadyRequest& request) {
  constexpr int kFailed = 127;
  LaunchReport report;
  ChildPlan own = plan;
  own.report = &report;
  leave(leave_sandbox(*plan.ready) && prepare_new(own, request) ? request.function(request.argument) & 0xff : kFailed);
}

// A pidfd, or -errno.
long start(const ChildPlan& plan) {
  const ReadyPlan& ready = *plan.ready;
  int pidfd = -1;
  long pid = 0;
  const ReadyRequest request = *ready.request;
  if (request.function != nullptr) {
    pid = raw_syscall(SYS_clone, kReadyForkFlags, 0, raw_pointer(&pidfd), 0, 0);
    if (pid == 0) call_new(plan, request);
  } else {
    // libc's; it touches nothing but the stack it is given.
    pid = clone(run_new, ready.stack_top, ready.clone_flags, const_cast<ChildPlan*>(&plan), &pidfd);
    if (pid < 0) pid = -EAGAIN;
  }
  return pid < 0 ? pid : pidfd;
}

}  // namespace

void serve_starts(const ChildPlan& plan) {
  LaunchReport& report = *plan.report;
  report.enter(LaunchStep::ready);
  if (!keep_only_control(*plan.ready, report)) return;
  if (!plan.ready->attaches_late) {
    report.enter(LaunchStep::filter);
    if (!install_filters(plan)) return;
  }
  send(-1);
  for (;;) {
    const int count = receive();
    if (count < 0) return;
    report.error.store(0);
    report.enter(LaunchStep::start);
    const long pidfd = count == plan.ready->request->descriptor_count ? start(plan) : -EMFILE;
    report.failed(pidfd);
    const bool is_told = send(static_cast<int>(pidfd));
    if (pidfd >= 0) raw_syscall(SYS_close, static_cast<uint64_t>(pidfd), 0, 0, 0, 0);
    for (int fd = 0; fd < count; ++fd) raw_syscall(SYS_close, static_cast<uint64_t>(fd), 0, 0, 0, 0);
    if (!is_told) return;
  }
}

}  // namespace cordon::sandbox
