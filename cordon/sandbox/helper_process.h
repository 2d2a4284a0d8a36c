// A program that serves cordon through its standard input and output, beside a command.
//
//   Result<HelperProcess> helper = HelperProcess::start("./handler.py");
//   write(helper->input(), …); read(helper->output(), …);
//
// It has nothing open but its three standard streams (standard error is the caller's), gets no signal of the caller's
// terminal (a process group of its own), and SIGTERM if the thread that has started it ends. No filter of the command
// is on it: it is started before there is one.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"

namespace cordon::sandbox {

class HelperProcess {
 public:
  // A name without a slash is looked up in PATH. To be called while the process has one thread. An error where the
  // program cannot be executed.
  static Result<HelperProcess> start(const std::string& program);
  // The same for work of our own in a child process, which cannot be traced; what it gives is the child's exit status.
  static Result<HelperProcess> start(const std::function<int()>& work);
  HelperProcess(HelperProcess&& other) noexcept;
  HelperProcess& operator=(HelperProcess&&) = delete;
  ~HelperProcess() { end(); }

  // They do not block, are closed on exec, and above the standard streams. -1 after end().
  int input() const { return input_.get(); }
  int output() const { return output_.get(); }

  // Closes both; waits a second for its end, then ends it and its process group by SIGKILL.
  void end();
  // In a child of fork(2): forgets all of it, which stays the parent's.
  void leave();
  // How it ended: "status 3", "signal 9"; empty as long as it lives.
  std::string ending();

 private:
  HelperProcess() = default;
  static Result<HelperProcess> fork_off(const std::string& name, const std::function<void()>& body);

  Fd input_, output_;
  Fd pidfd_;
  pid_t pid_ = 0;  // 0: was reaped
  int status_ = 0;
};

}  // namespace cordon::sandbox
