#include "cli/notify_protocol.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <iterator>
#include <optional>
#include <utility>

#include "cli/line_writer.h"
#include "cli/on_notify.h"
#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/formats/json.h"
#include "cordon/policy/describe.h"
#include "cordon/sandbox/target_memory.h"

namespace cordon::cli {
namespace {

constexpr size_t kMostText = PATH_MAX;

// Prototypes do not tell a name from a buffer.
bool is_text(const abi::Argument& argument) {
  constexpr std::string_view kNames[] = {"filename", "pathname",    "oldname",  "newname",  "path",
                                         "special",  "specialfile", "dev_name", "dir_name", "new_root",
                                         "put_old",  "name",        "type"};
  const bool is_const = argument.type == "const char *";
  const bool is_of_mount = argument.name == "dev_name" || argument.name == "dir_name";
  return (is_const || is_of_mount) && std::ranges::find(kNames, argument.name) != std::end(kNames);
}

Diagnostics bad(std::string message) {
  Diagnostics problem;
  problem.error("handler-answer", {}, std::move(message));
  return problem;
}

// A line as it is shown: no longer than fits.
std::string shown(std::string_view line) {
  constexpr size_t kMostShown = 120;
  return "'" + base::printable(line.substr(0, kMostShown)) + (line.size() > kMostShown ? "'..." : "'");
}

std::optional<int64_t> signed_number(const JsonValue& value) {
  int64_t number = 0;
  const char* last = value.text.data() + value.text.size();
  const auto [end, error] = std::from_chars(value.text.data(), last, number);
  const bool is_one = value.kind == JsonValue::Kind::number && error == std::errc() && end == last;
  return is_one ? std::optional(number) : std::nullopt;
}

// The members of an answer, each at most once.
struct Members {
  const JsonValue* id = nullptr;
  const JsonValue* action = nullptr;
  const JsonValue* error = nullptr;
  const JsonValue* value = nullptr;
};

std::optional<std::string> sort_members(const JsonValue& answer, Members& members) {
  const std::pair<std::string_view, const JsonValue**> known[] = {
      {"id", &members.id}, {"action", &members.action}, {"errno", &members.error}, {"value", &members.value}};
  for (const JsonMember& member : answer.members) {
    const auto found = std::ranges::find_if(known, [&](const auto& one) { return one.first == member.key; });
    if (found == std::end(known)) return "has the key " + shown(member.key) + ", which says nothing in an answer";
    if (*found->second != nullptr) return "says '" + member.key + "' twice";
    *found->second = &member.value;
  }
  return std::nullopt;
}

Result<Response> response_of(const Members& members) {
  if (members.action == nullptr || members.action->kind != JsonValue::Kind::string) return bad("has no \"action\"");
  const std::string& action = members.action->text;
  if (members.error != nullptr && action != "errno") return bad("has an \"errno\" with another action");
  if (members.value != nullptr && action != "return") return bad("has a \"value\" with another action");
  if (action == "allow") return Response::run();
  if (action == "kill") return Response::kills();
  if (action == "errno") {
    const bool is_named = members.error != nullptr && (members.error->kind == JsonValue::Kind::string ||
                                                       members.error->kind == JsonValue::Kind::number);
    const std::optional<int> error = is_named ? find_errno(members.error->text) : std::nullopt;
    if (!error) return bad("needs an \"errno\", a name such as \"EPERM\" or a number from 1 to 4095");
    return Response::fail(*error);
  }
  if (action == "return") {
    constexpr int64_t kMostErrno = 4095;
    const std::optional<int64_t> value = members.value != nullptr ? signed_number(*members.value) : std::nullopt;
    if (!value) return bad("needs a \"value\", a number of 64 bits");
    if (*value < 0 && *value >= -kMostErrno) return bad("returns " + members.value->text + ", which is an errno");
    return Response::returns(*value);
  }
  return bad("has the action " + shown(action) + ", not allow, errno, return or kill");
}

}  // namespace

std::vector<PointedText> read_texts(const Notification& notification) {
  std::vector<PointedText> texts;
  const std::optional<Arch> arch = abi::arch_of_call(notification.call.audit_arch, notification.call.nr);
  const std::string_view name = arch ? abi::name_of(notification.call.nr, *arch) : std::string_view();
  if (name.empty() || notification.tid <= 0) return texts;
  for (unsigned slot = 0; slot < notification.call.args.size(); ++slot) {
    const std::optional<abi::Argument> argument = abi::argument_at(name, slot, *arch);
    if (!argument || !is_text(*argument)) continue;
    const uint64_t mask = argument->bits == 64 ? ~uint64_t{0} : (uint64_t{1} << argument->bits) - 1;
    if (auto text = sandbox::read_string(notification.tid, notification.call.args[slot] & mask, kMostText))
      texts.push_back({std::string(argument->name), std::move(*text)});
  }
  return texts;
}

std::string request_line(const HandlerRequest& request) {
  const Call& call = request.call;
  const std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  const std::string_view name = arch ? abi::name_of(call.nr, *arch) : std::string_view();
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.call/1").key("id").value(request.id);
  json.key("pid").value(int64_t{request.pid}).key("tid").value(int64_t{request.tid});
  json.key("command").value(request.command);
  json.key("arch").value(arch ? abi::name(*arch) : std::string_view(base::hex(call.audit_arch)));
  json.key("syscall");
  if (name.empty())
    json.null();
  else
    json.value(name);
  json.key("nr").value(call.nr).key("args").begin_array();
  for (uint64_t word : call.args) json.value(base::hex(word));
  json.end_array().key("call").value(policy::describe_call(call)).key("named").begin_object();
  for (unsigned slot = 0; !name.empty() && slot < call.args.size(); ++slot)
    if (auto argument = abi::argument_at(name, slot, *arch))
      json.key(argument->name).value(policy::describe_argument(call, slot));
  json.end_object().key("texts").begin_object();
  for (const PointedText& text : request.texts) json.key(text.argument).value(text.text);
  json.end_object().key("rule").value(request.rule).end_object();
  return one_line(std::move(json).take());
}

Result<HandlerAnswer> read_answer(std::string_view line) {
  const auto wrong = [&](std::string_view what) { return bad(shown(line) + " " + std::string(what)); };
  Sources sources;
  formats::ProfileReporter report(sources);
  const formats::JsonRead read = formats::parse_json(sources, sources.add("answer", std::string(line)), {}, report);
  if (!read.root || report.has_errors()) return wrong("is no JSON");
  if (read.root->kind != JsonValue::Kind::object) return wrong("is no JSON object");
  Members members;
  if (auto problem = sort_members(*read.root, members)) return wrong(*problem);
  const bool has_id = members.id != nullptr && members.id->kind == JsonValue::Kind::number &&
                      members.id->form == JsonValue::NumberForm::integer;
  if (!has_id) return wrong("has no \"id\"");
  Result<Response> response = response_of(members);
  if (!response) return wrong(response.error().begin()->message);
  return HandlerAnswer{members.id->integer, *response};
}

}  // namespace cordon::cli
