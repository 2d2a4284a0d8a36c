// What `run` does with calls that a `notify` rule names: --on-notify, --listener-socket and their like.
//
//   CORDON_TRY(who, on_notify("deny=EACCES"));
//   who.kind == OnNotify::Kind::deny, who.error == EACCES
#pragma once

#include <cerrno>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "cli/emulate_options.h"
#include "cli/notify_handler.h"
#include "cordon/base/result.h"

namespace cordon::cli {

// As typed.
struct NotifyOptions {
  std::optional<std::string> on_notify;
  std::optional<double> timeout_s;  // of a program 30, of a person none
  std::string rules_path;
  EmulateOptions emulating;

  std::optional<unsigned> listener_fd;
  std::optional<std::string> listener_socket, listener_metadata;

  bool any() const {
    return on_notify || emulating.any() || timeout_s || listener_fd || listener_socket || !rules_path.empty();
  }
  // Of one that was given.
  std::string name() const;
};

struct OnNotify {
  enum class Kind {
    nobody,  // as the kernel answers where nobody listens: ENOSYS
    allow,
    deny,
    program,   // a handler process
    ask,       // the person at the terminal, by a handler process too
    elsewhere  // who is given the listener
  };
  Kind kind = Kind::nobody;
  int error = EPERM;  // deny: what a call gets
  HandlerOptions handler = {};
  Emulation emulation = {};            // what cordon does itself; for the rest `kind` counts
  std::string option = "--on-notify";  // that says so
  // elsewhere: a connected socket's number, or where to connect to.
  std::optional<int> peer = {};
  std::string peer_path = {}, metadata = {};

  bool answers() const { return kind != Kind::nobody; }
  bool is_elsewhere() const { return kind == Kind::elsewhere; }
  bool has_handler() const { return kind == Kind::program || kind == Kind::ask; }
  bool may_allow() const { return answers() && kind != Kind::deny; }  // without acting itself
};

void add_notify_options(CommandLine& app, NotifyOptions& options);

// Errors for words that are none of those.
Result<OnNotify> on_notify(const NotifyOptions& options);

// "EPERM" or "1": 1 to 4095, on this machine. None: it is no errno.
std::optional<int> find_errno(const std::string& text);

}  // namespace cordon::cli
