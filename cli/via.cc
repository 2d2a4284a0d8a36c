#include "cli/via.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "cli/exit_status.h"
#include "cli/via_message.h"
#include "cordon/base/text.h"
#include "cordon/sandbox/signals.h"

namespace cordon::cli {
namespace {

std::string cure_of_connect(int error) {
  switch (error) {
    case EACCES:
      return "the socket is its server's user's alone, but for those of cordon serve --allow-uid; the directories "
             "above have to let you in";
    case ENOENT: return "cordon serve -p POLICY SOCKET is to run there";
    case ECONNREFUSED: return "nobody serves there (any more): cordon serve -p POLICY SOCKET";
    case EPROTOTYPE: return "it is no socket of cordon serve";
    default: return {};
  }
}

// A server of another user could do anything with what it is handed.
Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string what = "connect to '" + base::printable(path) + "'";
  if (path.size() >= sizeof address.sun_path) return system_error(what, ENAMETOOLONG, "a path of at most 107 bytes");
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("make a socket", errno);
  int result = 0;
  do result = connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  while (result != 0 && errno == EINTR);
  if (result != 0) return system_error(what, errno, cure_of_connect(errno));
  ucred server{};
  socklen_t size = sizeof server;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &server, &size) != 0)
    return system_error("ask who serves", errno);
  if (server.uid != geteuid() && server.uid != 0)
    return system_error("use the server of user " + std::to_string(server.uid), EPERM,
                        "it is not yours, nor root's: nothing is handed to it");
  return socket;
}

ViaCommand command_here(std::vector<std::string> argv) {
  ViaCommand command{.directory = {}, .argv = std::move(argv), .environment = {}, .descriptors = {}};
  if (char* directory = getcwd(nullptr, 0)) {
    command.directory = directory;
    free(directory);
  }
  for (char** entry = environ; *entry != nullptr; ++entry) command.environment.emplace_back(*entry);
  for (int fd = 0; fd < static_cast<int>(kMostDescriptors); ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    command.descriptors.push_back(flags >= 0 && (flags & FD_CLOEXEC) == 0 ? fd : -1);
  }
  return command;
}

struct Session {
  Fd socket, signals;

  void pass_on(int signal) const {
    const ViaSignal message{signal};
    (void)send(socket.get(), &message, sizeof message, MSG_NOSIGNAL);
  }

  // The command has a session of its own: it stops when it is told to, and so do we, for the shell.
  void handle_signal() const {
    signalfd_siginfo info{};
    if (read(signals.get(), &info, sizeof info) != sizeof info) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal != SIGTSTP) return pass_on(signal);
    pass_on(SIGSTOP);
    sandbox::stop_at_terminal();
    pass_on(SIGCONT);
  }

  int await_end(const OutputOptions& output) const {
    pollfd entries[] = {{socket.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
    for (;;) {
      if (poll(entries, 2, -1) < 0 && errno != EINTR) break;
      if ((entries[1].revents & POLLIN) != 0) handle_signal();
      if ((entries[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      ViaEnd end;
      // A server that has refused before it has read says that first, and then what it answered.
      ssize_t count = recv(socket.get(), &end, sizeof end, 0);
      if (count < 0 && errno == ECONNRESET) count = recv(socket.get(), &end, sizeof end, MSG_DONTWAIT);
      if (count != sizeof end) break;
      return status_of(end, output);
    }
    return fail(
        Result<Done>(system_error("follow the command", ECONNRESET, "the server has ended, and what it started"))
            .error(),
        output, kOwnFailure);
  }

  static int status_of(const ViaEnd& end, const OutputOptions& output) {
    if (end.kind == ViaEnd::Kind::exited) return end.status;
    if (end.kind == ViaEnd::Kind::signalled) {
      if (end.status == SIGSYS && !output.quiet)
        print_error(
            "cordon: note: the command was ended by SIGSYS, as a policy does; 'cordon run -p POLICY' explains\n");
      return 128 + end.status;
    }
    Diagnostic problem;
    problem.code = "serve";
    const size_t size = strnlen(end.text, sizeof end.text);
    problem.message.assign(end.text, size);
    if (size + 1 < sizeof end.text)
      problem.hint.assign(end.text + size + 1, strnlen(end.text + size + 1, sizeof end.text - size - 1));
    return fail(Result<Done>(std::move(problem)).error(), output, end.status);
  }
};

Fd signal_file(uint64_t signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal = 1; signal < 64; ++signal)
    if ((signals >> (signal - 1) & 1) != 0) sigaddset(&set, signal);
  return Fd(signalfd(-1, &set, SFD_CLOEXEC));
}

}  // namespace

int run_via(const std::string& socket, const CommandLine& line, const OutputOptions& output) {
  if (line.command().empty())
    return fail(usage_error("no command was given", "cordon run --via SOCKET -- COMMAND"), output, kOwnFailure);
  if (const auto other = line.other_than({"--via", "--quiet", "--color"}))
    return fail(usage_error("--via leaves no say to " + *other + ": the server has confined already",
                            "what confines is given to cordon serve; env(1) and timeout(1) can run cordon"),
                output, kOwnFailure);
  ViaCommand command = command_here(line.command());
  command.signal_mask = sandbox::current_signal_mask();
  command.umask = umask(0);
  umask(command.umask);
  uint64_t watched = sandbox::forwarded_signals() | uint64_t{1} << (SIGTSTP - 1) | uint64_t{1} << (SIGWINCH - 1);
  for (int signal = 1; signal < 64; ++signal) {
    struct sigaction action {};
    const bool is_ignored = sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (is_ignored) watched &= ~(uint64_t{1} << (signal - 1));
  }
  sandbox::set_signal_mask(command.signal_mask | watched);
  Result<Fd> connected = connect_to(socket);
  if (!connected) return fail(connected.error(), output, kOwnFailure);
  const Session session{.socket = std::move(*connected), .signals = signal_file(watched)};
  if (!session.signals)
    return fail(Result<Done>(system_error("watch for signals", errno)).error(), output, kOwnFailure);
  if (const int error = send_command(session.socket.get(), command); error != 0 && error != EPIPE) {
    const char* cure = error == E2BIG ? "arguments and environment take more than 2 MiB" : "";
    return fail(Result<Done>(system_error("hand the command to the server", error, cure)).error(), output, kOwnFailure);
  }
  return session.await_end(output);
}

}  // namespace cordon::cli
