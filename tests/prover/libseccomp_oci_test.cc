// What the reader of OCI profiles makes of rules, against the filter libseccomp makes of the same rules: where
// conditions overlap, and on architectures of every kind. Where libseccomp is not exact the direction stands in the row
// (docs/conformance.md).
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "cordon/abi/syscalls.h"
#include "cordon/formats/oci_rules.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "tests/engines/generate.h"
#include "tests/engines/scmp.h"

namespace cordon::engines {
namespace {

using formats::OciOp;
using prove::Verdict;

constexpr Action kAllow{ActionKind::allow, 0}, kRefuse{ActionKind::errno_, 1};
// enum scmp_compare, from 1.
constexpr OciOp kOciOps[] = {OciOp::ne, OciOp::lt, OciOp::le, OciOp::eq, OciOp::ge, OciOp::gt, OciOp::masked_eq};

formats::OciEntry entry_of(const ScmpRule& rule) {
  formats::OciEntry entry;
  entry.names.push_back({std::string(abi::name_of(rule.nr, abi::native_arch())), {}});
  entry.action = rule.action;
  for (const scmp_arg_cmp& one : rule.compares)
    entry.args.push_back({static_cast<uint8_t>(one.arg), one.datum_a, one.datum_b, kOciOps[one.op - 1], {}});
  return entry;
}

Result<ResolvedPolicy> as_oci(const ScmpPolicy& written, Arch arch) {
  Policy policy;
  policy.format = PolicyFormat::oci;
  policy.arches = {arch};
  policy.default_action.action = written.default_action;
  policy.bad_arch.action = written.bad_arch;
  std::vector<formats::OciEntry> entries;
  for (const ScmpRule& rule : written.rules) entries.push_back(entry_of(rule));
  std::vector<const formats::OciEntry*> pointers;
  for (const formats::OciEntry& entry : entries) pointers.push_back(&entry);
  formats::ProfileReporter report(policy.sources);
  policy.rules = formats::make_oci_rules(pointers, {.default_action = written.default_action}, report);
  return policy::resolve(policy, {});
}

// Some of the operators on one or two arguments, each rule with an answer of its own. Conjunctions are of == alone: of
// others libseccomp 2.5.4 loses some, and from two that begin with the same >= it does not return.
ScmpPolicy overlapping_rules(Random& random) {
  ScmpPolicy policy{.default_action = kRefuse, .rules = {}};
  std::set<std::tuple<unsigned, int, uint64_t, uint64_t>> seen;  // of equal conditions the second is refused
  const uint64_t arguments = 1 + random.below(2);
  const uint64_t operators = 1 + random.below(127);
  const uint64_t count = 2 + random.below(5);
  while (policy.rules.size() < count) {
    const auto op = 1 + random.below(7);
    if ((operators >> (op - 1) & 1) == 0) continue;
    scmp_arg_cmp one{static_cast<unsigned>(random.below(arguments)), static_cast<scmp_compare>(op), 1 + random.below(8),
                     0};
    if (one.op == SCMP_CMP_MASKED_EQ) one.datum_b = random.below(8) & one.datum_a;
    const auto answer = static_cast<uint16_t>(2 + policy.rules.size());
    if (!seen.emplace(one.arg, one.op, one.datum_a, one.datum_b).second) continue;
    ScmpRule rule{SCMP_SYS(getppid), {ActionKind::errno_, answer}, {one}};
    if (one.arg == 0 && one.op == SCMP_CMP_EQ && random.chance(50))
      rule.compares.push_back({1, SCMP_CMP_EQ, 1 + random.below(8), 0});
    policy.rules.push_back(std::move(rule));
  }
  return policy;
}

// Values from 2^32 up are left out: of several > or != libseccomp takes one there by the order of adding.
TEST(OciMeaning, OfOverlappingConditionsIsWhatLibseccompMakesOfThem) {
  if (abi::native_arch() != Arch::x86_64) GTEST_SKIP() << "the meaning is that of a 64-bit machine";
  Random random(43);
  unsigned judged = 0;
  for (int round = 0; round < 3'000; ++round) {
    const ScmpPolicy policy = overlapping_rules(random);
    const Result<bpf::Program> program = exported(policy);
    const Result<ResolvedPolicy> meaning = as_oci(policy, Arch::x86_64);
    if (!program) continue;  // refused: masks that are the same where it counts
    ASSERT_TRUE(meaning);
    ++judged;
    for (uint64_t first = 0; first < 17; ++first) {
      for (uint64_t second = 0; second < 17; ++second) {
        const Call call{static_cast<uint32_t>(SCMP_SYS(getppid)), kX86_64, 0, {first, second}};
        ASSERT_EQ(policy::from_ret(bpf::simulate(*program, input_of(call), Endian::little).ret),
                  prove::answer(&*meaning, call, Endian::little))
            << "round " << round << ": " << first << ", " << second;
      }
    }
  }
  EXPECT_GT(judged, 2'000u);
}

struct ArchRow {
  const char* name;
  uint32_t token;
  Arch arch;
  int call;
  std::vector<scmp_arg_cmp> compares;
  Verdict verdict;  // of libseccomp's filter
};

void PrintTo(const ArchRow& row, std::ostream* out) { *out << row.name; }

class OnEveryArch : public testing::TestWithParam<ArchRow> {};

TEST_P(OnEveryArch, LibseccompsFilterIsWhatTheRuleMeansOrDiffersAsIsKnown) {
  const ArchRow& row = GetParam();
  ScmpPolicy policy{.default_action = kRefuse, .rules = {}};
  policy.rules.push_back({static_cast<uint32_t>(row.call), kAllow, row.compares});
  policy.arches = {row.token};
  const Result<ResolvedPolicy> meaning = as_oci(policy, row.arch);
  const Result<bpf::Program> program = exported(policy);
  ASSERT_TRUE(meaning);
  ASSERT_TRUE(program);
  const prove::Comparison result = prove::compare(&*meaning, std::span(&*program, 1), {});
  EXPECT_EQ(result.verdict, row.verdict) << prove::name(result.verdict);
}

const scmp_arg_cmp kFirstIs3 = SCMP_A0(SCMP_CMP_EQ, 3), kSecondAbove = SCMP_A1(SCMP_CMP_GT, 0x100000000);

INSTANTIATE_TEST_SUITE_P(
    Rows, OnEveryArch,
    testing::Values(
        ArchRow{"values_on_x86_64", SCMP_ARCH_X86_64, Arch::x86_64, SCMP_SYS(read), {kFirstIs3}, Verdict::equal},
        ArchRow{"values_on_arm64", SCMP_ARCH_AARCH64, Arch::arm64, SCMP_SYS(read), {kFirstIs3}, Verdict::equal},
        ArchRow{"values_on_riscv64", SCMP_ARCH_RISCV64, Arch::riscv64, SCMP_SYS(read), {kFirstIs3}, Verdict::equal},
        ArchRow{"values_on_i386", SCMP_ARCH_X86, Arch::i386, SCMP_SYS(read), {kFirstIs3}, Verdict::equal},
        ArchRow{"values_on_arm", SCMP_ARCH_ARM, Arch::arm, SCMP_SYS(read), {kFirstIs3}, Verdict::equal},
        ArchRow{
            "wide_values_on_x86_64", SCMP_ARCH_X86_64, Arch::x86_64, SCMP_SYS(lseek), {kSecondAbove}, Verdict::equal},
        ArchRow{"wide_values_are_cut_off_on_i386",
                SCMP_ARCH_X86,
                Arch::i386,
                SCMP_SYS(lseek),
                {kSecondAbove},
                Verdict::looser},
        ArchRow{"wide_values_are_cut_off_on_arm",
                SCMP_ARCH_ARM,
                Arch::arm,
                SCMP_SYS(lseek),
                {kSecondAbove},
                Verdict::looser},
        ArchRow{"half_registers_on_x32", SCMP_ARCH_X32, Arch::x32, SCMP_SYS(read), {kFirstIs3}, Verdict::looser},
        ArchRow{"half_registers_on_mipsel64n32",
                SCMP_ARCH_MIPSEL64N32,
                Arch::mipsel64n32,
                SCMP_SYS(read),
                {kFirstIs3},
                Verdict::looser},
        ArchRow{"a_socket_on_i386", SCMP_ARCH_X86, Arch::i386, SCMP_SYS(socket), {}, Verdict::equal},
        ArchRow{"a_socket_of_one_family_on_i386",
                SCMP_ARCH_X86,
                Arch::i386,
                SCMP_SYS(socket),
                {SCMP_A0(SCMP_CMP_EQ, 1)},
                Verdict::looser},
        ArchRow{"a_socket_on_ppc64le", SCMP_ARCH_PPC64LE, Arch::ppc64le, SCMP_SYS(socket), {}, Verdict::tighter},
        ArchRow{"semop_on_i386", SCMP_ARCH_X86, Arch::i386, SCMP_SYS(semop), {}, Verdict::tighter}),
    [](const testing::TestParamInfo<ArchRow>& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::engines
