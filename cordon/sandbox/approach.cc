#include "cordon/sandbox/approach.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/signals.h"

namespace cordon::sandbox {
namespace {

bool is_birth(const Stop& stop) {
  return stop.kind == Stop::Kind::event &&
         (stop.event == PTRACE_EVENT_FORK || stop.event == PTRACE_EVENT_VFORK || stop.event == PTRACE_EVENT_CLONE);
}

bool is_end(const siginfo_t& info) {
  return info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
}

// A traced task that is no child of ours, or a thread: its tracer has to take its end.
void take_end(pid_t tid) {
  int status = 0;
  for (;;) {
    pid_t result = waitpid(tid, &status, __WALL);
    if (result < 0 && errno == EINTR) continue;
    if (result != tid || !WIFSTOPPED(status)) return;
    Tracee(tid).resume(0);
  }
}

}  // namespace

// The next thing that has happened to any task; false if there is nothing. A tracee that cannot be waited
// for counts as gone: the caller sees that it is still there.
bool Approach::look(TaskStop& found) {
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    pid_t tid = task->first;
    bool is_leader = tid == options_.command;
    siginfo_t info{};
    int result = task->second.is_stopped
                     ? 0
                     : waitid(P_PID, static_cast<id_t>(tid), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
    bool failed = result != 0 && errno != EINTR;
    if (is_leader && (failed || is_end(info))) {
      found = {tid, {}};
      return true;
    }
    if (failed || is_end(info)) {
      if (!failed) take_end(tid);
      task = tasks_.erase(task);
      continue;
    }
    ++task;
    if (result != 0 || info.si_pid == 0) continue;
    int status = 0;
    found = {tid, {}};
    if (waitpid(tid, &status, __WALL | WNOHANG | WUNTRACED) == tid) found.stop = Stop::from_status(status);
    return true;
  }
  return false;
}

void Approach::note_birth(pid_t parent) {
  auto born = static_cast<pid_t>(Tracee(parent).event_message());
  if (born <= 1) return;
  if (thread_group(born) == options_.command)
    tasks_[born] = {};
  else
    processes_.push_back(born);
}

// True: the caller has to know.
bool Approach::handle(const TaskStop& found, Event& event) {
  Tracee tracee(found.tid);
  bool is_leader = found.tid == options_.command;
  if (found.stop.kind == Stop::Kind::gone) {
    event.kind = Kind::ended;
    return true;
  }
  if (is_birth(found.stop)) {
    note_birth(found.tid);
    if (!processes_.empty()) {
      tasks_[found.tid].is_stopped = true;
      event.kind = Kind::new_process;
      return true;
    }
  }
  if (found.stop.kind == Stop::Kind::event && found.stop.event == PTRACE_EVENT_EXEC) {
    tasks_[found.tid].is_stopped = true;
    event.kind = Kind::executed;
    return true;
  }
  if (found.stop.kind == Stop::Kind::signal && is_leader) {
    tasks_[found.tid].is_stopped = true;
    event = {Kind::signal, found.stop.signal};
    return true;
  }
  if (found.stop.kind == Stop::Kind::group) {
    tracee.stay_stopped();
    if (is_leader && options_.pidfd >= 0 && stop_at_terminal() && is_stopped(found.tid))
      syscall(SYS_pidfd_send_signal, options_.pidfd, SIGCONT, nullptr, 0);
    return false;
  }
  tracee.resume(found.stop.kind == Stop::Kind::signal ? found.stop.signal : 0);
  return false;
}

Approach::Approach(Options options) : options_(options) { tasks_[options.command].is_stopped = true; }

Approach::Event Approach::next() {
  tasks_[options_.command].is_stopped = false;
  for (;;) {
    TaskStop found;
    Event event;
    if (!look(found))
      wait_for_change();
    else if (handle(found, event))
      return event;
  }
}

// SIGCHLD says that there is something to see, but may go to another thread of the caller.
void Approach::wait_for_change() {
  constexpr timespec kPatience{.tv_sec = 0, .tv_nsec = 10'000'000};
  constexpr useconds_t kPauseUs = 500;
  bool passes_on = options_.pidfd >= 0;
  uint64_t wanted = passes_on ? forwarded_signals() : 0;
  wanted |= uint64_t{1} << (SIGCHLD - 1);
  siginfo_t info{};
  long signal = syscall(SYS_rt_sigtimedwait, &wanted, &info, &kPatience, sizeof wanted);
  if (signal < 0 && errno != EAGAIN && errno != EINTR) usleep(kPauseUs);
  // A terminal sends to its whole foreground group: the command has got it too.
  if (signal <= 0 || signal == SIGCHLD || info.si_code == SI_KERNEL) return;
  syscall(SYS_pidfd_send_signal, options_.pidfd, static_cast<int>(signal), nullptr, 0);
}

// Any stop will do: nothing of the task runs any more.
void Approach::hold(pid_t tid) {
  ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
  Tracee tracee(tid);
  Stop stop = tracee.wait();
  if (stop.kind == Stop::Kind::gone) {
    if (tid != options_.command) take_end(tid);
    tasks_.erase(tid);
    return;
  }
  tasks_[tid] = {.is_stopped = true, .signal = stop.kind == Stop::Kind::signal ? stop.signal : 0};
  if (is_birth(stop)) note_birth(tid);
}

void Approach::hold_all() {
  // Again and again: each may have started another one.
  auto runs = [](const auto& entry) { return !entry.second.is_stopped; };
  for (auto task = tasks_.begin(); (task = std::find_if(tasks_.begin(), tasks_.end(), runs)) != tasks_.end();)
    hold(task->first);
}

bool Approach::hold_threads() {
  hold_all();
  return processes_.empty();
}

void Approach::let_threads_go() {
  for (const auto& [tid, task] : tasks_)
    if (tid != options_.command)
      ptrace(PTRACE_DETACH, tid, nullptr, reinterpret_cast<void*>(static_cast<uint64_t>(task.signal)));
  tasks_ = {{options_.command, Task{.is_stopped = true, .signal = 0}}};
}

void Approach::abandon() {
  hold_all();
  for (pid_t pid : processes_) {
    kill(pid, SIGKILL);
    take_end(pid);
  }
  processes_.clear();
  kill(options_.command, SIGKILL);
  for (const auto& [tid, task] : tasks_)
    if (tid != options_.command) take_end(tid);
  tasks_.clear();
}

}  // namespace cordon::sandbox
