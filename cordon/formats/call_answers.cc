#include "cordon/formats/call_answers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/abi_rules.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"

namespace cordon::formats {
namespace {

constexpr uint64_t kLowWord = 0xffffffff;
constexpr uint64_t kSignBit = 0x80000000;

// Rebuilds the condition with its tests replaced. Depth of recursion: the condition's.
template <class Replace>
ResolvedCondition with_tests(const ResolvedCondition& condition, const Replace& replace) {
  if (condition.kind == ResolvedCondition::Kind::test) return replace(condition.test);
  std::vector<ResolvedCondition> operands;
  for (const ResolvedCondition& operand : condition.operands) operands.push_back(with_tests(operand, replace));
  return condition.kind == ResolvedCondition::Kind::all ? policy::all_of(std::move(operands))
                                                        : policy::any_of(std::move(operands));
}

ResolvedCondition on_low_word(const ResolvedTest& test) {
  if (test.operand == ResolvedTest::kInstructionPointer)
    return policy::make_test(test.operand, test.mask, test.allowed);
  const uint64_t mask = test.mask & kLowWord;
  const bool has_zero = !test.allowed.empty() && test.allowed.front().first == 0;
  if (mask == 0) return has_zero ? policy::always() : policy::never();
  std::vector<Interval> allowed;
  for (const Interval& interval : test.allowed)
    if (interval.first <= mask) allowed.push_back({interval.first, std::min(interval.last, mask)});
  return policy::make_test(test.operand, mask, policy::canonical(std::move(allowed), mask));
}

// A mask without the sign bit leaves open what stands above it.
ResolvedCondition on_whole_register(const ResolvedTest& test) {
  if (test.mask > kLowWord || (test.mask & kSignBit) == 0 || test.operand == ResolvedTest::kInstructionPointer)
    return policy::make_test(test.operand, test.mask, test.allowed);
  const uint64_t mask = test.mask | ~kLowWord;
  std::vector<Interval> allowed = test.allowed;
  for (const Interval& interval : test.allowed)
    if (interval.last >= kSignBit)
      allowed.push_back({std::max(interval.first, kSignBit) | ~kLowWord, interval.last | ~kLowWord});
  return policy::make_test(test.operand, mask, policy::canonical(std::move(allowed), mask));
}

void add_clause(std::vector<Clause>& clauses, ResolvedCondition condition, const Clause& like) {
  if (condition.is_never() || (!clauses.empty() && clauses.back().condition.is_always())) return;
  clauses.push_back({std::move(condition), like.action, like.origin});
}

// Segments one after the other, gaps filled with one clause.
class SegmentList {
 public:
  void fill_to(uint64_t end, Action action, Origin::Kind kind) {
    if (next_ < end) add(end - 1, {{policy::always(), action, {kind, 0, 0}}});
  }
  void add(uint64_t last, std::vector<Clause> clauses) {
    segments_.push_back({static_cast<uint32_t>(next_), static_cast<uint32_t>(last), std::move(clauses)});
    next_ = last + 1;
  }
  std::vector<Segment> take() && { return std::move(segments_); }

 private:
  std::vector<Segment> segments_;
  uint64_t next_ = 0;
};

// Of architectures with one audit value.
ArchTable table_of(const CallAnswers& answers, const std::vector<Arch>& arches) {
  const abi::ArchInfo& info = abi::info(arches.front());
  std::map<uint32_t, const CallAnswer*> named;
  std::vector<policy::NumberRange> shares;
  for (Arch arch : arches) {
    for (const policy::NumberRange& part : policy::share_of(arch, arch == arches.front())) shares.push_back(part);
    for (const CallAnswer& call : answers.calls)
      if (std::find(call.arches.begin(), call.arches.end(), arch) != call.arches.end())
        named[*abi::number_of(call.name, arch)] = &call;
  }
  std::sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  SegmentList segments;
  for (const policy::NumberRange& share : shares) {
    segments.fill_to(share.first, answers.bad_arch, Origin::Kind::bad_arch);
    for (auto at = named.lower_bound(share.first); at != named.end() && at->first <= share.last; ++at) {
      segments.fill_to(at->first, answers.default_action, Origin::Kind::default_action);
      segments.add(at->first, clauses_on(at->second->clauses, info.word_bits));
    }
    segments.fill_to(uint64_t{share.last} + 1, answers.default_action, Origin::Kind::default_action);
  }
  segments.fill_to(uint64_t{UINT32_MAX} + 1, answers.bad_arch, Origin::Kind::bad_arch);
  return {info.audit_arch, info.endian, info.word_bits, std::move(segments).take()};
}

}  // namespace

std::vector<Clause> clauses_on(const std::vector<Clause>& clauses, unsigned word_bits) {
  if (word_bits == 64) return clauses;
  std::vector<Clause> result;
  for (const Clause& clause : clauses) add_clause(result, with_tests(clause.condition, on_low_word), clause);
  return result;
}

std::optional<std::vector<Clause>> narrowed(const std::vector<Clause>& clauses) {
  std::vector<Clause> result;
  ActionKind loosest_later = ActionKind::kill_process;
  for (size_t i = clauses.size(); i-- > 0;) {
    const bool may_narrow = loosest_later <= clauses[i].action.kind;
    loosest_later = std::max(loosest_later, clauses[i].action.kind);
    result.push_back(clauses[i]);
    if (may_narrow) result.back().condition = with_tests(clauses[i].condition, on_whole_register);
  }
  std::reverse(result.begin(), result.end());
  if (result == clauses) return std::nullopt;
  return result;
}

std::vector<Clause> strictest_alone(const std::vector<Clause>& clauses) {
  const Clause* strictest = &clauses.front();
  for (const Clause& clause : clauses)
    if (!(policy::stricter(strictest->action, clause.action) == strictest->action)) strictest = &clause;
  return {{policy::always(), strictest->action, strictest->origin}};
}

ResolvedPolicy meaning_of(const CallAnswers& answers) {
  std::map<uint32_t, std::vector<Arch>> by_audit_value;
  for (Arch arch : answers.arches) by_audit_value[abi::info(arch).audit_arch].push_back(arch);
  ResolvedPolicy meaning;
  meaning.bad_arch = answers.bad_arch;
  for (auto& [audit_arch, arches] : by_audit_value) {
    std::sort(arches.begin(), arches.end());  // x86_64 before x32
    meaning.arches.push_back(table_of(answers, arches));
  }
  return meaning;
}

}  // namespace cordon::formats
