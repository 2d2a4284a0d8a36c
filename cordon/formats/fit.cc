// Numbers without a name come first, as they decide the default; then each call that does not get just that.
#include "cordon/formats/fit.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/abi_rules.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/first_match.h"
#include "cordon/policy/multiplex.h"

namespace cordon::formats {
namespace {

bool is_plain(const std::vector<Clause>& clauses) { return clauses.size() == 1; }

bool is_unknown(const std::vector<Clause>& clauses) {
  return is_plain(clauses) && clauses.front().origin.kind == Origin::Kind::unknown;
}

Action strictest(const std::vector<Clause>& clauses) { return strictest_alone(clauses).front().action; }

bool asks_instruction_pointer(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::test)
    return condition.test.operand == ResolvedTest::kInstructionPointer;
  return std::any_of(condition.operands.begin(), condition.operands.end(), asks_instruction_pointer);
}

ResolvedCondition with_hidden_pointer(ResolvedCondition condition) {
  if (condition.kind == ResolvedCondition::Kind::test && condition.test.operand == ResolvedTest::kInstructionPointer)
    condition.test.operand = policy::kFirstHiddenOperand;
  for (ResolvedCondition& operand : condition.operands) operand = with_hidden_pointer(std::move(operand));
  return condition;
}

// The strictest of what the instruction pointer may lead to.
std::vector<Clause> without_instruction_pointer(const std::vector<Clause>& clauses) {
  std::vector<ResolvedCondition> conditions;
  std::vector<policy::Candidate> candidates;
  std::vector<policy::RuleUse> uses(clauses.size());
  std::vector<policy::Tightened> tightened;
  std::vector<Clause> result;
  policy::Budget budget{uint64_t{1} << 22};
  for (const Clause& clause : clauses) conditions.push_back(with_hidden_pointer(clause.condition));
  for (size_t i = 0; i + 1 < clauses.size(); ++i)
    candidates.push_back({static_cast<uint32_t>(i), clauses[i].action, &conditions[i]});
  policy::append_first_match({candidates, clauses.back().action, clauses.back().origin, nullptr, &budget}, uses, result,
                             tightened);
  if (budget.is_exceeded()) return strictest_alone(clauses);
  for (Clause& clause : result)
    if (clause.origin.kind == Origin::Kind::rule || clause.origin.kind == Origin::Kind::multiplexed)
      clause.origin = clauses[clause.origin.rule].origin;
  return result;
}

// For each call the stricter of two answers; of long ones, the strictest of all for every call.
std::vector<Clause> stricter_of(const std::vector<Clause>& a, const std::vector<Clause>& b) {
  constexpr size_t kMaxPairs = 1 << 16;
  std::vector<Clause> result;
  if (a.size() * b.size() > kMaxPairs) {
    result = a;
    result.insert(result.end(), b.begin(), b.end());
    return strictest_alone(result);
  }
  for (const Clause& x : a)
    for (const Clause& y : b) {
      ResolvedCondition condition = policy::all_of({x.condition, y.condition});
      if (condition.is_never()) continue;
      const Action action = policy::stricter(x.action, y.action);
      result.push_back({std::move(condition), action, action == x.action ? x.origin : y.origin});
      if (result.back().condition.is_always()) return result;
    }
  return result;
}

bool mean_the_same(const std::vector<Clause>& a, const std::vector<Clause>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Clause& x, const Clause& y) {
    return x.action == y.action && x.condition == y.condition;
  });
}

bool has_rule(const Origin& origin) {
  return origin.kind == Origin::Kind::rule || origin.kind == Origin::Kind::multiplexed;
}

class Fitter {
 public:
  Fitter(const Policy& policy, const ResolvedPolicy& resolved, const FitOptions& options)
      : policy_(policy), resolved_(resolved), options_(options) {}

  Result<CallAnswers> run();

 private:
  void choose_arches();
  void choose_bad_arch();
  void look_at_unnamed(Arch arch);
  Action usual_answer() const;
  void choose_default();
  void add_calls(Arch arch);
  void add_call(Arch arch, std::string_view name, const std::vector<Clause>& clauses);
  std::vector<Clause> sayable(std::string_view name, std::vector<Clause> clauses);
  void note_unknown();
  void finish_call(CallAnswer& call) const;
  const std::vector<Clause>& clauses_at(Arch arch, uint32_t number) const;
  // An error, or a warning where a stricter answer is taken instead. False: it was an error.
  bool loses(std::string code, const Origin& origin, std::string message, std::string hint);
  std::string action_text(Action action) const {
    return "'" + policy::to_string(action, answers_.arches.front()) + "'";
  }
  std::string bounds_name() const { return std::string(options_.bounds.name); }
  Place place_of(const Origin& origin) const {
    return has_rule(origin) && origin.rule < policy_.rules.size()
               ? policy_.sources.locate(policy_.rules[origin.rule].span)
               : Place();
  }

  const Policy& policy_;
  const ResolvedPolicy& resolved_;
  const FitOptions& options_;
  Diagnostics found_;
  CallAnswers answers_;
  // What numbers without a name get, and how many of them.
  struct Unnamed {
    const std::vector<Clause>* clauses;
    Arch arch;
    uint32_t first;
    uint64_t count;
  };
  std::vector<Unnamed> unnamed_;
  bool leaves_out_unknown_ = false;
  std::unordered_map<std::string_view, size_t> index_;
  std::set<std::pair<std::string, uint32_t>> said_;
};

bool Fitter::loses(std::string code, const Origin& origin, std::string message, std::string hint) {
  if (has_rule(origin) && !said_.insert({code, origin.rule}).second) return options_.is_lossy;
  if (options_.is_lossy) {
    found_.warning(std::move(code), place_of(origin), std::move(message));
    return true;
  }
  found_.error(std::move(code), place_of(origin), std::move(message), std::move(hint));
  return false;
}

const std::vector<Clause>& Fitter::clauses_at(Arch arch, uint32_t number) const {
  const uint32_t audit_arch = abi::info(arch).audit_arch;
  const auto table = std::find_if(resolved_.arches.begin(), resolved_.arches.end(),
                                  [audit_arch](const ArchTable& one) { return one.audit_arch == audit_arch; });
  const auto after = std::upper_bound(table->segments.begin(), table->segments.end(), number,
                                      [](uint32_t value, const Segment& segment) { return value < segment.first; });
  return std::prev(after)->clauses;
}

void Fitter::choose_arches() {
  answers_.arches = policy_.arches;
  if (answers_.arches.empty()) answers_.arches.push_back(abi::native_arch());
  if (answers_.arches.size() <= options_.bounds.max_arches) return;
  const std::string kept(abi::name(answers_.arches.front()));
  loses("one-arch", {},
        bounds_name() + " is for one architecture, and the policy is for " + std::to_string(answers_.arches.size()) +
            (options_.is_lossy ? ": only " + kept + " is written" : ""),
        "--lossy writes " + kept + " alone; or make a policy for each");
  answers_.arches.resize(options_.bounds.max_arches);
}

void Fitter::choose_bad_arch() {
  const Action asked = resolved_.bad_arch, given = options_.bounds.bad_arch;
  answers_.bad_arch = given;
  if (asked == given) return;
  const std::string message = bounds_name() + " answers calls of other architectures with " + action_text(given) +
                              " whatever the policy says, here " + action_text(asked);
  if (asked.kind < given.kind)
    found_.error("badarch-looser", {}, message + ", which is stricter",
                 "'badarch " + policy::to_string(given, answers_.arches.front()) +
                     "' in the policy, or --badarch, takes what the format has");
  else
    loses("badarch-stricter", {}, message, "--lossy takes it, or --badarch says it");
}

// Goes through the segments of the architecture's numbers that no name stands in.
void Fitter::look_at_unnamed(Arch arch) {
  const bool shares = std::find(answers_.arches.begin(), answers_.arches.end(), Arch::x86_64) != answers_.arches.end();
  size_t next_name = 0;
  const size_t count = abi::syscall_count(arch);
  for (const policy::NumberRange& share : policy::share_of(arch, arch != Arch::x32 || !shares)) {
    uint64_t number = share.first;
    while (number <= share.last) {
      while (next_name < count && abi::syscall_at(arch, next_name).number < number) ++next_name;
      const uint64_t name_at = next_name < count ? abi::syscall_at(arch, next_name).number : UINT64_MAX;
      if (name_at == number) {
        ++number;
        continue;
      }
      const std::vector<Clause>& clauses = clauses_at(arch, static_cast<uint32_t>(number));
      uint64_t end = std::min<uint64_t>(name_at, uint64_t{share.last} + 1);
      // Segments are long: their end is looked for by halving.
      uint64_t low = number, high = end - 1;
      while (low < high) {
        const uint64_t middle = low + (high - low + 1) / 2;
        &clauses_at(arch, static_cast<uint32_t>(middle)) == &clauses ? low = middle : high = middle - 1;
      }
      unnamed_.push_back({&clauses, arch, static_cast<uint32_t>(number), low - number + 1});
      number = low + 1;
    }
  }
}

// The default itself where any number gets it, else what most of them get.
Action Fitter::usual_answer() const {
  const Unnamed* most = nullptr;
  for (const Unnamed& one : unnamed_) {
    if (!is_plain(*one.clauses) || is_unknown(*one.clauses)) continue;
    if (one.clauses->front().origin.kind == Origin::Kind::default_action) return one.clauses->front().action;
    if (most == nullptr || most->count < one.count) most = &one;
  }
  return most != nullptr ? most->clauses->front().action : strictest(*unnamed_.front().clauses);
}

void Fitter::choose_default() {
  for (Arch arch : answers_.arches) look_at_unnamed(arch);
  const Action usual = usual_answer();
  Action chosen = usual;
  for (const Unnamed& one : unnamed_) {
    if (is_plain(*one.clauses) && one.clauses->front().action == usual) continue;
    const Action strict = strictest(*one.clauses);
    if (is_unknown(*one.clauses) && usual.kind <= strict.kind) {
      leaves_out_unknown_ = true;
      continue;
    }
    loses(is_unknown(*one.clauses) ? "unknown-left-out" : "number-without-name", one.clauses->front().origin,
          bounds_name() + " names calls, and no call of " + std::string(abi::name(one.arch)) + " has the number " +
              std::to_string(one.first) + ", which gets " + action_text(one.clauses->front().action) +
              " and not the default, " + action_text(usual),
          is_unknown(*one.clauses) ? "leave out 'since' and 'unknown', or take a stricter default"
                                   : "leave the number out, or take --lossy");
    chosen = policy::stricter(chosen, strict);
  }
  const std::optional<Action> nearest = options_.bounds.default_action(chosen);
  answers_.default_action = nearest.value_or(chosen);
  if (!nearest)
    found_.error("default-action", {}, bounds_name() + " has no default as strict as " + action_text(chosen));
  else if (!(*nearest == chosen))
    loses("default-action", {},
          "the default action of " + bounds_name() + " cannot be " + action_text(chosen) +
              (options_.is_lossy ? ": calls without a name get " + action_text(*nearest) : ""),
          "--lossy gives calls without a name " + action_text(*nearest) + " and names all others" +
              std::string(chosen == Action{ActionKind::allow, 0} ? options_.bounds.allow_hint : std::string_view()));
}

std::vector<Clause> Fitter::sayable(std::string_view name, std::vector<Clause> clauses) {
  const auto with_pointer = std::find_if(
      clauses.begin(), clauses.end(), [](const Clause& clause) { return asks_instruction_pointer(clause.condition); });
  if (with_pointer != clauses.end() &&
      loses("instruction-pointer", with_pointer->origin,
            bounds_name() + " has no word for the instruction pointer, which this rule on '" + std::string(name) +
                "' asks" + (options_.is_lossy ? ": the strictest answer is taken" : ""),
            "--lossy takes the strictest answer"))
    clauses = without_instruction_pointer(clauses);
  for (Clause& clause : clauses) {
    if (clause.action == answers_.default_action) continue;
    const std::optional<Action> nearest = options_.bounds.call_action(clause.action);
    if (nearest && *nearest == clause.action) continue;
    const std::string message =
        bounds_name() + " cannot answer '" + std::string(name) + "' with " + action_text(clause.action);
    if (!nearest) {
      found_.error("no-such-action", place_of(clause.origin), message);
    } else if (loses("no-such-action", clause.origin,
                     message + (options_.is_lossy ? ": it gets " + action_text(*nearest) : ""),
                     "--lossy takes " + action_text(*nearest))) {
      clause.action = *nearest;
    }
  }
  return clauses;
}

void Fitter::add_call(Arch arch, std::string_view name, const std::vector<Clause>& asked) {
  std::vector<Clause> clauses = asked;
  if (is_unknown(asked) && answers_.default_action.kind <= asked.front().action.kind) {
    leaves_out_unknown_ |= !(asked.front().action == answers_.default_action);
    clauses.front().action = answers_.default_action;
  }
  clauses = sayable(name, std::move(clauses));
  auto [at, is_new] = index_.try_emplace(name, answers_.calls.size());
  if (is_new) {
    CallAnswer call;
    call.name = name;
    call.word_bits = abi::info(arch).word_bits;
    call.clauses = std::move(clauses);
    call.arches.push_back(arch);
    answers_.calls.push_back(std::move(call));
    return;
  }
  CallAnswer& call = answers_.calls[at->second];
  call.arches.push_back(arch);
  if (mean_the_same(clauses_on(call.clauses, abi::info(arch).word_bits), clauses)) return;
  const auto& told =
      std::find_if(clauses.begin(), clauses.end(), [](const Clause& one) { return has_rule(one.origin); });
  if (loses("differs-by-arch", told != clauses.end() ? told->origin : call.clauses.front().origin,
            "'" + std::string(name) + "' gets other answers on " + std::string(abi::name(arch)) + " than on " +
                std::string(abi::name(call.arches.front())) + ", and " + bounds_name() +
                " has one list for all architectures" + (options_.is_lossy ? ": the stricter one is taken" : ""),
            "make a profile for each, or take --lossy"))
    call.clauses = stricter_of(call.clauses, clauses);
}

void Fitter::add_calls(Arch arch) {
  for (size_t i = 0; i < abi::syscall_count(arch); ++i) {
    const abi::NumberedName call = abi::syscall_at(arch, i);
    add_call(arch, call.name, clauses_at(arch, call.number));
  }
}

void Fitter::note_unknown() {
  if (!leaves_out_unknown_) return;
  found_.note("unknown-left-out", {},
              bounds_name() + " cannot hold 'since' and 'unknown': newer calls get the default, " +
                  action_text(answers_.default_action));
}

void Fitter::finish_call(CallAnswer& call) const {
  bool is_first = true;
  for (const Clause& clause : call.clauses) {
    if (!has_rule(clause.origin) || clause.origin.rule >= policy_.rules.size()) continue;
    call.rule = std::min(call.rule, clause.origin.rule);
    const std::string& comment = policy_.rules[clause.origin.rule].comment;
    call.comment = is_first || call.comment == comment ? comment : std::string();
    is_first = false;
  }
  const auto all = policy::multiplexers();
  call.is_multiplexer =
      std::any_of(all.begin(), all.end(), [&call](const policy::Multiplexer& one) { return one.name == call.name; });
}

Result<CallAnswers> Fitter::run() {
  choose_arches();
  choose_bad_arch();
  choose_default();
  std::vector<Arch> widest_first = answers_.arches;
  std::stable_sort(widest_first.begin(), widest_first.end(),
                   [](Arch a, Arch b) { return abi::info(a).word_bits > abi::info(b).word_bits; });
  for (Arch arch : widest_first) add_calls(arch);
  std::erase_if(answers_.calls, [this](const CallAnswer& call) {
    return is_plain(call.clauses) && call.clauses.front().action == answers_.default_action;
  });
  for (CallAnswer& call : answers_.calls) finish_call(call);
  std::stable_sort(answers_.calls.begin(), answers_.calls.end(),
                   [](const CallAnswer& a, const CallAnswer& b) { return a.rule < b.rule; });
  note_unknown();
  if (found_.has_errors()) return found_;
  return {std::move(answers_), std::move(found_)};
}

}  // namespace

Result<CallAnswers> fit(const Policy& policy, const ResolvedPolicy& resolved, const FitOptions& options) {
  return Fitter(policy, resolved, options).run();
}

}  // namespace cordon::formats
