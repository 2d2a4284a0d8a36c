#include "cli/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cordon/base/text.h"
#include "cordon/sandbox/find_program.h"
#include "cordon/sandbox/signals.h"

namespace cordon::cli {
namespace {

constexpr int kBacklog = 128;

Fd make_socket() { return Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); }

// A file that a server has left which is not there any more.
bool is_abandoned(const sockaddr_un& address) {
  struct stat status {};
  if (lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != geteuid()) return false;
  const Fd probe = make_socket();
  return probe && connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

void send_end(int socket, const ViaEnd& end) { (void)send(socket, &end, sizeof end, MSG_NOSIGNAL | MSG_DONTWAIT); }

Fd watch_for_end() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return Fd(signalfd(-1, &set, SFD_CLOEXEC));
}

// From the terminal the whole group gets it.
bool is_for_group(int signal) {
  constexpr int kOfTerminals[] = {SIGINT, SIGQUIT, SIGHUP, SIGSTOP, SIGCONT, SIGWINCH};
  return std::ranges::find(kOfTerminals, signal) != std::end(kOfTerminals);
}

// It leads a group of its own, and was not reaped: the number is its own still.
void signal_group(const Started& command, int signal) {
  if (command.pid > 1) kill(-command.pid, signal);
}

}  // namespace

Result<Fd> listen_at(const std::string& path, bool is_shared) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string what = "listen at '" + base::printable(path) + "'";
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return system_error(what, ENAMETOOLONG, "a path of 1 to 107 bytes");
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd made = make_socket();
  if (!made) return system_error("make a socket", errno);
  // It is never open to more than it should be, not for a moment.
  const mode_t mask = umask(is_shared ? 0111 : 0177);
  const auto try_bind = [&] { return bind(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address); };
  int result = try_bind();
  if (result != 0 && errno == EADDRINUSE && is_abandoned(address) && unlink(address.sun_path) == 0) result = try_bind();
  const int error = errno;
  umask(mask);
  if (result != 0)
    return system_error(what, error, error == EADDRINUSE ? "another server is there, or another file" : "");
  if (listen(made.get(), kBacklog) != 0) return system_error(what, errno);
  return made;
}

Result<Server> Server::make(ServerOptions options) {
  Server server(std::move(options));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // A socket and a pidfd each, and what a request brings along.
  constexpr rlim_t kOwn = 64, kMost = 10000;
  server.most_clients_ = limit.rlim_cur > kOwn ? std::min(limit.rlim_cur - kOwn, kMost) / 2 : 1;
  CORDON_TRY(ready, ReadySandbox::make(server.options_.spec, true));
  server.sandbox_.emplace(std::move(ready));
  return server;
}

bool Server::may_ask(int socket) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || std::ranges::find(options_.users, peer.uid) != options_.users.end();
}

void Server::refuse(Client& client, const Diagnostics& problems) {
  ViaEnd end;
  end.status = launch_failure_status(problems);
  const Diagnostic& first = *problems.begin();
  const std::string text = first.message.substr(0, 500) + '\0' + first.hint.substr(0, 400);
  memcpy(end.text, text.data(), text.size());
  send_end(client.socket.get(), end);
  client.is_over = true;
}

void Server::accept_one() {
  Fd accepted(accept4(options_.listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted) {
    constexpr useconds_t kPauseUs = 10000;  // no descriptor, or no memory: not again at once
    usleep(kPauseUs);
    return;
  }
  const bool is_allowed = may_ask(accepted.get());
  clients_.push_back({.socket = std::move(accepted)});
  if (!is_allowed)
    refuse(clients_.back(),
           Result<Done>(system_error("serve another user", EPERM, "--allow-uid of cordon serve")).error());
}

Result<Started> Server::start_command(const ViaCommand& command) {
  sandbox::ProgramSearch search = sandbox::search_of(options_.spec.setup);
  search.path.reset();
  for (const std::string& entry : command.environment)
    if (entry.starts_with("PATH=")) search.path = entry.substr(5);
  const bool has_directory = options_.spec.setup.directory.has_value();
  if (!has_directory) search.directory = command.directory;
  CORDON_TRY(path, sandbox::find_program(command.argv.front(), search));
  ReadyStart what{.path = path,
                  .argv = command.argv,
                  .environment = command.environment,
                  .directory = command.directory,
                  .may_lack_directory = !options_.spec.setup.namespaces.mounts.empty(),
                  .descriptors = command.descriptors,
                  .signal_mask = command.signal_mask,
                  .has_own_session = true,
                  .umask = command.umask | options_.spec.setup.umask.value_or(0)};
  if (has_directory) what.directory.reset();
  return sandbox_->start(what);
}

void Server::start(Client& client) {
  Result<ReceivedCommand> received = receive_command(client.socket.get());
  if (!received) return refuse(client, received.error());
  Result<Started> started = start_command(received->command);
  if (!started && started.error().begin()->code == "sandbox-ended" && renew())
    started = start_command(received->command);
  if (!started) return refuse(client, started.error());
  client.command = std::move(*started);
}

void Server::take_end(Client& client) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(client.command.pidfd.get()), &info, WEXITED | WNOHANG | __WALL) != 0 ||
      info.si_pid == 0)
    return;
  const bool has_exited = info.si_code == CLD_EXITED;
  send_end(client.socket.get(),
           {.kind = has_exited ? ViaEnd::Kind::exited : ViaEnd::Kind::signalled, .status = info.si_status});
  client.command = {};
  client.is_over = true;
}

// A request, or a signal; or who asked has gone, and with it what it asked for.
void Server::hear(Client& client) {
  if (!client.command.pidfd) return start(client);
  ViaSignal message;
  const ssize_t count = recv(client.socket.get(), &message, sizeof message, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    signal_group(client.command, SIGKILL);
    client.socket.reset();
    return;
  }
  if (count != sizeof message || message.signal < 1 || message.signal > SIGRTMAX) return;
  if (is_for_group(message.signal))
    signal_group(client.command, message.signal);
  else
    syscall(SYS_pidfd_send_signal, client.command.pidfd.get(), message.signal, nullptr, 0);
}

void Server::end_all() {
  for (const Client& client : clients_) signal_group(client.command, SIGKILL);
  for (Client& client : clients_)
    if (client.command.pidfd) {
      pollfd entry{client.command.pidfd.get(), POLLIN, 0};
      constexpr int kPatienceMs = 2000;
      (void)poll(&entry, 1, kPatienceMs);
      take_end(client);
    }
}

// Children that nobody was told of: the waiting process was ended before it could say what it has started.
void Server::end_strays(int wait_options) {
  const std::string self = std::to_string(getpid());
  std::ifstream list("/proc/" + self + "/task/" + self + "/children");
  for (pid_t pid = 0; list >> pid;) {
    const auto is_its = [&](const Client& client) { return client.command.pid == pid; };
    if (pid <= 1 || std::ranges::any_of(clients_, is_its)) continue;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, wait_options);
  }
}

// Something has ended the waiting process, and may do so again; what runs goes on, if it was not in its pid namespace.
bool Server::renew() {
  constexpr int kTries = 20;
  constexpr useconds_t kPauseUs = 50000, kEndPauseUs = 500;
  while (!sandbox_->end()) {
    for (Client& client : clients_) take_end(client);
    end_strays(__WALL | WNOHANG);
    usleep(kEndPauseUs);
  }
  end_strays(__WALL);
  for (int tries = 0; tries < kTries; ++tries) {
    if (Result<ReadySandbox> again = ReadySandbox::make(options_.spec, true)) {
      sandbox_.emplace(std::move(*again));
      return true;
    }
    usleep(kPauseUs);
  }
  return false;
}

int Server::serve(const OutputOptions& output) {
  const Fd signals = watch_for_end();
  if (!signals) return fail(Result<Done>(system_error("watch for signals", errno)).error(), output, kRefused);
  std::vector<pollfd> entries;
  std::vector<size_t> whose;  // index of the client, of each entry after the first three
  for (;;) {
    if (sandbox_->socket() < 0 && !renew()) break;
    const bool is_full = clients_.size() >= most_clients_;
    entries = {{signals.get(), POLLIN, 0},
               {sandbox_->socket(), POLLIN, 0},
               {is_full ? -1 : options_.listening.get(), POLLIN, 0}};
    whose.clear();
    for (size_t i = 0; i < clients_.size(); ++i)
      for (int fd : {clients_[i].socket.get(), clients_[i].command.pidfd.get()}) {
        if (fd < 0) continue;
        entries.push_back({fd, POLLIN, 0});
        whose.push_back(i);
      }
    if (poll(entries.data(), entries.size(), -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (entries[0].revents != 0) {
      end_all();
      return kDone;
    }
    if (entries[1].revents != 0 && !renew()) break;
    for (size_t i = 0; i < whose.size(); ++i) {
      if (entries[3 + i].revents == 0) continue;
      Client& client = clients_[whose[i]];
      if (client.command.pidfd && entries[3 + i].fd == client.command.pidfd.get())
        take_end(client);
      else if (!client.is_over && entries[3 + i].fd == client.socket.get())
        hear(client);
    }
    if (entries[2].revents != 0) accept_one();
    std::erase_if(clients_,
                  [](const Client& client) { return client.is_over || (!client.socket && !client.command.pidfd); });
  }
  const int error = errno;
  end_all();
  return fail(
      Result<Done>(system_error("keep the sandbox ready", error, "something ends its process again and again")).error(),
      output, kRefused);
}

}  // namespace cordon::cli
