#include "cordon/formats/oci_writer.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cordon/base/text.h"
#include "cordon/bpf/insn.h"
#include "cordon/formats/oci_chains.h"
#include "cordon/formats/oci_safe.h"
#include "cordon/formats/oci_words.h"

namespace cordon::formats {
namespace {

constexpr size_t kReadable = 16;  // alternatives of one call; more are told shorter, if they can
constexpr size_t kMaxAlternatives = 4096;
constexpr size_t kLineLength = 100;
constexpr size_t kMostInsns = bpf::kMaxInsns;

// libseccomp has a word for each action, and for trap no data.
std::optional<Action> nearest_action(Action action) {
  if (action.kind == ActionKind::trap) action.data = 0;
  return action;
}

std::string quoted(std::string_view text) { return '"' + base::json_escape(text) + '"'; }

// "[a, b, c]" on lines of bearable length; `indent` is that of the line it begins on.
std::string list_text(const std::vector<std::string>& items, size_t indent, size_t used) {
  size_t length = used;
  for (const std::string& item : items) length += item.size() + 2;
  std::string text = "[";
  if (length <= kLineLength) {
    for (const std::string& item : items) text += (text.size() == 1 ? "" : ", ") + item;
    return text + "]";
  }
  const std::string margin(indent + 2, ' ');
  std::string line;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : "");
    if (!line.empty() && margin.size() + line.size() + 1 + item.size() > kLineLength) {
      text += "\n" + margin + line;
      line.clear();
    }
    line += (line.empty() ? "" : " ") + item;
  }
  return text + "\n" + margin + line + "\n" + std::string(indent, ' ') + "]";
}

bool has_data(Action action) { return action.kind == ActionKind::errno_ || action.kind == ActionKind::trace; }

std::string arg_text(const OciArg& arg) {
  std::string text = "{\"index\": " + std::to_string(arg.index) + ", \"value\": " + std::to_string(arg.value);
  if (arg.op == OciOp::masked_eq) text += ", \"valueTwo\": " + std::to_string(arg.value_two);
  return text + ", \"op\": " + quoted(oci_op(arg.op)) + "}";
}

// Everything of an entry but its names.
std::string rest_text(const OciAlternative& alternative) {
  std::string text = ",\n      \"action\": " + quoted(oci_action(alternative.action.kind));
  if (has_data(alternative.action)) text += ",\n      \"errnoRet\": " + std::to_string(alternative.action.data);
  if (alternative.args.empty()) return text;
  std::vector<std::string> args;
  for (const OciArg& arg : alternative.args) args.push_back(arg_text(arg));
  return text + ",\n      \"args\": " + list_text(args, 6, 14);
}

// Calls with the same entries.
struct EntryGroup {
  std::vector<std::string> names;
  std::vector<std::string> rests;
  std::string comment;
};

class Writer {
 public:
  Writer(CallAnswers& answers, const Policy& policy, const OciWriteOptions& options)
      : answers_(answers), policy_(policy), options_(options) {}

  Result<std::string> write();

 private:
  std::vector<OciAlternative> alternatives_of(CallAnswer& call);
  std::optional<std::vector<OciAlternative>> without_conditions(CallAnswer& call, const std::string& reason);
  void tell_doubt(const CallAnswer& call, const std::string& doubt);
  void add(CallAnswer& call);
  void add_size(const CallAnswer& call, const std::vector<OciAlternative>& alternatives);
  void tell_size();
  void add_mark();
  std::string head() const;
  Place place_of(const CallAnswer& call) const {
    return call.rule < policy_.rules.size() ? policy_.sources.locate(policy_.rules[call.rule].span) : Place();
  }

  CallAnswers& answers_;
  const Policy& policy_;
  const OciWriteOptions& options_;
  std::vector<EntryGroup> groups_;
  std::map<std::vector<std::string>, size_t> index_;
  size_t insns_ = 0;
  Diagnostics found_;
};

std::vector<OciAlternative> Writer::alternatives_of(CallAnswer& call) {
  auto exact = oci_alternatives(call.clauses, call.word_bits, answers_.default_action, kMaxAlternatives);
  const bool is_doubtful = exact && libseccomp_doubt(*exact, answers_.arches);
  if (exact && exact->size() <= kReadable && !is_doubtful) return std::move(*exact);
  if (auto whole = call.word_bits == 64 ? narrowed(call.clauses) : std::nullopt) {
    auto shorter = oci_alternatives(*whole, call.word_bits, answers_.default_action, kMaxAlternatives);
    const bool is_better = shorter && (is_doubtful || !exact || shorter->size() < exact->size());
    if (is_better && !libseccomp_doubt(*shorter, answers_.arches)) {
      call.clauses = std::move(*whole);
      found_.note("whole-register", place_of(call),
                  "the conditions on '" + std::string(call.name) +
                      "' are written for whole registers: calls with other bits above the 32 that the kernel reads get "
                      "a stricter answer");
      return std::move(*shorter);
    }
  }
  if (exact) {
    if (!is_doubtful) return std::move(*exact);
    const std::string doubt = *libseccomp_doubt(*exact, answers_.arches);
    if (auto plain = without_conditions(call, "libseccomp may take them otherwise than they are meant: " + doubt))
      return std::move(*plain);
    tell_doubt(call, doubt);
    return std::move(*exact);
  }
  const std::string many = "they would take more than " + std::to_string(kMaxAlternatives) + " entries";
  if (auto plain = without_conditions(call, many)) return std::move(*plain);
  found_.error("too-many-conditions", place_of(call), "of the conditions on '" + std::string(call.name) + "' " + many,
               "ask for fewer ranges of values; --lossy gives all calls the strictest answer");
  return {};
}

std::optional<std::vector<OciAlternative>> Writer::without_conditions(CallAnswer& call, const std::string& reason) {
  if (!options_.is_lossy || policy_.format == PolicyFormat::oci) return std::nullopt;
  call.clauses = strictest_alone(call.clauses);
  found_.warning("conditions-left-out", place_of(call),
                 "the conditions on '" + std::string(call.name) + "' are left out, and all its calls get " +
                     policy::to_string(call.clauses.front().action, answers_.arches.front()) + ": " + reason);
  return oci_alternatives(call.clauses, call.word_bits, answers_.default_action, kMaxAlternatives);
}

// What was a profile before is what libseccomp makes of it anyway.
void Writer::tell_doubt(const CallAnswer& call, const std::string& doubt) {
  const std::string message =
      "libseccomp may answer '" + std::string(call.name) + "' otherwise than the profile says: " + doubt;
  if (policy_.format == PolicyFormat::oci)
    found_.warning("libseccomp-doubt", place_of(call), message);
  else
    found_.error(
        "libseccomp-doubt", place_of(call), message,
        "ask for single values or masks of 32 bits, or compile the policy: cordon compile -o FILE.bpf; --lossy "
        "gives all calls the strictest answer");
}

// About what libseccomp makes of them: a test for each call, two instructions for each word compared.
void Writer::add_size(const CallAnswer& call, const std::vector<OciAlternative>& alternatives) {
  size_t comparisons = 0;
  for (const OciAlternative& one : alternatives) comparisons += one.args.size();
  for (Arch arch : call.arches) insns_ += 1 + comparisons * (abi::info(arch).word_bits == 64 ? 4 : 2);
}

void Writer::tell_size() {
  if (insns_ <= kMostInsns) return;
  found_.warning("too-large", {},
                 "libseccomp makes about " + std::to_string(insns_) +
                     " instructions of the profile, and the kernel takes " + std::to_string(kMostInsns),
                 "compile the policy itself: cordon compile -o FILE.bpf; or ask for fewer values");
}

void Writer::add(CallAnswer& call) {
  const std::vector<OciAlternative> alternatives = alternatives_of(call);
  add_size(call, alternatives);
  std::vector<std::string> key{options_.form == OciForm::docker ? call.comment : std::string()};
  for (const OciAlternative& one : alternatives) key.push_back(rest_text(one));
  auto [at, is_new] = index_.try_emplace(key, groups_.size());
  if (is_new) groups_.push_back({{}, {key.begin() + 1, key.end()}, key.front()});
  groups_[at->second].names.push_back(quoted(call.name));
}

// A profile without an entry denies everything, whatever its recording missed.
void Writer::add_mark() {
  if (options_.mark.empty() || options_.form != OciForm::docker || groups_.empty()) return;
  std::string& comment = groups_.front().comment;
  comment = options_.mark + (comment.empty() ? "" : "; " + comment);
}

std::string Writer::head() const {
  const Action action = answers_.default_action;
  std::string text = "{\n  \"defaultAction\": " + quoted(oci_action(action.kind));
  if (has_data(action)) text += ",\n  \"defaultErrnoRet\": " + std::to_string(action.data);
  std::vector<std::string> arches, flags;
  for (Arch arch : answers_.arches) arches.push_back(quoted(abi::info(arch).scmp_name));
  text += ",\n  \"architectures\": " + list_text(arches, 2, 20);
  for (std::string_view flag : oci_flags(options_.filter_flags)) flags.push_back(quoted(flag));
  if (!flags.empty()) text += ",\n  \"flags\": " + list_text(flags, 2, 12);
  return text + ",\n  \"syscalls\": [";
}

Result<std::string> Writer::write() {
  for (Arch arch : answers_.arches)
    if (abi::info(arch).scmp_name.empty())
      found_.error("no-such-arch", {},
                   "libseccomp, and so the format, has no architecture " + std::string(abi::name(arch)));
  for (bool is_first : {true, false})
    for (CallAnswer& call : answers_.calls)
      if (is_first == call.is_multiplexer && (!call.is_multiplexer || options_.has_multiplexers_apart)) add(call);
  if (found_.has_errors()) return found_;
  tell_size();
  add_mark();
  std::string text = head();
  const char* between = "\n";
  for (const EntryGroup& group : groups_)
    for (const std::string& rest : group.rests) {
      text += between + std::string("    {\n      \"names\": ") + list_text(group.names, 6, 15) + rest;
      if (!group.comment.empty()) text += ",\n      \"comment\": " + quoted(group.comment);
      text += "\n    }";
      between = ",\n";
    }
  text += groups_.empty() ? "]\n}\n" : "\n  ]\n}\n";
  return {std::move(text), std::move(found_)};
}

}  // namespace

FormatBounds oci_bounds() {
  return {"a seccomp profile", nearest_action, nearest_action, {ActionKind::kill_thread, 0}};
}

Result<std::string> write_oci(CallAnswers& answers, const Policy& policy, const OciWriteOptions& options) {
  return Writer(answers, policy, options).write();
}

}  // namespace cordon::formats
