// Reads what stands in the JSON and checks each word of it; what it means is judged in oci_select and
// oci_rules.
#include "cordon/formats/oci_profile.h"

#include <charconv>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/formats/nearest_errno.h"
#include "cordon/formats/oci_fields.h"

namespace cordon::formats {
namespace {

using Kind = JsonValue::Kind;

constexpr std::string_view kTopKeys[] = {"defaultAction", "defaultErrnoRet",  "defaultErrno",
                                         "architectures", "archMap",          "flags",
                                         "listenerPath",  "listenerMetadata", "syscalls"};
constexpr std::string_view kEntryKeys[] = {"names", "name",     "action",   "errnoRet", "errno",
                                           "args",  "includes", "excludes", "comment"};
constexpr std::string_view kArgKeys[] = {"index", "value", "valueTwo", "op"};
constexpr std::string_view kFilterKeys[] = {"arches", "caps", "minKernel"};
constexpr std::string_view kArchMapKeys[] = {"architecture", "subArchitectures"};

std::string quoted(std::string_view text) { return "'" + base::printable(text) + "'"; }

class ProfileReader {
 public:
  ProfileReader(const OciProfileOptions& options, ProfileReporter& report) : options_(options), report_(report) {}

  OciProfile read(const JsonValue& root);

 private:
  const JsonValue* find_seccomp(const JsonValue& root);
  void read_top(const JsonValue& object);
  void read_arches(const OciFields& top);
  void read_flags(const OciFields& top);
  void read_listener(const OciFields& top);
  void read_entry(const JsonValue& object);
  void read_names(const OciFields& fields, const JsonValue& object, OciEntry& entry);
  void add_name(const JsonValue& name, OciEntry& entry);
  void read_arg(const JsonValue& object, OciEntry& entry);
  OciFilter read_filter(const OciFields& entry, std::string_view key);
  std::optional<KernelVersion> read_min_kernel(const JsonValue& text);
  std::optional<Action> read_action(const OciFields& fields, std::string_view action_key, std::string_view number_key,
                                    std::string_view name_key);
  std::optional<uint16_t> read_errno_name(const JsonValue& text);
  std::optional<Arch> read_arch(const JsonValue& text);
  void ignore_docker_keys(const OciFields& fields, std::span<const std::string_view> keys);
  void unknown_word(std::string_view code, const JsonValue& text, std::string_view what, OciVocabulary vocabulary);

  OciProfileOptions options_;
  ProfileReporter& report_;
  OciProfile profile_;
};

OciProfile ProfileReader::read(const JsonValue& root) {
  if (root.kind != Kind::object) {
    report_.error("oci-profile", root.span, "a profile must be a JSON object, not " + std::string(describe(root.kind)));
    return profile_;
  }
  if (const JsonValue* object = find_seccomp(root)) read_top(*object);
  return std::move(profile_);
}

// The profile itself, or the one inside a whole config.json.
const JsonValue* ProfileReader::find_seccomp(const JsonValue& root) {
  static constexpr std::string_view kConfigKeys[] = {"ociVersion", "linux"};
  static constexpr std::string_view kLinuxKeys[] = {"seccomp"};
  OciFields config(root, kConfigKeys, {}, report_);
  const Span linux_key = config.key_span("linux");
  const bool has_linux = !(linux_key == Span{});
  if (!has_linux && config.key_span("ociVersion") == Span{}) return &root;
  profile_.is_runtime_config = true;
  if (const JsonValue* platform = config.find("linux", Kind::object)) {
    OciFields fields(*platform, kLinuxKeys, {}, report_);
    const JsonValue* profile = fields.find("seccomp", Kind::object);
    if (profile != nullptr || fields.find("seccomp") != nullptr) return profile;
  }
  report_.error("no-filter", has_linux ? linux_key : Span{root.span.source, 0, 1},
                "this OCI configuration has no linux.seccomp: its container runs without a filter",
                "name a policy, or builtin:unconfined");
  return nullptr;
}

void ProfileReader::unknown_word(std::string_view code, const JsonValue& text, std::string_view what,
                                 OciVocabulary vocabulary) {
  report_.error(std::string(code), inner_span(text), "unknown " + std::string(what) + " " + quoted(text.text),
                valid_words_hint(vocabulary, text.text));
}

void ProfileReader::ignore_docker_keys(const OciFields& fields, std::span<const std::string_view> keys) {
  if (!profile_.is_runtime_config) return;
  for (std::string_view key : keys)
    if (fields.find(key) != nullptr)
      report_.warning("docker-key", fields.key_span(key),
                      "'" + std::string(key) + "' is Docker's and Podman's key, runtimes ignore it in a config.json",
                      "keep the profile in a file of its own, or remove the key");
}

void ProfileReader::read_top(const JsonValue& object) {
  OciFields top(object, kTopKeys, "a seccomp profile", report_);
  static constexpr std::string_view kDockerKeys[] = {"archMap", "defaultErrno"};
  ignore_docker_keys(top, kDockerKeys);
  std::vector<const JsonValue*> entries = top.list("syscalls", Kind::object);

  const JsonValue* word = top.find("defaultAction", Kind::string);
  bool is_missing = top.find("defaultAction") == nullptr;
  if (word != nullptr && word->text.empty() && entries.empty()) {
    profile_.is_off = true;
    report_.warning("no-filter", word->span, "an empty defaultAction without system calls means no filter at all",
                    "name an action, such as SCMP_ACT_ERRNO");
    return;
  }
  if (is_missing)
    report_.error("oci-profile", {object.span.source, object.span.begin, object.span.begin + 1},
                  "no 'defaultAction': this object is not a seccomp profile",
                  "add \"defaultAction\": \"SCMP_ACT_ERRNO\"");
  if (word != nullptr) {
    profile_.default_span = inner_span(*word);
    std::string_view name_key = profile_.is_runtime_config ? std::string_view() : "defaultErrno";
    if (auto action = read_action(top, "defaultAction", "defaultErrnoRet", name_key)) profile_.default_action = *action;
    if (profile_.default_action.kind == ActionKind::notify)
      report_.warning("notify-hangs", profile_.default_span, "runc refuses SCMP_ACT_NOTIFY as the default action",
                      "name the calls that are to be notified");
  }
  const size_t errors = report_.errors();
  read_arches(top);
  profile_.has_bad_arches = report_.errors() > errors;
  read_flags(top);
  read_listener(top);
  for (const JsonValue* entry : entries) read_entry(*entry);
}

std::optional<Arch> ProfileReader::read_arch(const JsonValue& text) {
  std::optional<Arch> arch = find_oci_arch(text.text);
  if (!arch) unknown_word("unknown-arch", text, "architecture", OciVocabulary::arch);
  return arch;
}

void ProfileReader::read_arches(const OciFields& top) {
  for (const JsonValue* text : top.list("architectures", Kind::string))
    if (std::optional<Arch> arch = read_arch(*text)) profile_.arches.push_back(*arch);
  if (profile_.is_runtime_config) return;

  std::vector<const JsonValue*> rows = top.list("archMap", Kind::object);
  if (!rows.empty() && !profile_.arches.empty()) {
    report_.error("oci-profile", top.key_span("archMap"), "'architectures' and 'archMap' exclude each other",
                  "remove one of them");
    report_.beside(top.key_span("architectures"), "the other one");
  }
  for (const JsonValue* object : rows) {
    OciFields fields(*object, kArchMapKeys, "an archMap row", report_);
    const JsonValue* name = fields.text("architecture");
    OciArchMapRow row;
    if (name == nullptr) {
      report_.error("oci-profile", object->span, "an archMap row needs 'architecture'");
      continue;
    }
    std::optional<Arch> arch = read_arch(*name);
    for (const JsonValue* sub : fields.list("subArchitectures", Kind::string))
      if (std::optional<Arch> sub_arch = read_arch(*sub)) row.sub_arches.push_back(*sub_arch);
    if (!arch) continue;
    row.arch = *arch;
    row.span = fields.key_span("subArchitectures");
    profile_.arch_map.push_back(std::move(row));
  }
}

void ProfileReader::read_flags(const OciFields& top) {
  for (const JsonValue* text : top.list("flags", Kind::string)) {
    std::optional<uint32_t> flag = find_oci_flag(text->text);
    if (flag)
      profile_.flags |= *flag;
    else
      unknown_word("unknown-flag", *text, "flag", OciVocabulary::flag);
  }
}

void ProfileReader::read_listener(const OciFields& top) {
  const JsonValue* path = top.text("listenerPath");
  const JsonValue* metadata = top.text("listenerMetadata");
  if (path != nullptr && !path->text.empty())
    report_.note("listener-path", top.key_span("listenerPath"),
                 "the listener at " + quoted(path->text) + " is not part of the policy",
                 "cordon run --listener-socket hands it over; else notified calls fail with ENOSYS");
  else if (metadata != nullptr && !metadata->text.empty())
    report_.warning("listener-path", top.key_span("listenerMetadata"),
                    "'listenerMetadata' without 'listenerPath' is against the OCI specification and has no effect");
}

std::optional<Action> ProfileReader::read_action(const OciFields& fields, std::string_view action_key,
                                                 std::string_view number_key, std::string_view name_key) {
  const JsonValue* word = fields.text(action_key);
  if (word == nullptr) return std::nullopt;
  std::optional<ActionKind> kind = find_oci_action(word->text);
  if (!kind) {
    unknown_word("unknown-action", *word, "action", OciVocabulary::action);
    return std::nullopt;
  }
  const JsonValue* name = name_key.empty() ? nullptr : fields.text(name_key);
  if (name != nullptr && name->text.empty()) name = nullptr;

  Action action{*kind, 0};
  bool takes_data = *kind == ActionKind::errno_ || *kind == ActionKind::trace;
  if (!takes_data) {
    for (std::string_view key : {number_key, name != nullptr ? name_key : std::string_view()})
      if (!key.empty() && fields.find(key) != nullptr)
        report_.warning("errno-unused", fields.key_span(key),
                        "'" + std::string(key) + "' has no effect with " + word->text + ", crun refuses it",
                        "remove it");
    return action;
  }
  action.data = 1;  // EPERM, by the OCI specification
  uint64_t max = *kind == ActionKind::errno_ ? policy::kMaxErrno : UINT16_MAX;
  if (std::optional<uint64_t> number = fields.number(number_key, max)) action.data = static_cast<uint16_t>(*number);
  if (name == nullptr) return action;
  std::optional<uint16_t> named = read_errno_name(*name);
  if (named) action.data = *named;
  return action;
}

std::optional<uint16_t> ProfileReader::read_errno_name(const JsonValue& text) {
  std::optional<uint16_t> number = abi::errno_number(text.text, options_.arch);
  if (number) return number;
  report_.error("unknown-errno", inner_span(text), "unknown errno " + quoted(text.text), nearest_errno(text.text));
  return std::nullopt;
}

void ProfileReader::read_entry(const JsonValue& object) {
  OciFields fields(object, kEntryKeys, "a syscalls entry", report_);
  static constexpr std::string_view kDockerKeys[] = {"includes", "excludes", "errno"};
  ignore_docker_keys(fields, kDockerKeys);
  OciEntry entry;
  entry.span = object.span;
  read_names(fields, object, entry);

  if (fields.find("action") == nullptr)
    report_.error("oci-profile", {object.span.source, object.span.begin, object.span.begin + 1},
                  "a syscalls entry needs an 'action'", "add \"action\": \"SCMP_ACT_ALLOW\" or another");
  std::string_view name_key = profile_.is_runtime_config ? std::string_view() : "errno";
  if (auto action = read_action(fields, "action", "errnoRet", name_key)) entry.action = *action;
  for (const JsonValue* arg : fields.list("args", Kind::object)) read_arg(*arg, entry);
  if (const JsonValue* comment = fields.text("comment"))
    for (char c : comment->text) entry.comment.push_back(static_cast<uint8_t>(c) < 0x20 ? ' ' : c);
  if (!profile_.is_runtime_config) {
    const size_t errors = report_.errors();
    entry.includes = read_filter(fields, "includes");
    entry.excludes = read_filter(fields, "excludes");
    entry.has_bad_filter = report_.errors() > errors;
  }
  profile_.entries.push_back(std::move(entry));
}

void ProfileReader::add_name(const JsonValue& name, OciEntry& entry) {
  if (name.text.empty())
    report_.error("unknown-syscall", name.span, "an empty system call name");
  else
    entry.names.push_back({name.text, inner_span(name)});
}

void ProfileReader::read_names(const OciFields& fields, const JsonValue& object, OciEntry& entry) {
  std::vector<const JsonValue*> names = fields.list("names", Kind::string);
  const JsonValue* name = fields.text("name");
  if (name != nullptr && name->text.empty()) name = nullptr;
  for (const JsonValue* text : names) add_name(*text, entry);
  if (name != nullptr && !names.empty()) {
    report_.error("oci-profile", fields.key_span("name"), "'name' and 'names' exclude each other",
                  "move the name into 'names'");
    report_.beside(fields.key_span("names"), "the other one");
  } else if (name != nullptr) {
    report_.warning("old-key", fields.key_span("name"),
                    "\"name\" is the old Docker key; runc ignores it, written as \"names\"",
                    "write \"names\": [\"" + base::printable(name->text) + "\"]");
    add_name(*name, entry);
  } else if (fields.find("names") == nullptr) {
    report_.error("oci-profile", {object.span.source, object.span.begin, object.span.begin + 1},
                  "a syscalls entry needs 'names'", "add \"names\": [...]");
  } else if (names.empty() && fields.find("names")->items.empty()) {
    report_.warning("no-names", fields.find("names")->span, "an empty list of names makes no rule",
                    "name the calls, or remove the entry");
  }
}

void ProfileReader::read_arg(const JsonValue& object, OciEntry& entry) {
  OciFields fields(object, kArgKeys, "an args element", report_);
  OciArg arg;
  arg.span = object.span;
  // An absent number is 0 to Go's decoder.
  arg.value = fields.number("value", UINT64_MAX).value_or(0);
  arg.value_two = fields.number("valueTwo", UINT64_MAX).value_or(0);
  std::optional<uint64_t> index = fields.number("index", UINT64_MAX);
  if (index && *index > 5) {
    report_.error("unknown-argument", fields.find("index")->span,
                  "there is no argument " + std::to_string(*index) + ": a system call has arguments 0 to 5");
    index.reset();
  }
  arg.index = static_cast<uint8_t>(index.value_or(0));
  for (std::string_view key : {"index", "value"})
    if (fields.find(key) == nullptr)
      report_.warning("missing-number", object.span, "'" + std::string(key) + "' is absent and counts as 0",
                      "add \"" + std::string(key) + "\": 0");

  const JsonValue* word = fields.text("op");
  std::optional<OciOp> op = word == nullptr ? std::nullopt : find_oci_op(word->text);
  if (word != nullptr && !op) unknown_word("unknown-op", *word, "comparison", OciVocabulary::op);
  if (fields.find("op") == nullptr)
    report_.error("oci-profile", object.span, "an args element needs an 'op'", valid_words_hint(OciVocabulary::op, {}));
  arg.op = op.value_or(OciOp::eq);
  if (op && *op != OciOp::masked_eq && arg.value_two != 0)
    report_.warning("value-two-unused", fields.key_span("valueTwo"),
                    "'valueTwo' has no effect with " + word->text + ", only SCMP_CMP_MASKED_EQ uses it", "remove it");
  entry.args.push_back(arg);
}

OciFilter ProfileReader::read_filter(const OciFields& entry, std::string_view key) {
  OciFilter filter;
  const JsonValue* object = entry.find(key, Kind::object);
  if (object == nullptr) return filter;
  filter.span = entry.key_span(key);
  OciFields fields(*object, kFilterKeys, "'" + std::string(key) + "'", report_);
  for (const JsonValue* text : fields.list("arches", Kind::string)) {
    filter.arches.push_back({text->text, inner_span(*text)});
    if (!is_docker_arch_name(text->text))
      report_.warning("unknown-arch", inner_span(*text), "no machine is called " + quoted(text->text) + " here",
                      valid_words_hint(OciVocabulary::docker_arch, text->text));
  }
  for (const JsonValue* text : fields.list("caps", Kind::string)) {
    filter.caps.push_back({text->text, inner_span(*text)});
    if (!is_capability(text->text))
      report_.warning("unknown-capability", inner_span(*text), "no capability is called " + quoted(text->text),
                      base::did_you_mean(text->text, docker_default_capabilities()));
  }
  if (const JsonValue* text = fields.text("minKernel")) filter.min_kernel = read_min_kernel(*text);
  return filter;
}

std::optional<KernelVersion> ProfileReader::read_min_kernel(const JsonValue& text) {
  const char* at = text.text.data();
  const char* end = at + text.text.size();
  uint8_t parts[2] = {0, 0};
  bool is_good = true;
  for (int part = 0; part < 2 && is_good; ++part) {
    auto [stop, error] = std::from_chars(at, end, parts[part]);
    is_good = error == std::errc() && (part == 1 ? stop == end : stop != end && *stop == '.');
    at = stop + (stop != end ? 1 : 0);
  }
  if (is_good && (parts[0] != 0 || parts[1] != 0)) return KernelVersion{parts[0], parts[1]};
  report_.error("bad-kernel-version", inner_span(text),
                "'minKernel' must be two numbers below 256 joined by a dot, such as 4.8, not " + quoted(text.text));
  return std::nullopt;
}

}  // namespace

OciProfile read_oci_profile(const JsonValue& root, const OciProfileOptions& options, ProfileReporter& report) {
  return ProfileReader(options, report).read(root);
}

}  // namespace cordon::formats
