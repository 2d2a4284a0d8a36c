#include "cli/on_notify.h"

#include <charconv>

#include "cli/output.h"
#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/formats/nearest_errno.h"

namespace cordon::cli {
namespace {

constexpr int kMaxErrno = 4095;

Diagnostics no_such_way(const std::string& word) {
  return usage_error("--on-notify cannot be '" + base::printable(word) + "'",
                     "ask, allow, deny, deny=ERRNO or exec:PROGRAM");
}

}  // namespace

std::optional<int> find_errno(const std::string& text) {
  if (const auto number = abi::errno_number(text, abi::native_arch())) return *number;
  int number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  const bool is_errno = error == std::errc() && end == last && number >= 1 && number <= kMaxErrno;
  return is_errno ? std::optional(number) : std::nullopt;
}

void add_notify_options(CommandLine& app, NotifyOptions& options) {
  app.add_option("--on-notify", options.on_notify,
                 "who answers calls that a notify rule names: ask, allow, deny (EPERM), deny=ERRNO or exec:PROGRAM")
      ->type_name("ANSWER");
  app.add_option("--listener-socket", options.listener_socket,
                 "hand the listener over to who listens at this UNIX socket, as OCI runtimes do")
      ->type_name("PATH");
  app.add_option("--listener-fd", options.listener_fd, "the same over a UNIX socket that is open as descriptor N")
      ->type_name("N")
      ->check(in_range(3, 1 << 30));
  app.add_option("--listener-metadata", options.listener_metadata, "told along with it")->type_name("TEXT");
  constexpr double kShortest = 0.001, kLongest = 1e6;
  app.add_option("--notify-timeout", options.timeout_s,
                 "how long one call may wait for its answer (exec: 30; ask: no limit)")
      ->type_name("SECONDS")
      ->check(in_range(kShortest, kLongest));
  app.add_option("--notify-rules", options.rules_path, "where --on-notify ask writes what is always or never allowed")
      ->type_name("FILE");
  add_emulate_options(app, options.emulating);
}

std::string NotifyOptions::name() const {
  if (listener_fd || listener_socket) return listener_fd ? "--listener-fd" : "--listener-socket";
  return on_notify ? "--on-notify" : "--emulate";
}

Result<OnNotify> on_notify(const NotifyOptions& options) {
  OnNotify made;
  CORDON_TRY(emulation, emulation_of(options.emulating));
  made.emulation = std::move(emulation);
  if (made.emulation.any()) made.kind = OnNotify::Kind::deny;
  if (options.listener_metadata && !options.listener_fd && !options.listener_socket)
    return usage_error("--listener-metadata is told to whom the listener is given, and nobody is",
                       "--listener-socket PATH or --listener-fd N");
  const int answerers = (options.on_notify || options.emulating.any()) + options.listener_fd.has_value() +
                        options.listener_socket.has_value();
  if (answerers > 1)
    return usage_error(
        "--listener-fd or --listener-socket gives everything to one who answers, and no other answer is left",
        "leave the others out");
  if (options.listener_fd || options.listener_socket) {
    made.kind = OnNotify::Kind::elsewhere;
    made.option = options.name();
    if (options.listener_fd) made.peer = static_cast<int>(*options.listener_fd);
    made.peer_path = options.listener_socket.value_or("");
    made.metadata = options.listener_metadata.value_or("");
    return made;
  }
  const bool asks = options.on_notify == "ask";
  if (!options.rules_path.empty() && !asks)
    return usage_error("--notify-rules is for --on-notify ask", "leave it out, or ask");
  const bool waits = asks || (options.on_notify && options.on_notify->starts_with("exec:"));
  if (options.timeout_s && !waits)
    return usage_error("--notify-timeout is for --on-notify ask and exec:PROGRAM", "leave it out");
  if (!options.on_notify) return made;
  const std::string& word = *options.on_notify;
  constexpr std::string_view kProgram = "exec:";
  constexpr double kSecondMs = 1000;
  constexpr double kProgramS = 30;
  if (asks) {
    made.kind = OnNotify::Kind::ask;
    made.handler = {.program = {},
                    .prompter = {.rules_path = options.rules_path},
                    .patience_ms = options.timeout_s ? static_cast<int64_t>(*options.timeout_s * kSecondMs) : -1};
    return made;
  }
  if (word.starts_with(kProgram) && word.size() > kProgram.size()) {
    made.kind = OnNotify::Kind::program;
    made.handler = {.program = word.substr(kProgram.size()),
                    .prompter = {},
                    .patience_ms = static_cast<int64_t>(options.timeout_s.value_or(kProgramS) * kSecondMs)};
    return made;
  }
  const size_t equals = std::min(word.find('='), word.size());
  const std::string way = word.substr(0, equals);
  const bool has_value = equals < word.size();
  const std::string value = has_value ? word.substr(equals + 1) : std::string();
  if (way == "allow" && !has_value) {
    made.kind = OnNotify::Kind::allow;
    return made;
  }
  if (way != "deny") return no_such_way(word);
  made.kind = OnNotify::Kind::deny;
  if (!has_value) return made;
  const std::optional<int> error = find_errno(value);
  if (!error) {
    const std::string nearest = formats::nearest_errno(value);
    return usage_error("--on-notify deny: no errno is '" + base::printable(value) + "'",
                       nearest.empty() ? "a name such as EPERM, or a number from 1 to 4095" : nearest);
  }
  made.error = *error;
  return made;
}

}  // namespace cordon::cli
