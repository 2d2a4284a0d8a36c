#include "cordon/compile/stack.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/bpf/cost.h"
#include "cordon/compile/shares.h"

namespace cordon::compiler {
namespace {

// Above what the kernel takes for all filters together; what is larger is not looked at any further.
constexpr size_t kMaxTotal = bpf::kMaxInsnsPerPath / 4 * 5;
constexpr size_t kMaxTried = 2 * bpf::kMaxInsns;  // shares with more values are cut without a try
constexpr size_t kMaxCuts = 64;
constexpr unsigned kMaxPackings = 6;  // each puts a tenth less into a filter than the one before
constexpr size_t kOverhead = 6;       // loads, architectures and answers, which every program has

// Shares with the same rules, which share instructions, and their size as a program of their own.
struct Family {
  std::vector<Share> shares;
  std::vector<Origin> rules;
  size_t size = 0;
};

// What goes into one filter.
struct Part {
  std::vector<const Family*> families;
  size_t size = 0;
};

bool is_before(const Origin& a, const Origin& b) {
  return std::tie(a.policy, a.kind, a.rule) < std::tie(b.policy, b.kind, b.rule);
}

std::vector<Origin> rules_of(const Share& share) {
  std::vector<Origin> rules;
  for (const Clause& clause : share.clauses)
    if (!clause.condition.is_always()) rules.push_back(clause.origin);
  std::sort(rules.begin(), rules.end(), is_before);
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  return rules;
}

std::string text_of(const ResolvedPolicy& policy, const Share& share) {
  const std::optional<Arch> arch = abi::arch_of_call(policy.arches[share.arch].audit_arch, share.first);
  const std::string_view name = arch ? abi::name_of(share.first, *arch) : std::string_view();
  if (name.empty()) return "number " + std::to_string(share.first);
  return std::string(name) + " on " + std::string(abi::name(*arch));
}

// A filter has one answer for a number.
bool meets(const Part& part, const Family& family) {
  for (const Family* other : part.families)
    for (const Share& a : other->shares)
      for (const Share& b : family.shares)
        if (a.arch == b.arch && a.first == b.first) return true;
  return false;
}

class Divider {
 public:
  Divider(const ResolvedPolicy& policy, const CompileOptions& options) : policy_(policy), options_(options) {}

  // No value: why_not() says why.
  std::optional<FilterStack> run() {
    divide();
    if (!measure_last() || !measure_families()) return std::nullopt;
    return pack();
  }
  const std::string& why_not() const { return why_not_; }

 private:
  bool is_for_last(const Share& share) const;
  void divide();
  bool measure_last();
  std::optional<Filter> try_out(const Family& family) const;
  bool measure_families();
  bool take_apart(Family family, std::vector<Family>& waiting);
  std::vector<Part> parts_of(size_t capacity) const;
  std::optional<FilterStack> pack();
  std::optional<FilterStack> build(const std::vector<Part>& parts) const;
  bool is_admitted(const FilterStack& stack);

  Result<Filter> compile_part(const ResolvedPolicy& part, std::vector<std::string>* dump) const {
    return compile(part, {.optimize = options_.optimize, .dump = dump, .weights = options_.weights});
  }

  const ResolvedPolicy& policy_;
  CompileOptions options_;
  Family last_;
  std::vector<Family> families_;
  std::string why_not_;
};

// Where a later filter might be kept out, where a listener is asked, and what nobody names: small, and best together.
bool Divider::is_for_last(const Share& share) const {
  if (share.clauses.size() == 1) return true;
  for (const Clause& clause : share.clauses)
    if (clause.action.kind == ActionKind::notify) return true;
  for (const abi::ArchInfo& arch : abi::arches()) {
    if (arch.audit_arch != policy_.arches[share.arch].audit_arch) continue;
    for (std::string_view name : {"seccomp", "prctl"}) {
      const auto number = abi::number_of(name, arch.arch);
      if (number && share.first <= *number && *number <= share.last) return true;
    }
  }
  return false;
}

void Divider::divide() {
  for (Share& share : shares_of(policy_)) {
    if (is_for_last(share)) {
      last_.shares.push_back(std::move(share));
      continue;
    }
    std::vector<Origin> rules = rules_of(share);
    const auto known =
        std::find_if(families_.begin(), families_.end(), [&](const Family& family) { return family.rules == rules; });
    if (known == families_.end())
      families_.push_back({{std::move(share)}, std::move(rules), 0});
    else
      known->shares.push_back(std::move(share));
  }
}

bool Divider::measure_last() {
  const Result<Filter> filter = compile_part(part_of(policy_, last_.shares, Rest::as_policy), nullptr);
  if (filter) last_.size = filter->program.size();
  if (!filter)
    why_not_ =
        "seccomp, prctl and the calls that are notified have to be judged by one filter of a stack, and are too "
        "many for one";
  return filter.has_value();
}

std::optional<Filter> Divider::try_out(const Family& family) const {
  if (family.shares.size() == 1 && size_of(family.shares.front()) > kMaxTried) return std::nullopt;
  Result<Filter> filter = compile_part(part_of(policy_, family.shares, Rest::allowed), nullptr);
  return filter ? std::optional(std::move(*filter)) : std::nullopt;
}

bool Divider::measure_families() {
  std::vector<Family> waiting = std::move(families_);
  std::reverse(waiting.begin(), waiting.end());
  families_.clear();
  size_t total = 0, cuts = 0;
  while (!waiting.empty()) {
    Family family = std::move(waiting.back());
    waiting.pop_back();
    std::optional<Filter> filter = try_out(family);
    if (filter) {
      family.size = filter->program.size();
      total += family.size;
      families_.push_back(std::move(family));
    } else if (++cuts > kMaxCuts || !take_apart(std::move(family), waiting)) {
      if (why_not_.empty()) total = kMaxTotal;
      break;
    }
    if (total >= kMaxTotal) break;
  }
  if (total >= kMaxTotal)
    why_not_ = "as stacked filters it would be more than " + std::to_string(kMaxTotal) +
               " instructions, and the kernel takes at most " + std::to_string(bpf::kMaxInsnsPerPath) +
               " for all filters of a process";
  return why_not_.empty();
}

// One by one, and what is one share by the values of an argument.
bool Divider::take_apart(Family family, std::vector<Family>& waiting) {
  if (family.shares.size() > 1) {
    for (size_t i = family.shares.size(); i-- > 0;) waiting.push_back({{std::move(family.shares[i])}, family.rules, 0});
    return true;
  }
  auto halves = cut(family.shares.front());
  if (halves) {
    waiting.push_back({{std::move(halves->second)}, family.rules, 0});
    waiting.push_back({{std::move(halves->first)}, std::move(family.rules), 0});
  } else {
    why_not_ = "the conditions of " + text_of(policy_, family.shares.front()) +
               " alone are too many for one filter, and no argument's values divide them among several";
  }
  return halves.has_value();
}

// The largest first, each where there is room; parts of one share cannot be in one filter.
std::vector<Part> Divider::parts_of(size_t capacity) const {
  std::vector<const Family*> by_size;
  for (const Family& family : families_) by_size.push_back(&family);
  std::stable_sort(by_size.begin(), by_size.end(), [](const Family* a, const Family* b) { return a->size > b->size; });
  std::vector<Part> parts{{{&last_}, last_.size}};
  for (const Family* family : by_size) {
    const auto room = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
      return part.size + family->size <= capacity + kOverhead && !meets(part, *family);
    });
    if (room == parts.end()) {
      parts.push_back({{family}, family->size});
    } else {
      room->families.push_back(family);
      room->size += family->size - std::min(family->size, kOverhead);
    }
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::optional<FilterStack> Divider::pack() {
  size_t capacity = bpf::kMaxInsns;
  for (unsigned i = 0; i < kMaxPackings; ++i, capacity -= capacity / 10) {
    std::optional<FilterStack> stack = build(parts_of(capacity));
    if (!stack) continue;
    if (!is_admitted(*stack)) return std::nullopt;
    return stack;
  }
  why_not_ = "no way was found to put the calls together in filters that are small enough";
  return std::nullopt;
}

std::optional<FilterStack> Divider::build(const std::vector<Part>& parts) const {
  FilterStack stack;
  std::vector<std::string> stages;
  for (const Part& part : parts) {
    std::vector<Share> shares;
    for (const Family* family : part.families)
      shares.insert(shares.end(), family->shares.begin(), family->shares.end());
    const bool is_last = stack.filters.size() + 1 == parts.size();
    ResolvedPolicy meaning = part_of(policy_, std::move(shares), is_last ? Rest::as_policy : Rest::allowed);
    Result<Filter> filter = compile_part(meaning, options_.dump != nullptr ? &stages : nullptr);
    if (!filter) return std::nullopt;
    for (std::vector<Origin>& origins : filter->provenance) std::erase(origins, kLeftToAnother);
    stack.filters.push_back(std::move(*filter));
    stack.parts.push_back(std::move(meaning));
  }
  if (options_.dump != nullptr) *options_.dump = std::move(stages);
  return stack;
}

bool Divider::is_admitted(const FilterStack& stack) {
  uint64_t length = 0;
  for (const Filter& filter : stack.filters)
    length += bpf::cost(filter.program).converted_count + (length == 0 ? 0 : bpf::kInsnsPerEarlierFilter);
  if (length <= bpf::kMaxInsnsPerPath) return true;
  why_not_ = "as " + std::to_string(stack.filters.size()) + " stacked filters it is " + std::to_string(length) +
             " instructions as the kernel counts them for all filters of a process, and it takes at most " +
             std::to_string(bpf::kMaxInsnsPerPath);
  return false;
}

}  // namespace

Result<FilterStack> compile_stack(const ResolvedPolicy& policy, const CompileOptions& options) {
  std::vector<std::string> stages;
  Result<Filter> whole = compile(
      policy,
      {.optimize = options.optimize, .dump = options.dump != nullptr ? &stages : nullptr, .weights = options.weights});
  if (whole) {
    if (options.dump != nullptr) *options.dump = std::move(stages);
    FilterStack stack;
    stack.filters.push_back(std::move(*whole));
    stack.parts.push_back(policy);
    return stack;
  }
  Diagnostic problem = *whole.error().begin();
  if (problem.code != "program-too-large") return problem;
  Divider divider(policy, options);
  if (std::optional<FilterStack> stack = divider.run()) return std::move(*stack);
  problem.notes.push_back({{}, divider.why_not()});
  return problem;
}

}  // namespace cordon::compiler
