#include "recorded_policy.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cordon/base/text.h"
#include "cordon/formats/oci_rules.h"
#include "cordon/policy/resolve.h"

namespace cordon::conformance {
namespace {

using formats::OciArg;
using formats::OciEntry;
using formats::OciOp;

constexpr uint64_t kX32Token = 0x4000003e;  // SCMP_ARCH_X32, which is no value a filter sees
// Entries have names; these stand for numbers without one.
constexpr char kNumberMark = '#';

// enum scmp_compare, from 1.
constexpr OciOp kOps[] = {OciOp::ne, OciOp::lt, OciOp::le, OciOp::eq, OciOp::ge, OciOp::gt, OciOp::masked_eq};

Diagnostic refusal(std::string message) {
  return {.severity = Severity::error,
          .code = "recording",
          .place = {},
          .message = std::move(message),
          .hint = {},
          .notes = {}};
}

// Numbers that are negative stand for calls the native ABI lacks, and -1 for what a tracer skips.
uint32_t call_number(const JsonValue& rule) { return static_cast<uint32_t>(std::stoll(member(rule, "number").text)); }

OciArg arg_of(const JsonValue& json) {
  OciArg arg;
  arg.index = static_cast<uint8_t>(json.items[0].integer);
  arg.op = kOps[json.items[1].integer - 1];
  arg.value = json.items[2].integer;
  arg.value_two = json.items[3].integer;
  return arg;
}

OciEntry entry_of(const JsonValue& rule) {
  OciEntry entry;
  std::string name = member(rule, "name").text;
  if (name.empty()) name = kNumberMark + std::to_string(call_number(rule));
  entry.names.push_back({std::move(name), {}});
  entry.action = policy::from_ret(number_at(rule, "action"));
  for (const JsonValue& arg : member(rule, "args").items) entry.args.push_back(arg_of(arg));
  return entry;
}

void make_number_target(Rule& rule) {
  if (rule.target.name[0] != kNumberMark) return;
  rule.target.kind = Target::Kind::numbers;
  rule.target.first = rule.target.last = static_cast<uint32_t>(std::stoul(rule.target.name.substr(1)));
}

Result<ResolvedPolicy> resolve_part(const JsonValue& root, const JsonValue& part, formats::ProfileReporter& report) {
  Policy policy;
  policy.format = PolicyFormat::oci;
  policy.default_action.action = policy::from_ret(number_at(root, "default_action"));
  policy.bad_arch.action = policy::from_ret(number_at(root, "bad_arch"));
  for (const JsonValue& token : member(part, "arches").items) {
    const std::optional<Arch> arch = arch_of_token(token.integer);
    if (!arch) return refusal("no table of architecture " + token.text);
    policy.arches.push_back(*arch);
  }
  std::vector<OciEntry> entries;
  for (const JsonValue& rule : member(part, "rules").items) entries.push_back(entry_of(rule));
  std::vector<const OciEntry*> pointers;
  for (const OciEntry& entry : entries) pointers.push_back(&entry);
  policy.rules = formats::make_oci_rules(pointers, {.default_action = policy.default_action.action}, report);
  for (Rule& rule : policy.rules) make_number_target(rule);
  return policy::resolve(policy, {.allow_unknown = true});
}

}  // namespace

const JsonValue& member(const JsonValue& object, std::string_view key) {
  auto found = std::find_if(object.members.begin(), object.members.end(),
                            [key](const JsonMember& one) { return one.key == key; });
  CORDON_ASSERT(found != object.members.end(), "replay.py and conformance.py write every key");
  return found->value;
}

uint32_t number_at(const JsonValue& object, std::string_view key) {
  return static_cast<uint32_t>(member(object, key).integer);
}

std::optional<Arch> arch_of_token(uint64_t token) {
  if (token == kX32Token) return Arch::x32;
  for (const abi::ArchInfo& info : abi::arches())
    if (info.audit_arch == token) return info.arch;
  return std::nullopt;
}

Result<RecordedPolicy> read_recorded(const JsonValue& root, const Sources& sources) {
  formats::ProfileReporter report(sources);
  RecordedPolicy recorded;
  for (const JsonValue& part : member(root, "parts").items) {
    CORDON_TRY(resolved, resolve_part(root, part, report));
    recorded.meaning.bad_arch = resolved.bad_arch;
    for (ArchTable& table : resolved.arches) recorded.meaning.arches.push_back(std::move(table));
    recorded.rule_count += member(part, "rules").items.size();
  }
  std::vector<ArchTable>& tables = recorded.meaning.arches;
  std::sort(tables.begin(), tables.end(),
            [](const ArchTable& a, const ArchTable& b) { return a.audit_arch < b.audit_arch; });
  for (size_t i = 1; i < tables.size(); ++i)
    if (tables[i].audit_arch == tables[i - 1].audit_arch) return refusal("x86_64 and x32 have rules of their own");
  if (!tables.empty()) recorded.endian = tables[0].endian;
  return recorded;
}

}  // namespace cordon::conformance
