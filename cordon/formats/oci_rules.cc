// libseccomp has no order of rules as a reader would expect it: for each call
//
//   1. the first rule without a condition decides alone; rules with conditions, before it or after it, and
//      later rules without one have no effect;
//   2. else the first of two equal conditions counts, and the rest are tried in the order of its tree
//      (oci_overlap.h);
//   3. a rule with the default action is not added at all.
//
//   errno(1) socket[a0 == 38]; allow socket       ->  allow socket
//   allow ioctl[a1 > 5]; errno(1) ioctl[a1 > 9]   ->  errno(1) ioctl[a1 > 9]; allow ioctl[a1 > 5]
//
// Rules of different calls cannot meet, so each keeps the place of one of its own call in the file. An
// entry that tests an argument twice is not a conjunction: each of its tests becomes a rule (runc, crun).
#include "cordon/formats/oci_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <unordered_map>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/oci_overlap.h"

namespace cordon::formats {
namespace {

// An entry of n names and m separate tests makes n * m rules; a real profile has about five hundred.
constexpr size_t kMaxRules = 100000;
// Overlaps are looked for pair by pair.
constexpr size_t kMaxComparedChains = 64;

std::string quoted(std::string_view text) { return "'" + base::printable(text) + "'"; }

// One rule as libseccomp would be given it.
struct Addition {
  const OciEntry* entry;
  const OciText* name;
  OciChain chain;
};

bool tests_some_argument_twice(const OciEntry& entry) {
  unsigned seen = 0;
  for (const OciArg& arg : entry.args) {
    if ((seen >> arg.index & 1) != 0) return true;
    seen |= 1u << arg.index;
  }
  return false;
}

class RuleMaker {
 public:
  RuleMaker(const OciRuleOptions& options, ProfileReporter& report) : options_(options), report_(report) {}

  std::vector<Rule> make(const std::vector<const OciEntry*>& entries);

 private:
  void add_entry(const OciEntry& entry);
  bool is_dropped_name(const OciText& name);
  void decide(const std::vector<size_t>& additions);
  void keep_only(size_t kept, const std::vector<size_t>& additions);
  void keep_conditional(const std::vector<size_t>& additions);
  std::vector<size_t> without_repeats(const std::vector<size_t>& additions);
  bool conflict(size_t a, size_t b) const;
  bool may_conflict(const std::vector<size_t>& additions) const;
  void warn_of_overlaps(const std::vector<size_t>& ordered);
  void drop(size_t dropped, size_t kept, std::string message, std::string code = "dropped-rule");

  OciRuleOptions options_;
  ProfileReporter& report_;
  std::vector<Addition> additions_;
  std::vector<const Addition*> places_;  // what stands in each addition's place at the end; null: nothing
};

ArgTest make_test(const OciArg& arg) {
  ArgTest test;
  test.span = arg.span;
  test.operand.slot = arg.index;
  test.operand.raw = true;  // libseccomp compares whole registers
  auto number = [&](uint64_t value) { return Value{Value::Kind::number, value, {}, {}, arg.span}; };
  uint64_t value = arg.value;
  switch (arg.op) {
    case OciOp::eq: test.op = CompareOp::eq; break;
    case OciOp::ne: test.op = CompareOp::ne; break;
    case OciOp::lt: test.op = CompareOp::lt; break;
    case OciOp::le: test.op = CompareOp::le; break;
    case OciOp::gt: test.op = CompareOp::gt; break;
    case OciOp::ge: test.op = CompareOp::ge; break;
    case OciOp::masked_eq:
      test.op = CompareOp::eq;
      test.mask.push_back(number(arg.value));
      value = arg.value_two & arg.value;
      break;
  }
  test.values.push_back({number(value), {}});
  return test;
}

Condition make_condition(OciChain chain) {
  Condition all;
  if (chain.empty()) return all;
  for (const OciArg& arg : chain) {
    Condition condition;
    condition.kind = Condition::Kind::test;
    condition.test = make_test(arg);
    condition.span = arg.span;
    all.operands.push_back(std::move(condition));
  }
  if (chain.size() == 1) return std::move(all.operands.front());
  all.kind = Condition::Kind::all;
  all.span = {chain.front().span.source, chain.front().span.begin, chain.back().span.end};
  return all;
}

Rule make_rule(const Addition& addition) {
  Rule rule;
  rule.action = addition.entry->action;
  rule.target.name = addition.name->text;
  rule.condition = make_condition(addition.chain);
  rule.span = addition.name->span;
  rule.comment = addition.entry->comment;
  return rule;
}

std::vector<Rule> RuleMaker::make(const std::vector<const OciEntry*>& entries) {
  for (const OciEntry* entry : entries) add_entry(*entry);
  std::vector<Rule> rules;
  if (additions_.size() > kMaxRules) return rules;

  // In order of first occurrence, so that messages come in the order of the file.
  std::unordered_map<std::string_view, size_t> index_of;
  std::vector<std::vector<size_t>> calls;
  for (size_t i = 0; i < additions_.size(); ++i) {
    auto [found, is_new] = index_of.try_emplace(additions_[i].name->text, calls.size());
    if (is_new) calls.emplace_back();
    calls[found->second].push_back(i);
  }
  places_.assign(additions_.size(), nullptr);
  for (const std::vector<size_t>& additions : calls) decide(additions);
  for (const Addition* addition : places_)
    if (addition != nullptr) rules.push_back(make_rule(*addition));
  return rules;
}

void RuleMaker::add_entry(const OciEntry& entry) {
  if (entry.action == options_.default_action) {
    report_.note("default-rule", entry.span, "the entry's action is the default action: it makes no rule");
    return;
  }
  bool is_split = tests_some_argument_twice(entry);
  if (is_split)
    report_.warning("or-of-conditions", entry.args.front().span,
                    "an argument is tested twice, so the entry's conditions are joined by or, not by and",
                    "runc and crun make each condition a rule of its own; a range cannot be said in this format");
  size_t chains = is_split ? entry.args.size() : 1;
  if (additions_.size() + entry.names.size() * chains > kMaxRules) {
    if (additions_.size() <= kMaxRules)
      report_.error("too-many-rules", entry.span,
                    "the profile makes more than " + std::to_string(kMaxRules) + " rules");
    additions_.resize(kMaxRules + 1);
    return;
  }
  for (const OciText& name : entry.names) {
    if (is_dropped_name(name)) continue;
    if (entry.action.kind == ActionKind::notify && name.text == "write")
      report_.warning("notify-hangs", name.span, "runc refuses SCMP_ACT_NOTIFY for write: the container would hang");
    OciChain all(entry.args);
    if (!is_split) additions_.push_back({&entry, &name, all});
    for (size_t i = 0; is_split && i < all.size(); ++i) additions_.push_back({&entry, &name, all.subspan(i, 1)});
  }
}

bool RuleMaker::is_dropped_name(const OciText& name) {
  if (!options_.drop_unknown_names || abi::is_syscall_name(name.text)) return false;
  report_.note("unknown-syscall", name.span,
               "no system call is called " + quoted(name.text) + ": dropped, as runc does");
  return true;
}

void RuleMaker::decide(const std::vector<size_t>& additions) {
  for (size_t i : additions)
    if (additions_[i].chain.empty()) return keep_only(i, additions);
  keep_conditional(additions);
}

void RuleMaker::drop(size_t dropped, size_t kept, std::string message, std::string code) {
  report_.warning(std::move(code), additions_[dropped].name->span, std::move(message));
  report_.beside(additions_[kept].name->span, "the one that counts");
}

void RuleMaker::keep_only(size_t kept, const std::vector<size_t>& additions) {
  const Addition& winner = additions_[kept];
  places_[kept] = &winner;
  for (size_t i : additions) {
    const Addition& other = additions_[i];
    if (!other.chain.empty())
      drop(i, kept,
           "this rule on " + quoted(other.name->text) +
               " has no effect: in libseccomp a rule without conditions decides alone");
    else if (!(other.entry->action == winner.entry->action))
      drop(i, kept, "this rule on " + quoted(other.name->text) + " has no effect: libseccomp keeps the first one");
  }
}

// Equal conditions have equal keys.
std::vector<std::array<uint64_t, 4>> key_of(OciChain chain) {
  std::vector<std::array<uint64_t, 4>> key;
  for (const OciArg& arg : chain)
    key.push_back({arg.index, static_cast<uint64_t>(arg.op), arg.value,
                   arg.op == OciOp::masked_eq ? arg.value_two & arg.value : 0});
  std::sort(key.begin(), key.end());
  return key;
}

std::vector<size_t> RuleMaker::without_repeats(const std::vector<size_t>& additions) {
  std::map<std::vector<std::array<uint64_t, 4>>, size_t> first;
  std::vector<size_t> kept;
  for (size_t i : additions) {
    auto [found, is_new] = first.try_emplace(key_of(additions_[i].chain), i);
    if (is_new) {
      kept.push_back(i);
    } else if (!(additions_[found->second].entry->action == additions_[i].entry->action)) {
      drop(i, found->second,
           "this rule on " + quoted(additions_[i].name->text) +
               " has the condition of an earlier one with another action; libseccomp refuses it",
           "refused-rule");
    }
  }
  return kept;
}

void RuleMaker::keep_conditional(const std::vector<size_t>& additions) {
  std::vector<size_t> kept = without_repeats(additions);
  if (!may_conflict(kept)) {
    for (size_t i : kept) places_[i] = &additions_[i];
    return;
  }
  std::vector<OciChain> chains;
  for (size_t i : kept) chains.push_back(additions_[i].chain);
  std::vector<size_t> order = libseccomp_order(chains);
  std::vector<size_t> ordered;
  for (size_t place = 0; place < kept.size(); ++place) {
    ordered.push_back(kept[order[place]]);
    places_[kept[place]] = &additions_[ordered.back()];
  }
  warn_of_overlaps(ordered);
}

bool RuleMaker::conflict(size_t a, size_t b) const {
  return !(additions_[a].entry->action == additions_[b].entry->action) &&
         may_overlap(additions_[a].chain, additions_[b].chain);
}

// Whether the order can matter; false lets the rules stand as in the file.
bool RuleMaker::may_conflict(const std::vector<size_t>& additions) const {
  const Addition& first = additions_[additions[0]];
  auto all = [&](auto holds) {
    return std::all_of(additions.begin(), additions.end(), [&](size_t i) { return holds(additions_[i]); });
  };
  if (all([&](const Addition& one) { return one.entry->action == first.entry->action; })) return false;
  // Different values of one argument exclude each other, however many there are.
  auto is_value = [&](const Addition& one) {
    return one.chain.size() == 1 && one.chain[0].op == OciOp::eq && one.chain[0].index == first.chain[0].index;
  };
  if (all(is_value)) return false;
  if (additions.size() > kMaxComparedChains) return true;
  for (size_t i = 0; i < additions.size(); ++i)
    for (size_t j = i + 1; j < additions.size(); ++j)
      if (conflict(additions[i], additions[j])) return true;
  return false;
}

void RuleMaker::warn_of_overlaps(const std::vector<size_t>& ordered) {
  size_t count = std::min(ordered.size(), kMaxComparedChains);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) {
      size_t first = ordered[i];
      size_t second = ordered[j];
      if (!conflict(first, second)) continue;
      report_.warning("overlapping-conditions", additions_[second].chain.front().span,
                      "two conditions on " + quoted(additions_[second].name->text) +
                          " with different actions can hold for one call; this one is tried last",
                      "make the conditions exclude each other");
      report_.beside(additions_[first].chain.front().span, "tried first");
      return;
    }
  }
  if (ordered.size() > kMaxComparedChains)
    report_.warning("overlapping-conditions", additions_[ordered[0]].name->span,
                    quoted(additions_[ordered[0]].name->text) + " has " + std::to_string(ordered.size()) +
                        " conditions with different actions, not all were compared for overlaps");
}

Rule make_stub_rule(uint32_t first, uint32_t last, Arch arch, Span span) {
  Rule rule;
  rule.action = {ActionKind::errno_, abi::errno_number("ENOSYS", arch).value_or(38)};
  rule.target.kind = Target::Kind::numbers;
  rule.target.first = first;
  rule.target.last = last;
  rule.target.arch = arch;
  rule.span = span;
  rule.comment = "runc: numbers the profile does not reach";
  return rule;
}

std::optional<uint32_t> highest_number(const std::vector<const OciEntry*>& entries, Arch arch) {
  std::optional<uint32_t> highest;
  for (const OciEntry* entry : entries)
    for (const OciText& name : entry->names)
      if (std::optional<uint32_t> number = abi::number_of(name.text, arch))
        highest = std::max(highest.value_or(0), *number);
  return highest;
}

}  // namespace

std::vector<Rule> make_oci_rules(const std::vector<const OciEntry*>& entries, const OciRuleOptions& options,
                                 ProfileReporter& report) {
  return RuleMaker(options, report).make(entries);
}

std::vector<Rule> make_runc_stub(const std::vector<const OciEntry*>& entries, const OciStubOptions& options) {
  std::vector<Rule> rules;
  ActionKind kind = options.default_action.kind;
  if (kind == ActionKind::allow || kind == ActionKind::log || kind == ActionKind::trace) return rules;
  bool has_x32 = std::find(options.arches.begin(), options.arches.end(), Arch::x32) != options.arches.end();
  for (Arch arch : options.arches) {
    if (arch == Arch::s390 || arch == Arch::s390x) rules.push_back(make_stub_rule(0, 0, arch, options.span));
    std::optional<uint32_t> highest = highest_number(entries, arch);
    uint32_t last = arch == Arch::x86_64 && has_x32 ? abi::kX32Bit - 1 : UINT32_MAX;
    if (!highest || *highest == 0 || *highest >= last) continue;
    rules.push_back(make_stub_rule(*highest + 1, last, arch, options.span));
  }
  return rules;
}

}  // namespace cordon::formats
