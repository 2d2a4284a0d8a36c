#include "cordon/prove/compare.h"

#include <gtest/gtest.h>

#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/bpf/testing.h"
#include "cordon/policy/intervals.h"

namespace cordon::prove {
namespace {

using bpf::Insn;
using bpf::Program;
using bpf::testing::program;

constexpr uint32_t kAllow = 0x7fff0000, kErrno = 0x00050000, kKillProcess = 0x80000000, kKillThread = 0;
constexpr uint32_t kX86_64 = 0xc000003e, kI386 = 0x40000003;

Insn ld(uint32_t offset) { return {bpf::kLdAbs, 0, 0, offset}; }
Insn ret(uint32_t value) { return {bpf::kRetK, 0, 0, value}; }
Insn jeq(uint32_t k, uint8_t t, uint8_t f) { return {bpf::kJeqK, t, f, k}; }

Comparison compared(const Program& left, const Program& right, CompareOptions options = {}) {
  return compare(std::span(&left, 1), std::span(&right, 1), options);
}

struct Row {
  const char* name;
  std::vector<Insn> left, right;
  Verdict verdict;
};

// Programs that are the same, or not, for a reason of their own.
TEST(Compare, KnowsWhatTheKernelComputes) {
  const Row rows[] = {
      {"data of allow means nothing", {ret(kAllow)}, {ret(kAllow | 7)}, Verdict::equal},
      {"an errno beyond 4095 is 4095", {ret(kErrno | 4095)}, {ret(kErrno | 0x2000)}, Verdict::equal},
      {"a value that names no action kills the process", {ret(kKillProcess)}, {ret(0x00040000)}, Verdict::equal},
      {"another errno", {ret(kErrno | 1)}, {ret(kErrno | 2)}, Verdict::same_strictness},
      {"killing the thread is less than killing the process", {ret(kKillProcess)}, {ret(kKillThread)}, Verdict::looser},
      {"the length is 64",
       {{bpf::kLdLen, 0, 0, 0}, jeq(64, 0, 1), ret(kAllow), ret(kErrno)},
       {ret(kAllow)},
       Verdict::equal},
      {"registers begin as zero",
       {{bpf::kTxa, 0, 0, 0}, jeq(0, 0, 1), ret(kAllow), ret(kErrno)},
       {ret(kAllow)},
       Verdict::equal},
      {"dividing by an X of zero ends with 0",
       {ld(16), {bpf::kTax, 0, 0, 0}, {bpf::kLdImm, 0, 0, 8}, {bpf::kDivX, 0, 0, 0}, ret(kAllow)},
       {ld(16), jeq(0, 0, 1), ret(kKillThread), ret(kAllow)},
       Verdict::equal},
      {"a shift by X takes five bits",
       {{bpf::kLdxImm, 0, 0, 33},
        {bpf::kLdImm, 0, 0, 1},
        {bpf::kLshX, 0, 0, 0},
        jeq(2, 0, 1),
        ret(kAllow),
        ret(kErrno)},
       {ret(kAllow)},
       Verdict::equal},
      {"bits against a mask and a shift",
       {ld(16), {bpf::kAndK, 0, 0, 0xff00}, jeq(0x1200, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), {bpf::kRshK, 0, 0, 8}, {bpf::kAndK, 0, 0, 0xff}, jeq(0x12, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"two shifts lose what they push out",
       {ld(16), {bpf::kLshK, 0, 0, 24}, {bpf::kRshK, 0, 0, 24}, jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), {bpf::kAndK, 0, 0, 0xff}, jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"a sum wraps round",
       {ld(16), {bpf::kAddK, 0, 0, 1}, jeq(0, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), jeq(0xffffffff, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"a bitmap of numbers",
       {ld(0),
        {bpf::kAndK, 0, 0, 31},
        {bpf::kTax, 0, 0, 0},
        {bpf::kLdImm, 0, 0, 0x22},
        {bpf::kRshX, 0, 0, 0},
        {bpf::kJsetK, 0, 1, 1},
        ret(kAllow),
        ret(kErrno)},
       {ld(0), {bpf::kAndK, 0, 0, 31}, jeq(1, 1, 0), jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"a value kept in a cell",
       {ld(16), {bpf::kSt, 0, 0, 3}, ld(24), {bpf::kLdMem, 0, 0, 3}, jeq(9, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), jeq(9, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"two arguments compared",
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kJgtX, 0, 1, 0}, ret(kAllow), ret(kErrno)},
       {ld(24), {bpf::kTax, 0, 0, 0}, ld(16), {bpf::kJgeX, 1, 0, 0}, ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"a returned accumulator",
       {ld(16), {bpf::kAndK, 0, 0, 1}, {bpf::kOrK, 0, 0, kErrno}, {bpf::kRetA, 0, 0, 0}},
       {ld(16), {bpf::kJsetK, 0, 1, 1}, ret(kErrno | 1), ret(kErrno)},
       Verdict::equal},
      {"a value divided by itself, where it is not zero",
       {ld(16), {bpf::kTax, 0, 0, 0}, {bpf::kDivX, 0, 0, 0}, jeq(1, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), jeq(0, 0, 1), ret(kKillThread), ret(kAllow)},
       Verdict::equal},
      {"the product of two arguments, either way round",
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kMulX, 0, 0, 0}, jeq(35, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(24), {bpf::kTax, 0, 0, 0}, ld(16), {bpf::kMulX, 0, 0, 0}, jeq(35, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::equal},
      {"a product, and a part of it",
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kMulX, 0, 0, 0}, {bpf::kJgtK, 0, 1, 9}, ret(kAllow), ret(kErrno)},
       {ld(16),
        {bpf::kTax, 0, 0, 0},
        ld(24),
        {bpf::kMulX, 0, 0, 0},
        {bpf::kRshK, 0, 0, 1},
        {bpf::kJgtK, 0, 1, 4},
        ret(kAllow),
        ret(kErrno)},
       Verdict::equal},
      {"a product tested for another value",
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kMulX, 0, 0, 0}, jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kMulX, 0, 0, 0}, jeq(6, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::incomparable},
      {"another product",
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kMulX, 0, 0, 0}, jeq(1, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(32), {bpf::kMulX, 0, 0, 0}, jeq(1, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::incomparable},
      {"a whole argument as the answer",
       {ld(24), {bpf::kTax, 0, 0, 0}, ld(16), {bpf::kAddX, 0, 0, 0}, {bpf::kRetA, 0, 0, 0}},
       {ld(16), {bpf::kTax, 0, 0, 0}, ld(24), {bpf::kAddX, 0, 0, 0}, {bpf::kRetA, 0, 0, 0}},
       Verdict::equal},
      {"one value more",
       {ld(0), jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(0), jeq(5, 1, 0), jeq(6, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::looser},
      {"one value less",
       {ld(0), jeq(5, 1, 0), jeq(6, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(0), jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::tighter},
      {"one more and one less",
       {ld(0), jeq(5, 0, 1), ret(kAllow), ret(kErrno)},
       {ld(0), jeq(6, 0, 1), ret(kAllow), ret(kErrno)},
       Verdict::incomparable},
  };
  for (const Row& row : rows) {
    const Program left = program(row.left), right = program(row.right);
    const Comparison result = compared(left, right);
    EXPECT_EQ(name(result.verdict), name(row.verdict)) << row.name;
    for (const auto* witness : {&result.looser, &result.tighter, &result.data}) {
      if (*witness) {
        EXPECT_NE((*witness)->left, (*witness)->right) << row.name;
      }
    }
  }
}

// arg0's upper word must be zero: a difference wherever a caller can choose it.
TEST(Compare, LooksOnlyAtCallsThatCanOccur) {
  struct CareRow {
    uint32_t audit_arch;
    Verdict verdict;
    Endian endian;
  };
  const CareRow rows[] = {
      {kX86_64, Verdict::tighter, Endian::little},
      {kI386, Verdict::tighter, Endian::little},  // int 0x80 from 64-bit code
      {abi::info(Arch::ppc).audit_arch, Verdict::equal, Endian::big},
      {abi::info(Arch::sparc).audit_arch, Verdict::equal, Endian::big},
      {abi::info(Arch::s390).audit_arch, Verdict::tighter, Endian::big},
  };
  for (const CareRow& row : rows) {
    const uint32_t upper = row.endian == Endian::little ? 20 : 16;
    const Program all = program({ld(4), jeq(row.audit_arch, 0, 1), ret(kAllow), ret(kErrno)});
    const Program some = program({ld(4), jeq(row.audit_arch, 0, 3), ld(upper), jeq(0, 0, 1), ret(kAllow), ret(kErrno)});
    CompareOptions options;
    options.encode.endian = row.endian;
    EXPECT_EQ(compared(all, some, options).verdict, row.verdict) << row.audit_arch;
  }
}

TEST(Compare, LeavesOutTheUprobeCallsOnRequest) {
  const Program all = program({ret(kAllow)});
  const Program without = program({ld(4), jeq(kX86_64, 0, 2), ld(0), jeq(335, 1, 0), ret(kAllow), ret(kErrno)});
  EXPECT_EQ(compared(all, without).verdict, Verdict::tighter);
  CompareOptions options;
  options.encode.exempt_uprobe_calls = true;
  EXPECT_EQ(compared(all, without, options).verdict, Verdict::equal);
}

TEST(Compare, JudgesPermissionAloneOnRequest) {
  const Program errnos = program({ret(kErrno | 1)}), kills = program({ret(kKillProcess)});
  CompareOptions options;
  options.as_permission = true;
  EXPECT_EQ(compared(errnos, kills).verdict, Verdict::tighter);
  EXPECT_EQ(compared(errnos, kills, options).verdict, Verdict::equal);
  EXPECT_EQ(compared(errnos, program({ret(kAllow)}), options).verdict, Verdict::looser);
}

// seccomp_run_filters: the lowest action as a signed number wins, and between equals the newest.
TEST(Compare, CombinesStackedFiltersAsTheKernelDoes) {
  struct StackRow {
    const char* name;
    std::vector<uint32_t> oldest_first;
    uint32_t together;
  };
  const StackRow rows[] = {
      {"the strictest wins", {kAllow, kErrno | 5, kAllow}, kErrno | 5},
      {"the newest data between equals", {kErrno | 5, kErrno | 6}, kErrno | 6},
      {"an unknown value is compared as a number", {0x00040000, kKillThread}, kKillThread},
      {"and kills when it wins", {0x00040000, kErrno | 1}, kKillProcess},
      {"also from below zero", {0x90000000, kKillThread}, kKillProcess},
      {"a trap is stricter than the value above it", {0x00040000, 0x00030007}, 0x00030007},
  };
  for (const StackRow& row : rows) {
    std::vector<Program> stack;
    for (uint32_t value : row.oldest_first) stack.push_back(program({ret(value)}));
    const Program one = program({ret(row.together)});
    EXPECT_EQ(compare(stack, std::span(&one, 1), {}).verdict, Verdict::equal) << row.name;
    const Call call{1, kX86_64, 0, {}};
    EXPECT_EQ(answer(stack, call, Endian::little), answer(std::span(&one, 1), call, Endian::little)) << row.name;
  }
}

TEST(Compare, SaysWhereItGaveUpAndWhatItFoundByTrying) {
  // No square leaves 2 when divided by 4, but no small diagram knows.
  const Program square = program({ld(16),
                                  {bpf::kTax, 0, 0, 0},
                                  {bpf::kMulX, 0, 0, 0},
                                  {bpf::kAndK, 0, 0, 3},
                                  jeq(2, 0, 1),
                                  ret(kAllow),
                                  ret(kErrno)});
  const Program never = program({ret(kErrno)});
  CompareOptions options;
  options.encode.max_steps = 100'000;
  const Comparison result = compared(square, never, options);
  EXPECT_EQ(result.verdict, Verdict::undecided);
  ASSERT_TRUE(result.undecided);
  EXPECT_EQ(result.undecided->pc, 4u);
  EXPECT_TRUE(result.undecided->is_left);
  // A difference that chance finds is told.
  const Comparison other = compared(square, program({ld(24), jeq(7, 0, 1), ret(kAllow), ret(kErrno)}), options);
  EXPECT_EQ(other.verdict, Verdict::undecided);
  EXPECT_TRUE(other.looser);
}

}  // namespace
}  // namespace cordon::prove
