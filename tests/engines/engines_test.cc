// Every engine gives every call the same answer: the reference meaning, the program of each optimisation
// level in the simulator, and the running kernel. A difference names the seed, the call and who said what.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "cordon/base/render.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/compile/compile.h"
#include "cordon/compile/dump.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "generate.h"
#include "kernel_run.h"
#include "path.h"

namespace cordon::engines {
namespace {

using compiler::Optimize;

constexpr Optimize kLevels[] = {Optimize::none, Optimize::attach, Optimize::size};
constexpr const char* kLevelNames[] = {"none", "attach", "size"};

uint64_t policy_count(uint64_t quick) {
  const char* scale = std::getenv("CORDON_TEST_SCALE");
  return scale != nullptr ? quick * std::strtoull(scale, nullptr, 10) : quick;
}

std::string explain(uint64_t seed, const ResolvedPolicy& policy, const Call& call) {
  return "seed " + std::to_string(seed) + ", call " + text_of(call) + "\n" + compiler::dump_resolved(policy);
}

Call call_of(const bpf::Input& input) {
  Call call{input.nr, input.audit_arch, input.instruction_pointer, {}};
  std::copy(std::begin(input.args), std::end(input.args), call.args.begin());
  return call;
}

struct Totals {
  size_t calls = 0, kernel_calls = 0, insns = 0, unreached = 0;
  std::string first_unreached;
};

// Every instruction must be executed by some call: where none of the list does, one is found from the program.
void expect_all_executed(uint64_t seed, const ResolvedPolicy& policy, const Filter& filter, std::vector<bool>& executed,
                         Totals& totals) {
  auto missing = [&] { return std::find(executed.begin(), executed.end(), false); };
  for (size_t max_ways : {size_t{16}, size_t{400}}) {
    if (missing() == executed.end()) return;
    Paths paths = find_paths(filter.program, max_ways);
    for (size_t pc = 0; pc < executed.size(); ++pc) {
      if (executed[pc] || !paths.calls[pc]) continue;
      Call call = call_of(*paths.calls[pc]);
      bpf::Run run = bpf::simulate_marking(filter.program, *paths.calls[pc], Endian::little, executed);
      ASSERT_TRUE(executed[pc]) << "the path found does not lead to " << pc << ": " << text_of(call);
      ASSERT_EQ(run.ret, policy::to_ret(policy::evaluate(policy, call).action)) << explain(seed, policy, call);
    }
  }
  if (missing() == executed.end()) return;
  EXPECT_FALSE(filter.report.is_tight) << "seed " << seed << ": the compiler says that some call executes instruction "
                                       << missing() - executed.begin() << "\n"
                                       << compiler::dump_resolved(policy) << bpf::disassemble(filter.program, {});
  totals.unreached += static_cast<size_t>(std::count(executed.begin(), executed.end(), false));
  if (!totals.first_unreached.empty()) return;
  totals.first_unreached = "seed " + std::to_string(seed) + ": no call executes instruction " +
                           std::to_string(missing() - executed.begin()) + "\n" + compiler::dump_resolved(policy) +
                           bpf::disassemble(filter.program, {});
}

// The constant-allow bitmap answers every number that is allowed whatever the arguments are.
void expect_bitmap(uint64_t seed, const ResolvedPolicy& policy, const bpf::Program& program) {
  for (const ArchTable& table : policy.arches) {
    for (const Segment& segment : table.segments) {
      if (!segment.clauses[0].condition.is_always() || segment.clauses[0].action.kind != ActionKind::allow) continue;
      for (uint32_t nr : {segment.first, segment.last}) {
        EXPECT_TRUE(bpf::is_const_allow(program, table.audit_arch, nr).answer) << "seed " << seed << " nr " << nr;
      }
    }
  }
}

void expect_agreement(uint64_t seed, const ResolvedPolicy& policy, Random& random, Totals& totals) {
  std::vector<Call> calls = boundary_calls(policy, random);
  std::vector<Filter> filters;
  for (Optimize level : kLevels) {
    Result<Filter> filter = compiler::compile(policy, {.optimize = level, .dump = nullptr});
    if (!filter && level == Optimize::none) return;  // the plain form may be too large
    ASSERT_TRUE(filter) << "seed " << seed << ": " << filter.error().begin()->message;
    filters.push_back(std::move(*filter));
    expect_bitmap(seed, policy, filters.back().program);
  }
  std::vector<std::vector<bool>> executed;
  for (const Filter& filter : filters) executed.emplace_back(filter.program.size(), false);
  for (const Call& call : calls) {
    uint32_t expected = policy::to_ret(policy::evaluate(policy, call).action);
    bpf::Input input = input_of(call);
    for (size_t i = 0; i < filters.size(); ++i) {
      const bpf::Program& program = filters[i].program;
      bpf::Run run = bpf::simulate_marking(program, input, Endian::little, executed[i]);
      ASSERT_EQ(run.ret, expected) << "optimize " << kLevelNames[i]
                                   << " differs from evaluate: " << explain(seed, policy, call)
                                   << bpf::disassemble(program, {});
    }
  }
  totals.calls += calls.size();
  for (size_t i = 1; i < filters.size(); ++i) {  // the plain form may hold more than it needs
    totals.insns += executed[i].size();
    ASSERT_NO_FATAL_FAILURE(expect_all_executed(seed, policy, filters[i], executed[i], totals));
  }

  std::vector<Call> makable;
  for (const Call& call : some_calls(calls, 60, random)) {
    if (can_call(call)) makable.push_back(call);
  }
  auto answers = run_in_kernel(filters[seed % 3].program, makable);
  if (!answers) return;
  for (const KernelAnswer& answer : *answers) {
    uint32_t expected = policy::to_ret(policy::evaluate(policy, answer.call).action);
    ASSERT_EQ(answer.ret, expected) << "the kernel differs from evaluate: " << explain(seed, policy, answer.call);
  }
  totals.kernel_calls += answers->size();
}

TEST(Engines, AgreeOnRandomResolvedPolicies) {
  Totals totals;
  uint64_t count = policy_count(1000);
  for (uint64_t seed = 1; seed <= count && !HasFatalFailure(); ++seed) {
    Random random(seed);
    expect_agreement(seed, random_resolved(random), random, totals);
  }
  RecordProperty("calls", std::to_string(totals.calls));
  RecordProperty("kernel_calls", std::to_string(totals.kernel_calls));
  // Blocks of twenty-four unrelated clauses have more states than prune follows; there a dead test may stay, and the
  // compiler says so: 2.6 of a thousand instructions, and fewer than one where every state is followed as long as steps
  // last, which takes ten times the time for long lists.
  EXPECT_LT(totals.unreached * 1000, totals.insns * 3)
      << totals.unreached << " of " << totals.insns << ", " << totals.first_unreached;
}

TEST(Engines, AgreeOnRandomPoliciesAsPeopleWriteThem) {
  Totals totals;
  uint64_t count = policy_count(1000), judged = 0;
  // About half of what is generated contradicts itself and is refused; the generator goes on until enough are judged.
  for (uint64_t seed = 1; judged < count && seed <= 4 * count && !HasFatalFailure(); ++seed) {
    Random random(seed);
    Result<ResolvedPolicy> policy = policy::resolve(random_policy(random), {});
    if (!policy) continue;
    ++judged;
    expect_agreement(seed, *policy, random, totals);
  }
  EXPECT_EQ(judged, count) << "the generator makes too few policies that resolve";
  EXPECT_EQ(totals.unreached, 0u) << totals.first_unreached;
}

// Arches this machine does not run, by simulation: both byte orders and word sizes, alone and together, with the calls
// that socketcall and ipc hide on some of them.
TEST(Engines, AgreeOnPoliciesForOtherMachines) {
  const std::vector<Arch> kMachines[] = {
      {Arch::arm64},
      {Arch::arm64, Arch::arm, Arch::riscv64},
      {Arch::s390x},
      {Arch::s390x, Arch::s390},
      {Arch::ppc64, Arch::ppc, Arch::s390x},
      {Arch::mips, Arch::parisc},
      {Arch::x86_64, Arch::i386, Arch::x32, Arch::arm64, Arch::arm, Arch::riscv64, Arch::riscv32, Arch::ppc64le}};
  size_t judged = 0, calls_made = 0;
  for (const std::vector<Arch>& arches : kMachines) {
    for (uint64_t seed = 1; seed <= policy_count(60) && !HasFatalFailure(); ++seed) {
      Random random(seed);
      Policy written = random_policy(random);
      written.arches = arches;
      for (Rule& rule : written.rules) {
        if (rule.target.arch) rule.target.arch = random.pick(arches);
      }
      Result<ResolvedPolicy> policy = policy::resolve(written, {});
      if (!policy) continue;  // a contradiction
      ++judged;
      std::vector<Call> calls = boundary_calls(*policy, random);
      calls_made += calls.size();
      for (Optimize level : kLevels) {
        Result<Filter> filter = compiler::compile(*policy, {.optimize = level, .dump = nullptr});
        if (!filter && level == Optimize::none) continue;  // the plain form may be too large
        ASSERT_TRUE(filter) << "seed " << seed << ": " << filter.error().begin()->message;
        for (const Call& call : calls) {
          ASSERT_EQ(bpf::simulate(filter->program, input_of(call), filter->endian).ret,
                    policy::to_ret(policy::evaluate(*policy, call).action))
              << "optimize " << kLevelNames[static_cast<size_t>(level)] << " " << explain(seed, *policy, call);
        }
      }
    }
  }
  EXPECT_GT(judged, 100u);
  EXPECT_GT(calls_made, 10000u);
}

TEST(Engines, AnUnrelatedRuleLeavesOtherCallsUnchanged) {
  Rule unrelated;
  unrelated.action = {ActionKind::errno_, 77};
  unrelated.target.name = "sched_yield";
  constexpr uint32_t kItsNumbers[] = {24, 158, 0x40000018};
  size_t compared = 0;
  for (uint64_t seed = 1; seed <= policy_count(200) && !HasFatalFailure(); ++seed) {
    Random random(seed);
    Policy policy = random_policy(random), longer = policy;
    longer.rules.insert(longer.rules.begin(), unrelated);
    Result<ResolvedPolicy> one = policy::resolve(policy, {}), two = policy::resolve(longer, {});
    if (!one || !two) continue;  // a contradiction
    Result<Filter> before = compiler::compile(*one, {}), after = compiler::compile(*two, {});
    ASSERT_TRUE(before && after);
    for (const Call& call : boundary_calls(*one, random)) {
      if (std::count(std::begin(kItsNumbers), std::end(kItsNumbers), call.nr) > 0) continue;
      ASSERT_EQ(bpf::simulate(before->program, input_of(call), Endian::little).ret,
                bpf::simulate(after->program, input_of(call), Endian::little).ret)
          << explain(seed, *two, call);
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000u);
}

}  // namespace
}  // namespace cordon::engines
