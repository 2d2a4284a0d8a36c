#include "cordon/sandbox/approach.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "cordon/sandbox/injection.h"
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

// Where no signal may be sent, by the tracer. False: it goes on.
bool end_task(pid_t pid) { return kill(pid, SIGKILL) == 0 || errno == ESRCH || Tracee(pid).end(); }

}  // namespace

// The next thing that has happened to any task; false if there is nothing. A tracee that cannot be waited
// for counts as gone: the caller sees that it is still there. A stopped one is looked at too: it may be killed,
// and the first thread may be replaced by another that executes a program.
bool Approach::look(TaskStop& found) {
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    pid_t tid = task->first;
    bool is_leader = tid == options_.command;
    siginfo_t info{};
    int result = waitid(P_PID, static_cast<id_t>(tid), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
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
      tasks_[found.tid] = {.is_stopped = true, .is_in_call = true, .signal = 0};
      event.kind = Kind::new_process;
      return true;
    }
  }
  if (found.stop.kind == Stop::Kind::event && found.stop.event == PTRACE_EVENT_EXEC) {
    tasks_[found.tid] = {.is_stopped = true, .is_in_call = true, .signal = 0};
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
    // Who stops the command alone continues it alone.
    bool is_of_the_job = found.stop.signal != SIGSTOP;
    if (is_leader && is_of_the_job && options_.pidfd >= 0 && stop_at_terminal() && is_stopped(found.tid))
      syscall(SYS_pidfd_send_signal, options_.pidfd, SIGCONT, nullptr, 0);
    return false;
  }
  tracee.resume(found.stop.kind == Stop::Kind::signal ? found.stop.signal : 0);
  return false;
}

Approach::Approach(Options options) : options_(options) { tasks_[options.command].is_stopped = true; }

Approach::Event Approach::next() {
  tasks_[options_.command] = {};
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
  if (signal <= 0) find_threads();
  // A terminal sends to its whole foreground group: the command has got it too.
  if (signal <= 0 || signal == SIGCHLD || info.si_code == SI_KERNEL) return;
  syscall(SYS_pidfd_send_signal, options_.pidfd, static_cast<int>(signal), nullptr, 0);
}

// A thread whose creator was killed before it could tell of it: nobody else would ever take its end.
void Approach::find_threads() {
  for (pid_t tid : threads_of(options_.command)) tasks_.try_emplace(tid);
}

// While everything is being held, any stop will do. A value: the command is no longer what it was.
std::optional<Approach::Held> Approach::note_held(const TaskStop& found) {
  bool is_leader = found.tid == options_.command;
  if (found.stop.kind == Stop::Kind::gone) return is_leader ? std::optional(Held::ended) : std::nullopt;
  bool is_exec = found.stop.kind == Stop::Kind::event && found.stop.event == PTRACE_EVENT_EXEC;
  bool is_stop_request = found.stop.kind == Stop::Kind::event && found.stop.event == PTRACE_EVENT_STOP;
  tasks_[found.tid] = {.is_stopped = true,
                       .is_in_call = found.stop.kind == Stop::Kind::event && !is_stop_request,
                       .signal = found.stop.kind == Stop::Kind::signal ? found.stop.signal : 0};
  if (is_birth(found.stop)) note_birth(found.tid);
  return is_exec ? std::optional(Held::executed) : std::nullopt;
}

Approach::Held Approach::hold_threads() {
  constexpr useconds_t kPauseUs = 200;
  constexpr int kTries = 10000;  // two seconds
  for (int tries = 0; tries < kTries;) {
    bool all_stand = true;
    for (const auto& [tid, task] : tasks_) {
      if (task.is_stopped) continue;
      all_stand = false;
      ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
    }
    TaskStop found;
    if (look(found)) {
      if (std::optional<Held> changed = note_held(found)) return *changed;
      continue;
    }
    if (all_stand) {
      size_t before = tasks_.size();
      find_threads();
      bool nothing_new = !look(found);  // and those that nobody traces are out again
      if (nothing_new && tasks_.size() == before) return processes_.empty() ? Held::all : Held::new_process;
      if (std::optional<Held> changed = nothing_new ? std::nullopt : note_held(found)) return *changed;
    }
    ++tries;
    usleep(kPauseUs);
  }
  return Held::busy;
}

void Approach::let_threads_go() {
  for (const auto& [tid, task] : tasks_)
    if (tid != options_.command)
      ptrace(PTRACE_DETACH, tid, nullptr, reinterpret_cast<void*>(static_cast<uint64_t>(task.signal)));
  tasks_ = {{options_.command, Task{.is_stopped = true, .signal = 0}}};
}

// Until the first thread is gone: while a thread's end is not taken, its process has none. False: the first
// thread has come back from the call it was to leave by.
bool Approach::take_ends() {
  constexpr useconds_t kPauseUs = 200;
  constexpr int kTries = 10000;
  int calls = 0;
  for (int tries = 0; tries < kTries; ++tries) {
    TaskStop found;
    while (look(found)) {
      bool is_leader = found.tid == options_.command;
      if (is_leader && found.stop.kind == Stop::Kind::gone) return true;
      if (is_leader && found.stop.kind == Stop::Kind::syscall && ++calls == 2) return false;
      is_leader ? Tracee(found.tid).resume_to_syscall(0) : Tracee(found.tid).resume(0);
    }
    find_threads();
    usleep(kPauseUs);
  }
  return false;
}

void Approach::end_all() {
  for (pid_t pid : processes_)
    if (end_task(pid)) take_end(pid);
  processes_.clear();
}

void Approach::abandon() {
  (void)hold_threads();
  end_all();
  if (end_task(options_.command)) (void)take_ends();
  tasks_.clear();
}

// To where a call can be injected: out of the one it is in.
bool Approach::leave_call() {
  constexpr int kStops = 8;
  for (int i = 0; i < kStops; ++i) {
    leader().resume_to_syscall(0);
    Stop stop = leader().wait();
    if (stop.kind == Stop::Kind::gone) return false;
    if (stop.kind == Stop::Kind::syscall) return true;
  }
  return false;
}

void Approach::abandon_with(int status) {
  Held held = hold_threads();
  end_all();
  const Task& task = tasks_[options_.command];
  bool can_leave = held != Held::ended && held != Held::busy && task.is_stopped && (!task.is_in_call || leave_call());
  if (can_leave) {
    auto injection = Injection::begin(leader());
    can_leave = injection && injection->leave(status) && take_ends();
  }
  // What cannot be ended is by its tracer's end (PTRACE_O_EXITKILL).
  const bool is_ending = can_leave || end_task(options_.command);
  if (is_ending && !can_leave) (void)take_ends();
  if (is_ending) take_end(options_.command);
  tasks_.clear();
}

}  // namespace cordon::sandbox
