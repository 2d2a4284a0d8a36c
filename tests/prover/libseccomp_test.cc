// Another compiler's filters against the policies they were made from. libseccomp up to 2.6.1 keeps the wrong half of
// an argument where two comparisons of it differ above bit 31, and then allows what no rule allows: the prover has to
// find every such filter, the kernel to confirm what it says, and the others have to be proved.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>

#include "cordon/prove/chain.h"
#include "cordon/prove/compare.h"
#include "tests/engines/generate.h"
#include "tests/engines/kernel_run.h"
#include "tests/engines/scmp.h"

namespace cordon::engines {
namespace {

using prove::Verdict;

constexpr uint32_t kGetppid = 110;  // takes no argument and does nothing, whatever it is given
constexpr Action kAllow{ActionKind::allow, 0}, kRefuse{ActionKind::errno_, 1};

bool is_fixed_version() {
  const scmp_version* version = seccomp_version();
  return version->major > 2 ||
         (version->major == 2 && (version->minor > 6 || (version->minor == 6 && version->micro > 1)));
}

ScmpPolicy either_of(const scmp_arg_cmp& first, const scmp_arg_cmp& second) {
  return {.default_action = kRefuse, .rules = {{kGetppid, kAllow, {first}}, {kGetppid, kAllow, {second}}}};
}

std::vector<prove::Witness> witnesses_of(const prove::Comparison& result) {
  std::vector<prove::Witness> all;
  for (const auto& witness : {result.looser, result.tighter, result.data})
    if (witness) all.push_back(*witness);
  return all;
}

// What the running kernel answers to the call under the program; none where it cannot be asked.
std::optional<Action> kernel_answer(const bpf::Program& program, const Call& call) {
  if (!can_call(call)) return std::nullopt;
  const auto answers = run_in_kernel(program, {call});
  if (!answers) return std::nullopt;
  return policy::from_ret(answers->front().ret);
}

struct WrongPair {
  const char* name;
  scmp_arg_cmp first, second;
  Verdict verdict;
};

const WrongPair kWrongPairs[] = {
    {"a0 < 5, a0 > 0x100000000 allows 5 too", SCMP_A0(SCMP_CMP_LT, 5), SCMP_A0(SCMP_CMP_GT, 0x100000000),
     Verdict::looser},
    {"a0 < 0, a0 > 0x100000000 allows 1", SCMP_A0(SCMP_CMP_LT, 0), SCMP_A0(SCMP_CMP_GT, 0x100000000), Verdict::looser},
    {"a0 < 1, a0 < 0x100000000 refuses 0xffffffff", SCMP_A0(SCMP_CMP_LT, 1), SCMP_A0(SCMP_CMP_LT, 0x100000000),
     Verdict::tighter},
    {"a0 < 0, a0 < 0x100000000 refuses 1", SCMP_A0(SCMP_CMP_LT, 0), SCMP_A0(SCMP_CMP_LT, 0x100000000),
     Verdict::tighter},
};

TEST(ProverOfLibseccomp, FindsWhatItGetsWrongAndTheKernelConfirmsIt) {
  for (const WrongPair& row : kWrongPairs) {
    SCOPED_TRACE(row.name);
    const ScmpPolicy policy = either_of(row.first, row.second);
    const ResolvedPolicy meaning = meaning_of(policy);
    const Result<bpf::Program> program = exported(policy);
    ASSERT_TRUE(program);
    const prove::Comparison result = prove::compare(&meaning, std::span(&*program, 1), {});
    if (result.verdict == Verdict::equal && is_fixed_version()) GTEST_SKIP() << "this libseccomp is right";
    EXPECT_EQ(result.verdict, row.verdict) << prove::name(result.verdict);
    for (const prove::Witness& witness : witnesses_of(result)) {
      EXPECT_EQ(witness.call.nr, kGetppid);
      EXPECT_EQ(prove::answer(&meaning, witness.call, Endian::little), witness.left);
      const std::optional<Action> answer = kernel_answer(*program, witness.call);
      if (!answer) GTEST_SKIP() << "filters cannot be tried here";
      EXPECT_EQ(*answer, witness.right) << text_of(witness.call);
      EXPECT_NE(*answer, witness.left) << text_of(witness.call);
    }
  }
}

constexpr scmp_compare kOps[] = {SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT};
constexpr uint64_t kWide[] = {0, 1, 5, UINT32_MAX, 0x100000000, 0x100000001, 0x200000005, UINT64_MAX};
constexpr uint64_t kNarrow[] = {0, 1, 2, 5, 6, 0x7fffffff, 0x80000000, UINT32_MAX};

std::vector<scmp_arg_cmp> comparisons_with(std::span<const uint64_t> values) {
  std::vector<scmp_arg_cmp> all;
  for (scmp_compare op : kOps)
    for (uint64_t value : values) all.push_back({0, op, value, 0});
  return all;
}

struct PairCounts {
  unsigned pairs = 0, equal = 0, looser = 0, tighter = 0, confirmed = 0;
};

// Every ordered pair; where the prover says "equal", no call beside a boundary may say otherwise.
PairCounts judge_all_pairs(std::span<const uint64_t> values) {
  PairCounts counts;
  Random random(41);
  const std::vector<scmp_arg_cmp> comparisons = comparisons_with(values);
  for (const scmp_arg_cmp& first : comparisons) {
    for (const scmp_arg_cmp& second : comparisons) {
      if (&first == &second) continue;
      ++counts.pairs;
      const ScmpPolicy policy = either_of(first, second);
      const ResolvedPolicy meaning = meaning_of(policy);
      const Result<bpf::Program> program = exported(policy);
      EXPECT_TRUE(program);
      if (!program) continue;
      const prove::Comparison result = prove::compare(&meaning, std::span(&*program, 1), {});
      EXPECT_NE(result.verdict, Verdict::undecided);
      counts.looser += result.looser ? 1 : 0;
      counts.tighter += result.tighter ? 1 : 0;
      if (result.verdict == Verdict::equal) {
        ++counts.equal;
        for (const Call& call : boundary_calls(meaning, random)) {
          EXPECT_EQ(bpf::simulate(*program, input_of(call), Endian::little).ret,
                    policy::to_ret(prove::answer(&meaning, call, Endian::little)))
              << text_of(call);
        }
      }
      for (const prove::Witness& witness : witnesses_of(result)) {
        const std::optional<Action> answer = kernel_answer(*program, witness.call);
        if (!answer) continue;
        EXPECT_EQ(*answer, witness.right) << text_of(witness.call);
        EXPECT_NE(*answer, prove::answer(&meaning, witness.call, Endian::little)) << text_of(witness.call);
        ++counts.confirmed;
      }
    }
  }
  std::printf("%u pairs: %u proved equal, %u looser, %u tighter, %u witnesses confirmed by the kernel\n", counts.pairs,
              counts.equal, counts.looser, counts.tighter, counts.confirmed);
  return counts;
}

TEST(ProverOfLibseccomp, FindsEveryWrongPairOfComparisons) {
  const PairCounts counts = judge_all_pairs(kWide);
  EXPECT_EQ(counts.pairs, 48u * 47u);
  if (!is_fixed_version()) {
    EXPECT_GT(counts.looser, 50u);
    EXPECT_GT(counts.tighter, 50u);
  }
}

TEST(ProverOfLibseccomp, ProvesEveryPairOfComparisonsBelow32Bits) {
  const PairCounts counts = judge_all_pairs(kNarrow);
  EXPECT_EQ(counts.equal, counts.pairs);
}

struct LongList {
  const char* name;
  scmp_compare first, second;
};

void PrintTo(const LongList& list, std::ostream* out) { *out << list.name; }

class LongLists : public testing::TestWithParam<LongList> {};

// 100 rules on one call, each `a0 or a1 or a2 == value, a3 compared with another`.
ScmpPolicy hundred_rules(const LongList& list, Random& random) {
  ScmpPolicy policy{.default_action = kRefuse, .rules = {}};
  for (unsigned i = 0; i < 100; ++i) {
    const auto slot = static_cast<unsigned>(random.below(3));
    policy.rules.push_back(
        {kGetppid,
         kAllow,
         {{slot, list.first, 1 + random.below(0xffff), 0}, {3, list.second, 1 + random.below(0xfffe), 0}}});
  }
  return policy;
}

TEST_P(LongLists, OfAHundredRulesOnOneCallAreProvedEqual) {
  Random random(42);
  for (uint32_t optimize : {1u, 2u}) {
    ScmpPolicy policy = hundred_rules(GetParam(), random);
    policy.optimize = optimize;
    const ResolvedPolicy meaning = meaning_of(policy);
    const Result<bpf::Program> program = exported(policy);
    ASSERT_TRUE(program);
    ASSERT_FALSE(prove::Chains(meaning, prove::Comparisons::whole).empty());
    const prove::Comparison result = prove::compare(&meaning, std::span(&*program, 1), {});
    EXPECT_EQ(result.verdict, Verdict::equal)
        << prove::name(result.verdict) << ", " << program->size() << " instructions";

    // A filter that lacks one of the rules is told from it by a call.
    policy.rules.erase(policy.rules.begin() + 37);
    const Result<bpf::Program> lacking = exported(policy);
    ASSERT_TRUE(lacking);
    const prove::Comparison other = prove::compare(&meaning, std::span(&*lacking, 1), {});
    EXPECT_NE(other.verdict, Verdict::equal);
    EXPECT_TRUE(other.tighter.has_value());
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, LongLists,
                         testing::Values(LongList{"equal_and_equal", SCMP_CMP_EQ, SCMP_CMP_EQ},
                                         LongList{"equal_and_at_least", SCMP_CMP_EQ, SCMP_CMP_GE},
                                         LongList{"equal_and_at_most", SCMP_CMP_EQ, SCMP_CMP_LE},
                                         LongList{"equal_and_not", SCMP_CMP_EQ, SCMP_CMP_NE}),
                         [](const testing::TestParamInfo<LongList>& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::engines
