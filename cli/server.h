// Answers `run --via`: each command is started in a ready sandbox, watched, and its end told to who asked.
//
//   Server server({.listening = std::move(*socket), .spec = spec, .users = {1000}});
//   return server.serve(output);                   // until SIGTERM, SIGINT or SIGHUP
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/via_message.h"
#include "cordon/sandbox/ready.h"

namespace cordon::cli {

// A socket that is listened at, its file owned by this process. Others than its user can connect if `is_shared`.
Result<Fd> listen_at(const std::string& path, bool is_shared);

struct ServerOptions {
  Fd listening;
  LaunchSpec spec;
  std::vector<uid_t> users = {};  // who may ask, beside this process's own user
};

class Server {
 public:
  // Errors where the sandbox cannot be made.
  static Result<Server> make(ServerOptions options);

  const ReadySandbox& sandbox() const { return *sandbox_; }

  // The status to end with.
  int serve(const OutputOptions& output);

 private:
  // One who asks, and what runs for it.
  struct Client {
    Fd socket;
    Started command = {};
    bool is_over = false;
  };

  explicit Server(ServerOptions options) : options_(std::move(options)) {}
  void accept_one();
  void hear(Client& client);
  void start(Client& client);
  Result<Started> start_command(const ViaCommand& command);
  void take_end(Client& client);
  void refuse(Client& client, const Diagnostics& problems);
  bool may_ask(int socket) const;
  void end_all();
  void end_strays(int wait_options);
  bool renew();

  ServerOptions options_;
  std::optional<ReadySandbox> sandbox_;
  std::vector<Client> clients_;
  size_t most_clients_ = 0;  // who comes after them waits
};

}  // namespace cordon::cli
