#include "cordon/abi/arch.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <set>
#include <string>

namespace cordon {
namespace {

static_assert(abi::find_arch("aarch64") == Arch::arm64);
static_assert(abi::info(Arch::i386).audit_arch == 0x40000003);
static_assert(abi::arch_of_call(0xc000003e, 0x40000001) == Arch::x32);

struct AuditRow {
  Arch arch;
  uint32_t header;
};

TEST(Arches, HaveTheAuditValuesOfTheKernelsHeader) {
  const AuditRow rows[] = {
      {Arch::x86_64, AUDIT_ARCH_X86_64},
      {Arch::x32, AUDIT_ARCH_X86_64},
      {Arch::i386, AUDIT_ARCH_I386},
      {Arch::arm64, AUDIT_ARCH_AARCH64},
      {Arch::arm, AUDIT_ARCH_ARM},
      {Arch::armeb, AUDIT_ARCH_ARMEB},
      {Arch::riscv64, AUDIT_ARCH_RISCV64},
      {Arch::riscv32, AUDIT_ARCH_RISCV32},
      {Arch::ppc, AUDIT_ARCH_PPC},
      {Arch::ppc64, AUDIT_ARCH_PPC64},
      {Arch::ppc64le, AUDIT_ARCH_PPC64LE},
      {Arch::s390, AUDIT_ARCH_S390},
      {Arch::s390x, AUDIT_ARCH_S390X},
      {Arch::mips, AUDIT_ARCH_MIPS},
      {Arch::mipsel, AUDIT_ARCH_MIPSEL},
      {Arch::mips64, AUDIT_ARCH_MIPS64},
      {Arch::mipsel64, AUDIT_ARCH_MIPSEL64},
      {Arch::mips64n32, AUDIT_ARCH_MIPS64N32},
      {Arch::mipsel64n32, AUDIT_ARCH_MIPSEL64N32},
      {Arch::loongarch64, AUDIT_ARCH_LOONGARCH64},
      {Arch::loongarch32, AUDIT_ARCH_LOONGARCH32},
      {Arch::m68k, AUDIT_ARCH_M68K},
      {Arch::parisc, AUDIT_ARCH_PARISC},
      {Arch::parisc64, AUDIT_ARCH_PARISC64},
      {Arch::sh, AUDIT_ARCH_SHEL},
      {Arch::sheb, AUDIT_ARCH_SH},
      {Arch::sparc, AUDIT_ARCH_SPARC},
      {Arch::sparc64, AUDIT_ARCH_SPARC64},
      {Arch::alpha, AUDIT_ARCH_ALPHA},
      {Arch::arc, AUDIT_ARCH_ARCV2},
  };
  ASSERT_EQ(std::size(rows), abi::arches().size());
  for (const AuditRow& row : rows) EXPECT_EQ(abi::info(row.arch).audit_arch, row.header) << abi::name(row.arch);
}

TEST(Arches, StandAtTheirOwnIndex) {
  for (size_t i = 0; i < abi::arches().size(); ++i)
    EXPECT_EQ(static_cast<size_t>(abi::arches()[i].arch), i) << abi::arches()[i].name;
}

// The audit value itself says whether registers are wide and which byte comes first.
TEST(Arches, AgreeWithTheBitsOfTheirAuditValue) {
  for (const abi::ArchInfo& info : abi::arches()) {
    EXPECT_EQ(info.word_bits == 64, (info.audit_arch & __AUDIT_ARCH_64BIT) != 0) << info.name;
    bool little = (info.audit_arch & __AUDIT_ARCH_LE) != 0;
    EXPECT_EQ(info.endian == Endian::little, little) << info.name;
  }
}

TEST(Arches, AreFoundByEveryNameTheyHave) {
  struct Row {
    std::string_view name;
    Arch arch;
  };
  const Row rows[] = {
      {"x86_64", Arch::x86_64},
      {"amd64", Arch::x86_64},
      {"x86-64", Arch::x86_64},
      {"x32", Arch::x32},
      {"SCMP_ARCH_X32", Arch::x32},
      {"SCMP_ARCH_X86_64", Arch::x86_64},
      {"x86", Arch::i386},
      {"386", Arch::i386},
      {"i686", Arch::i386},
      {"i386", Arch::i386},
      {"SCMP_ARCH_X86", Arch::i386},
      {"aarch64", Arch::arm64},
      {"arm64", Arch::arm64},
      {"armv7l", Arch::arm},
      {"armhf", Arch::arm},
      {"ppc64-le", Arch::ppc64le},
      {"ppc64le", Arch::ppc64le},
      {"powerpc64le", Arch::ppc64le},
      {"mips", Arch::mips},
      {"mips-le", Arch::mipsel},
      {"mipsle", Arch::mipsel},
      {"mips64", Arch::mips64},
      {"mips64-le", Arch::mipsel64},
      {"mips64p32", Arch::mips64n32},
      {"mips64-n32", Arch::mips64n32},
      {"mips64-le-n32", Arch::mipsel64n32},
      {"loong64", Arch::loongarch64},
      {"sh4", Arch::sh},
      {"SCMP_ARCH_SH", Arch::sh},
      {"SCMP_ARCH_SHEB", Arch::sheb},
      {"arcv2", Arch::arc},
      {"s390x", Arch::s390x},
      {"AUDIT_ARCH_X86_64", Arch::x86_64},
      {"hppa", Arch::parisc},
      {"AUDIT_ARCH_SH", Arch::sheb},
      {"AUDIT_ARCH_SHEL", Arch::sh},
  };
  for (const Row& row : rows) EXPECT_EQ(abi::find_arch(row.name), row.arch) << row.name;
  for (const abi::ArchInfo& info : abi::arches()) {
    EXPECT_EQ(abi::find_arch(info.name), info.arch) << info.name;
    for (std::string_view name : {info.scmp_name, info.systemd_name, info.go_name, info.libseccomp_name}) {
      if (name.empty()) continue;
      EXPECT_EQ(abi::find_arch(name), info.arch) << name;
    }
  }
}

TEST(Arches, AreNotFoundByAnythingElse) {
  for (std::string_view name : {"", "X86_64", "x86_64 ", "scmp_arch_x86", "xtensa", "riscv", "ia64"})
    EXPECT_FALSE(abi::find_arch(name).has_value()) << name;
}

TEST(ArchOfCall, TellsX32ByItsNumbers) {
  struct Row {
    const char* name;
    uint32_t audit;
    uint32_t nr;
    std::optional<Arch> arch;
  };
  const Row rows[] = {
      {"an ordinary number", AUDIT_ARCH_X86_64, 0, Arch::x86_64},
      {"the last number below the bit", AUDIT_ARCH_X86_64, 0x3fffffff, Arch::x86_64},
      {"the bit", AUDIT_ARCH_X86_64, 0x40000000, Arch::x32},
      {"above every x32 number", AUDIT_ARCH_X86_64, 0xfffffffe, Arch::x32},
      {"a tracer's skip", AUDIT_ARCH_X86_64, 0xffffffff, Arch::x86_64},
      {"the bit elsewhere means nothing", AUDIT_ARCH_I386, 0x40000000, Arch::i386},
      {"libseccomp's token for x32 never comes from the kernel", 0x4000003e, 0, std::nullopt},
      {"an unknown value", 0x12345678, 0, std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(abi::arch_of_call(row.audit, row.nr), row.arch) << row.name;
}

TEST(ArchOfCall, KnowsEveryAbi) {
  for (const abi::ArchInfo& info : abi::arches())
    EXPECT_EQ(abi::arch_of_call(info.audit_arch, info.arch == Arch::x32 ? abi::kX32Bit : 1), info.arch) << info.name;
}

}  // namespace
}  // namespace cordon
