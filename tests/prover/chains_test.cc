// Long lists of conditions on several arguments of one call: proved place by place, and never wrongly.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cordon/compile/compile.h"
#include "cordon/policy/action.h"
#include "cordon/prove/chain.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/cut_points.h"
#include "tests/engines/generate.h"
#include "tests/prover/agreement.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using prove::Verdict;

constexpr uint32_t kX86_64 = 0xc000003e, kS390x = 0x80000016;
constexpr uint32_t kNumber = 157;
constexpr Action kKill{ActionKind::kill_process, 0}, kAllow{ActionKind::allow, 0};

ResolvedCondition test_of(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  return {ResolvedCondition::Kind::test, {operand, mask, std::move(allowed)}, {}};
}

ResolvedCondition all_of(std::vector<ResolvedCondition> operands) {
  return {ResolvedCondition::Kind::all, {}, std::move(operands)};
}

ResolvedCondition equals(uint8_t operand, uint64_t value, uint64_t mask = UINT64_MAX) {
  return test_of(operand, mask, {{value & mask, value & mask}});
}

// One of the comparisons of the language with a value of up to 16 bits.
ResolvedCondition compared(uint8_t operand, Random& random) {
  const uint64_t value = 1 + random.below(0xfffe);
  switch (random.below(5)) {
    case 0: return equals(operand, value);
    case 1: return test_of(operand, UINT64_MAX, {{0, value}});
    case 2: return test_of(operand, UINT64_MAX, {{value, UINT64_MAX}});
    case 3: return test_of(operand, UINT32_MAX, {{value, UINT32_MAX}});
    default: return test_of(operand, UINT64_MAX, {{0, value - 1}, {value + 1, UINT64_MAX}});
  }
}

using Maker = std::function<ResolvedCondition(Random&)>;

struct Family {
  const char* name;
  Maker condition;
  bool has_errnos = false;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

uint8_t one_of(std::initializer_list<uint8_t> operands, Random& random) {
  return *(operands.begin() + random.below(operands.size()));
}

ResolvedCondition value_and_comparison(Random& random) {
  return all_of({equals(one_of({0, 1, 2}, random), random.below(1 << 16)), compared(3, random)});
}

const Family kFamilies[] = {
    {"a value of one of three arguments and a comparison of a fourth", value_and_comparison},
    {"the same with several answers", value_and_comparison, true},
    {"values that overlap and a comparison of a fourth",
     [](Random& random) {
       return all_of({equals(one_of({0, 1}, random), random.below(8)), compared(3, random)});
     }},
    {"values of three arguments",
     [](Random& random) {
       return all_of({equals(0, random.below(40)), equals(2, random.below(1000)), equals(4, random.below(40))});
     }},
    {"ranges of two arguments",
     [](Random& random) {
       return all_of({test_of(one_of({0, 1}, random), UINT64_MAX, {{random.below(1000), UINT64_MAX}}),
                      test_of(one_of({2, 3}, random), UINT64_MAX, {{0, random.below(1000)}})});
     }},
    {"values and comparisons that need both words",
     [](Random& random) {
       const uint64_t value = (random.below(1 << 12) << 32) + random.below(uint64_t{1} << 32);
       const std::vector<Interval> ranges[] = {
           {{0, value}}, {{value, UINT64_MAX}}, {{value, value}}, {{0, value - 1}, {value + 1, UINT64_MAX}}};
       return all_of({equals(one_of({0, 1, 2}, random), random.below(uint64_t{1} << 36)),
                      test_of(3, UINT64_MAX, ranges[random.below(std::size(ranges))])});
     }},
    {"bits of one argument and a value of another",
     [](Random& random) {
       return all_of({equals(1, random.below(16) << 4, 0xf0), equals(one_of({0, 2}, random), random.below(500))});
     }},
};

ResolvedPolicy chain_policy(const Family& family, size_t links, Random& random, uint32_t audit_arch = kX86_64) {
  Segment segment{kNumber, kNumber, {}};
  for (uint32_t i = 0; i < links; ++i) {
    Action action = kAllow;
    if (family.has_errnos && random.below(3) == 0)
      action = {ActionKind::errno_, static_cast<uint16_t>(random.below(3))};
    segment.clauses.push_back({family.condition(random), action, {Origin::Kind::rule, i, 0}});
  }
  const Clause rest{{}, kKill, {}};
  segment.clauses.push_back(rest);
  ArchTable table{audit_arch, audit_arch == kS390x ? Endian::big : Endian::little, 64, {}};
  table.segments = {{0, 0, {{{}, kAllow, {}}}}, {1, kNumber - 1, {rest}}, segment, {kNumber + 1, UINT32_MAX, {rest}}};
  return {{table}, kKill};
}

prove::CompareOptions options_for(const Filter& filter) {
  prove::CompareOptions options;
  options.encode.endian = filter.endian;
  return options;
}

class LongChains : public testing::TestWithParam<Family> {};

TEST_P(LongChains, AreProvedAtEveryLevel) {
  Random random(31);
  for (size_t links : {24, 40, 100, 200})
    for (auto level : {compiler::Optimize::attach, compiler::Optimize::size}) {
      const ResolvedPolicy policy = chain_policy(GetParam(), links, random);
      Result<Filter> filter = compiler::compile(policy, {.optimize = level});
      ASSERT_TRUE(filter);
      ASSERT_FALSE(prove::Chains(policy, prove::Comparisons::whole).empty());
      const prove::Comparison result =
          prove::compare(&policy, std::span<const bpf::Program>(&filter->program, 1), options_for(*filter));
      EXPECT_EQ(result.verdict, Verdict::equal) << links << " links, " << filter->program.size() << " instructions";
    }
}

// Each link of the list that the program lacks, or has too many, is a difference.
TEST_P(LongChains, AreNotProvedEqualToOthers) {
  Random random(32);
  unsigned own_proved = 0;  // by cut points
  for (int round = 0; round < 12; ++round) {
    const ResolvedPolicy policy = chain_policy(GetParam(), 30, random);
    ResolvedPolicy other = policy;
    std::vector<Clause>& clauses = other.arches[0].segments[2].clauses;
    Clause& changed = clauses[random.below(clauses.size() - 1)];
    changed.condition = GetParam().condition(random);
    if (round % 3 == 0) changed.action = {ActionKind::errno_, 99};
    Result<Filter> filter = compiler::compile(other, {});
    ASSERT_TRUE(filter);
    const std::span<const bpf::Program> program(&filter->program, 1);
    const bool is_proved = prove::equal_by_cut_points(policy, filter->program, {}).is_equal;
    own_proved += prove::equal_by_cut_points(other, filter->program, {}).is_equal ? 1 : 0;
    EXPECT_EQ(prove::compare(&other, program, {}).verdict, Verdict::equal);
    // So short a list still fits into one diagram, which knows whether the change changes anything.
    auto pair = prove::encode_pair(&policy, program, {});
    auto* both = std::get_if<prove::Pair>(&pair);
    ASSERT_NE(both, nullptr);
    EXPECT_TRUE(!is_proved || both->left == both->right);
  }
  EXPECT_GT(own_proved, 6u);
}

TEST_P(LongChains, MutantsAreNeverProvedWrongly) {
  Random random(33);
  unsigned mutants = 0, equal = 0, shown = 0;
  for (int round = 0; round < 4; ++round) {
    const ResolvedPolicy policy = chain_policy(GetParam(), 24 + 4 * static_cast<size_t>(round), random);
    Result<Filter> filter = compiler::compile(policy, {});
    ASSERT_TRUE(filter);
    for (int i = 0; i < 25; ++i) {
      const std::optional<bpf::Program> mutant = mutant_of(filter->program, random);
      if (!mutant) continue;
      ++mutants;
      const std::span<const bpf::Program> program(&*mutant, 1);
      if (prove::equal_by_cut_points(policy, *mutant, {}).is_equal) {
        ++equal;
        expect_alike_on_calls(&policy, program, 5'000, Endian::little);
        // Such short lists still fit into one diagram, which must say the same.
        auto pair = prove::encode_pair(&policy, program, {});
        if (auto* both = std::get_if<prove::Pair>(&pair)) {
          EXPECT_EQ(both->left, both->right);
        }
      } else {
        const prove::Comparison result = prove::compare(&policy, program, {});
        if (result.looser || result.tighter || result.data) ++shown;
      }
    }
  }
  std::printf("%u mutants: %u proved equal, %u shown to differ\n", mutants, equal, shown);
  EXPECT_GT(equal, 0u);
  EXPECT_GT(mutants, 40u);
  EXPECT_GE(equal + shown, mutants * 95 / 100);
}

INSTANTIATE_TEST_SUITE_P(Families, LongChains, testing::ValuesIn(kFamilies),
                         [](const testing::TestParamInfo<Family>& row) {
                           std::string name = row.param.name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

// 64-bit comparisons test two words each; so many fill a program.
TEST(Chains, OfHundredsOfWholeRegistersAreProved) {
  const Family whole{"", [](Random& random) {
                       const uint64_t value = 1 + random.below(0xfffe);
                       const Interval sides[] = {{value, value}, {0, value}, {value, UINT64_MAX}};
                       return all_of({equals(one_of({0, 1, 2}, random), random.below(1 << 16)),
                                      test_of(3, UINT64_MAX, {sides[random.below(3)]})});
                     }};
  for (uint64_t seed = 0; seed < 2; ++seed) {
    Random random(seed);
    const ResolvedPolicy policy = chain_policy(whole, 480, random);
    Result<Filter> filter = compiler::compile(policy, {});
    ASSERT_TRUE(filter);
    EXPECT_TRUE(prove::equal_by_cut_points(policy, filter->program, {}).is_equal) << seed;
  }
}

TEST(Chains, AreNotNeededForThousandsOfValues) {
  Random random(36);
  std::vector<Interval> values;
  for (uint64_t value = 0; values.size() < 2500; value += 2 + random.below(1 << 22)) values.push_back({value, value});
  Segment segment{kNumber, kNumber, {{test_of(1, UINT64_MAX, values), kAllow, {}}, {{}, kKill, {}}}};
  const Clause rest{{}, kKill, {}};
  ArchTable table{kX86_64, Endian::little, 64, {}};
  table.segments = {{0, kNumber - 1, {rest}}, segment, {kNumber + 1, UINT32_MAX, {rest}}};
  const ResolvedPolicy policy{{table}, kKill};
  Result<Filter> filter = compiler::compile(policy, {});
  ASSERT_TRUE(filter);
  const auto comparison = prove::compare(&policy, std::span(&filter->program, 1), options_for(*filter));
  EXPECT_EQ(comparison.verdict, Verdict::equal);
}

TEST(Chains, OfBigEndianMachinesAreProved) {
  Random random(34);
  const ResolvedPolicy policy = chain_policy(kFamilies[0], 100, random, kS390x);
  Result<Filter> filter = compiler::compile(policy, {});
  ASSERT_TRUE(filter);
  EXPECT_TRUE(prove::equal_by_cut_points(policy, filter->program, {.endian = Endian::big}).is_equal);
}

TEST(Chains, AreOnlyLongListsOfConditionsOnSeveralArguments) {
  Random random(35);
  const Family of_one{"one argument", [](Random& any) { return compared(0, any); }};
  EXPECT_TRUE(prove::Chains(chain_policy(of_one, 500, random), prove::Comparisons::whole).empty());
  EXPECT_TRUE(prove::Chains(chain_policy(kFamilies[0], 10, random), prove::Comparisons::whole).empty());
  EXPECT_EQ(prove::Chains(chain_policy(kFamilies[0], 50, random), prove::Comparisons::whole).all().size(), 1u);
}

}  // namespace
}  // namespace cordon::engines
