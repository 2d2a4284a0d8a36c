#include "cli/prompter.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>

#include "cli/line_writer.h"
#include "cli/output.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/formats/json.h"
#include "cordon/formats/suggest.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

constexpr int kLookMs = 300;  // how often it is looked whether the caller still waits
constexpr std::string_view kAllow = "allow ";

struct Question {
  uint64_t id = 0;
  int64_t tid = 0;
  std::string text;
  std::string rule;    // "allow mkdir"
  std::string origin;  // "p.cordon:3: notify mkdir rmdir"
  int64_t deadline_ns = INT64_MAX;
};

std::optional<Question> read_question(const std::string& line) {
  Sources sources;
  formats::ProfileReporter report(sources);
  const formats::JsonRead read = formats::parse_json(sources, sources.add("question", line), {}, report);
  if (!read.root || report.has_errors()) return std::nullopt;
  Question question;
  for (const JsonMember& member : read.root->members) {
    if (member.key == "id") question.id = member.value.integer;
    if (member.key == "tid") question.tid = static_cast<int64_t>(member.value.integer);
    if (member.key == "deadline_ns") question.deadline_ns = static_cast<int64_t>(member.value.integer);
    if (member.key == "text") question.text = member.value.text;
    if (member.key == "rule") question.rule = member.value.text;
    if (member.key == "origin") question.origin = member.value.text;
  }
  return question;
}

bool is_late(const Question& question) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec >= question.deadline_ns;
}

class Prompter {
 public:
  explicit Prompter(const PrompterOptions& options)
      : options_(options), terminal_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}

  int run();

 private:
  enum class Reply { once, always, deny, never, gone };

  void answer(const Question& question);
  Reply ask(const Question& question);
  std::optional<Reply> read_reply();
  bool join_foreground() const;
  void remember(const Question& question, bool allows);
  bool caller_waits(const Question& question) const;

  PrompterOptions options_;
  Fd terminal_;
  std::map<std::string, bool> remembered_;  // rules, and whether they allow
  std::string typed_;
};

int Prompter::run() {
  for (int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  std::string unread;
  char part[65536];
  for (ssize_t count = 0; (count = read(STDIN_FILENO, part, sizeof part)) > 0;) {
    unread.append(part, static_cast<size_t>(count));
    for (size_t end = 0; (end = unread.find('\n')) != std::string::npos; unread.erase(0, end + 1))
      if (const std::optional<Question> question = read_question(unread.substr(0, end))) answer(*question);
  }
  return 0;
}

void Prompter::answer(const Question& question) {
  const auto known = remembered_.find(question.rule);
  bool allows = false;
  if (known != remembered_.end()) {
    allows = known->second;
  } else if (!is_late(question)) {
    const Reply reply = ask(question);
    allows = reply == Reply::once || reply == Reply::always;
    if (reply == Reply::always || reply == Reply::never) remember(question, allows);
  }
  const std::string id = std::to_string(question.id);
  const std::string action = allows ? "\"allow\"}\n" : "\"errno\", \"errno\": \"EPERM\"}\n";
  write_all(STDOUT_FILENO, "{\"id\": " + id + ", \"action\": " + action);
}

Prompter::Reply Prompter::ask(const Question& question) {
  typed_.clear();
  join_foreground();
  tcflush(terminal_.get(), TCIFLUSH);  // what was typed before was meant for something else
  const std::string prompt = "  allow?  once (o), always (a), deny (d), never (n): ";
  write_all(terminal_.get(), question.text + prompt);
  std::optional<Reply> reply;
  while (!reply) {
    pollfd entries[] = {{terminal_.get(), POLLIN, 0}, {STDIN_FILENO, 0, 0}};
    if (poll(entries, std::size(entries), kLookMs) < 0 && errno != EINTR) reply = Reply::deny;
    const bool has_ended = (entries[1].revents & (POLLHUP | POLLERR)) != 0;
    if (!reply && is_late(question)) {
      write_all(terminal_.get(), "\n  no answer in time: it was denied\n");
      reply = Reply::gone;
    }
    if (!reply && (has_ended || !caller_waits(question))) {
      write_all(terminal_.get(), "\n  the caller has ended\n");
      reply = Reply::gone;
    }
    if (!reply && entries[0].revents != 0) {
      reply = read_reply();
      if (!reply && typed_.empty()) write_all(terminal_.get(), prompt);
    }
  }
  setpgid(0, 0);
  return *reply;
}

// None: nothing was said yet, or (typed_ is empty) nothing that is an answer.
std::optional<Prompter::Reply> Prompter::read_reply() {
  char part[256];
  const ssize_t count = read(terminal_.get(), part, sizeof part);
  if (count < 0 && errno == EIO && join_foreground()) {  // the terminal belongs to another group by now
    constexpr useconds_t kPauseUs = 50'000;
    usleep(kPauseUs);
    typed_ = " ";
    return std::nullopt;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    typed_ += ' ';
    return std::nullopt;
  }
  if (count <= 0) return Reply::deny;  // the end of input, or no terminal any more
  typed_.append(part, static_cast<size_t>(count));
  termios modes{};
  const bool has_lines = tcgetattr(terminal_.get(), &modes) == 0 && (modes.c_lflag & ICANON) != 0;
  const size_t begin = typed_.find_first_not_of(" \t");
  if (has_lines && typed_.find_first_of("\r\n") == std::string::npos) return std::nullopt;
  const size_t end = typed_.find_last_not_of(" \t\r\n");
  const std::string word = begin == std::string::npos || end == std::string::npos || end < begin
                               ? std::string()
                               : typed_.substr(begin, has_lines ? end - begin + 1 : 1);
  typed_.clear();
  if (!has_lines) write_all(terminal_.get(), word + "\r\n");
  if (word == "o" || word == "once") return Reply::once;
  if (word == "a" || word == "always") return Reply::always;
  if (word == "d" || word == "deny") return Reply::deny;
  if (word == "n" || word == "never") return Reply::never;
  return std::nullopt;
}

// False: it has no foreground group that this process could be in.
bool Prompter::join_foreground() const {
  const pid_t group = tcgetpgrp(terminal_.get());
  return group > 1 && (group == getpgrp() || setpgid(0, group) == 0);
}

void Prompter::remember(const Question& question, bool allows) {
  remembered_[question.rule] = allows;
  if (options_.rules_path.empty()) return;
  const Fd file(open(options_.rules_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666));
  const std::string target = question.rule.substr(kAllow.size());
  const std::string rule = allows ? question.rule : "errno EPERM " + target;
  // Two rules that match the same calls contradict each other: it cannot simply stand before the other one.
  const bool is_narrower = target.find('(') != std::string::npos;
  const std::string place = is_narrower ? "before " : "instead of " + target + " in ";
  const int error = file ? write_all(file.get(), "# " + place + question.origin + "\n" + rule + "\n") : errno;
  if (error != 0)
    write_all(terminal_.get(), "  cordon: warning: the rule could not be written to '" +
                                   base::printable(options_.rules_path) + "': " + errno_name(error) + "\n");
}

bool Prompter::caller_waits(const Question& question) const {
  return question.tid <= 0 || access(("/proc/" + std::to_string(question.tid)).c_str(), F_OK) == 0;
}

}  // namespace

Result<Done> check_prompter(const PrompterOptions& options) {
  const Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal)
    return system_error("ask at the terminal", errno, "--on-notify ask needs one; exec:PROGRAM asks a program");
  if (options.rules_path.empty()) return Done{};
  const Fd file(
      open(options.rules_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
  if (!file) return system_error("open '" + options.rules_path + "'", errno);
  return Done{};
}

std::string question_line(const HandlerRequest& request) {
  std::string text = "cordon: " + base::printable(request.command) + "[" + std::to_string(request.tid) + "] " +
                     policy::describe_call(request.call) + "\n";
  for (const PointedText& pointed : request.texts)
    text += "  " + pointed.argument + "  " + base::printable(pointed.text) + "\n";
  const std::string rule = formats::suggest_allow(request.call, PolicyFormat::cordon).line;
  text += "  policy  " + request.rule + "\n  rule    " + rule + "\n";
  JsonWriter json;
  json.begin_object().key("id").value(request.id).key("tid").value(int64_t{request.tid});
  json.key("deadline_ns").value(request.deadline_ns).key("text").value(text).key("rule").value(rule);
  json.key("origin").value(base::printable(request.rule)).end_object();
  return one_line(std::move(json).take());
}

int run_prompter(const PrompterOptions& options) { return Prompter(options).run(); }

}  // namespace cordon::cli
