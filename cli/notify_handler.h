// A handler process that answers notified calls: --on-notify exec:PROGRAM.
//
//   CORDON_TRY(handler, NotifyHandler::start({.program = "./handler.py"}));
//   handler->take(notification, listener, rule);      // then it is one of LateAnswers
//
// Whatever goes wrong with it denies: a call that is not answered in time, and, once the handler has ended or said what
// is no answer, every call from then on. It is told once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cli/notify_protocol.h"
#include "cli/prompter.h"
#include "cordon/sandbox/helper_process.h"
#include "cordon/sandbox/late_answers.h"

namespace cordon::cli {

struct HandlerOptions {
  std::string program;  // empty: the person at the terminal
  PrompterOptions prompter = {};
  int64_t patience_ms = 30'000;  // with one call; -1: no limit
};

class NotifyHandler : public LateAnswers {
 public:
  // What a call gets that the handler does not answer.
  static Response refusal();

  static Result<std::unique_ptr<NotifyHandler>> start(const HandlerOptions& options);

  // Where to tell what went wrong; lines with their newline.
  std::function<void(std::string)> tell = [](const std::string&) {};

  // Response::later(), or a refusal.
  Response take(const Notification& notification, Listener& listener, const std::string& rule);

  // What it has open is closed: in a process that only goes on for what outlives the command.
  void abandon();

  Descriptors waits_for() const override;
  int patience_ms() const override;
  std::vector<Answer> pump(const Descriptors& found) override;
  std::vector<Answer> finish() override;

 private:
  struct Waiting {
    Notification notification;
    int64_t deadline_ns = 0;
  };

  NotifyHandler(HandlerOptions options, sandbox::HelperProcess process)
      : options_(std::move(options)), process_(std::move(process)) {}

  void send();
  void receive(std::vector<Answer>& answers);
  void take_line(std::string_view line, std::vector<Answer>& answers);
  void refuse_late(std::vector<Answer>& answers);
  void refuse_all(std::vector<Answer>& answers);
  // From here on everything is denied.
  void fail(const std::string& why);

  HandlerOptions options_;
  sandbox::HelperProcess process_;
  bool has_failed_ = false;
  bool has_told_late_ = false;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Waiting> waiting_;  // by our number; the oldest, whose time is up first, is the first
  std::set<uint64_t> refused_;           // were not answered in time: an answer may come still, and says nothing
  std::string unsent_;
  std::string unread_;
};

}  // namespace cordon::cli
