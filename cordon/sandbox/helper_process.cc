#include "cordon/sandbox/helper_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

constexpr int kPatienceMs = 1000;
constexpr int kFirst = STDERR_FILENO + 1;

struct Pipe {
  Fd read_end, write_end;
};

// Above the standard streams, of which some may be closed.
bool open_pipe(Pipe& made) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const Fd low_read(ends[0]), low_write(ends[1]);
  made.read_end.reset(fcntl(low_read.get(), F_DUPFD_CLOEXEC, kFirst));
  made.write_end.reset(fcntl(low_write.get(), F_DUPFD_CLOEXEC, kFirst));
  return made.read_end && made.write_end;
}

void close_all_on_exec() {
  constexpr unsigned kCloexec = 1u << 2;  // CLOSE_RANGE_CLOEXEC
  if (syscall(SYS_close_range, static_cast<unsigned>(kFirst), ~0U, kCloexec) == 0) return;
  for (int fd : own_descriptors())
    if (fd >= kFirst) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void close_all() {
  if (syscall(SYS_close_range, static_cast<unsigned>(kFirst), ~0U, 0) == 0) return;
  for (int fd : own_descriptors())
    if (fd >= kFirst) close(fd);
}

void become_helper(const Pipe& input, const Pipe& output, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  dup2(input.read_end.get(), STDIN_FILENO);
  dup2(output.write_end.get(), STDOUT_FILENO);
}

const char* cure_of(int error) {
  switch (error) {
    case ENOENT: return "a path, or a name that PATH leads to; of a script, its interpreter has to be there too";
    case EACCES: return "it must be a regular file with execute permission (chmod +x)";
    case ENOEXEC: return "a script begins with #! and its interpreter";
    default: return "";
  }
}

}  // namespace

HelperProcess::HelperProcess(HelperProcess&& other) noexcept
    : input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      pidfd_(std::move(other.pidfd_)),
      pid_(std::exchange(other.pid_, 0)),
      status_(other.status_) {}

Result<HelperProcess> HelperProcess::fork_off(const std::string& name, const std::function<void()>& body) {
  Pipe input, output;
  if (!open_pipe(input) || !open_pipe(output)) return system_error("make a pipe", errno);
  const pid_t self = getpid();
  const pid_t pid = fork();
  if (pid < 0) return system_error("make a process for '" + name + "'", errno);
  if (pid == 0) {
    become_helper(input, output, self);
    body();
    _exit(127);
  }
  setpgid(pid, pid);
  HelperProcess made;
  made.pid_ = pid;
  made.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  made.input_ = std::move(input.write_end);
  made.output_ = std::move(output.read_end);
  fcntl(made.input_.get(), F_SETFL, O_NONBLOCK);
  fcntl(made.output_.get(), F_SETFL, O_NONBLOCK);
  return made;
}

Result<HelperProcess> HelperProcess::start(const std::string& program) {
  Pipe failure;
  if (!open_pipe(failure)) return system_error("make a pipe", errno);
  Result<HelperProcess> made = fork_off(program, [&] {
    close_all_on_exec();
    char* argv[] = {const_cast<char*>(program.c_str()), nullptr};
    execvp(program.c_str(), argv);
    const int error = errno;
    if (write(failure.write_end.get(), &error, sizeof error) < 0) _exit(127);
  });
  if (!made) return made;
  failure.write_end.reset();
  int error = 0;
  ssize_t got = 0;
  do got = read(failure.read_end.get(), &error, sizeof error);
  while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof error))
    return system_error("execute '" + program + "'", error, cure_of(error));
  return made;
}

Result<HelperProcess> HelperProcess::start(const std::function<int()>& work) {
  return fork_off("a helper", [&] {
    // As the supervisor: who could look into it, could answer in its place.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    close_all();
    _exit(work());
  });
}

std::string HelperProcess::ending() {
  if (pid_ > 0) {
    // Its output ends a moment before it does.
    constexpr int kMomentMs = 200;
    pollfd entry{pidfd_.get(), POLLIN, 0};
    poll(&entry, 1, kMomentMs);
    if (waitpid(pid_, &status_, WNOHANG) != pid_) return {};
    pid_ = 0;
  }
  return WIFSIGNALED(status_) ? "signal " + std::to_string(WTERMSIG(status_))
                              : "status " + std::to_string(WEXITSTATUS(status_));
}

void HelperProcess::leave() {
  pid_ = 0;
  // The numbers may be others' already, where a child has closed all it did not need.
  (void)input_.release();
  (void)output_.release();
  (void)pidfd_.release();
}

void HelperProcess::end() {
  input_.reset();
  output_.reset();
  if (pid_ <= 0) return;
  pollfd entry{pidfd_.get(), POLLIN, 0};
  int ready = 0;
  do ready = pidfd_ ? poll(&entry, 1, kPatienceMs) : 0;
  while (ready < 0 && errno == EINTR);
  // Not reaped yet, so both numbers are its own.
  if (ready <= 0)
    for (pid_t which : {pid_, -pid_}) kill(which, SIGKILL);
  while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace cordon::sandbox
