#include "cordon/sandbox/audit_record.h"

#include <gtest/gtest.h>

namespace cordon::sandbox {
namespace {

constexpr const char* kBody =
    "auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined pid=17497 comm=\"k\" exe=\"/tmp/k\" sig=31 "
    "arch=c000003e syscall=110 compat=0 ip=0x7faeb1c7a829 code=0x80000000";

struct FormRow {
  const char* name;
  std::string prefix;
  std::string suffix;
};

void PrintTo(const FormRow& row, std::ostream* out) { *out << row.name; }

class Forms : public ::testing::TestWithParam<FormRow> {};

TEST_P(Forms, AreAllRead) {
  auto record = parse_audit_record(GetParam().prefix + kBody + GetParam().suffix);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->pid, 17497);
  EXPECT_EQ(record->command, "k");
  EXPECT_EQ(record->executable, "/tmp/k");
  EXPECT_EQ(record->signal, 31);
  EXPECT_EQ(record->audit_arch, 0xc000003eu);
  EXPECT_EQ(record->nr, 110u);
  EXPECT_EQ(record->instruction_pointer, 0x7faeb1c7a829u);
  EXPECT_EQ(record->code, 0x80000000u);
}

INSTANTIATE_TEST_SUITE_P(
    AuditRecord, Forms,
    ::testing::Values(FormRow{"netlink", "audit(1795305148.770:2): ", ""},
                      FormRow{"netlink_with_nul", "audit(1795305148.770:2): ", std::string(1, '\0')},
                      FormRow{"daemon", "type=SECCOMP msg=audit(1795305148.770:2): ", "\n"},
                      FormRow{"kernel_log", "[  12.3] audit: type=1326 audit(1795305148.770:2): ", "\n"},
                      FormRow{"syslog", "Mon 12 10:00:00 host kernel: [ 1.5] audit: type=1326 audit(1.0:2): ", ""},
                      FormRow{"enriched", "type=SECCOMP msg=audit(1.0:2): ",
                              "\x1d"
                              "ARCH=x86_64 SYSCALL=getppid AUID=\"unset\" pid=1"}),
    [](const auto& row) { return std::string(row.param.name); });

std::string with_comm(const std::string& comm) {
  return "audit(1.0:2): pid=5 comm=" + comm + " exe=\"/x\" sig=0 arch=40000003 syscall=64 compat=1 ip=0x1 code=0x50000";
}

TEST(AuditRecord, AHostileNameIsHexAndCannotForgeFields) {
  EXPECT_EQ(parse_audit_record(with_comm("6120620A63"))->command, "a b\nc");
  EXPECT_EQ(parse_audit_record(with_comm("(null)"))->command, "(null)");
  auto record = parse_audit_record(with_comm("\"x pid=7 syscall=1\""));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->pid, 5);
  EXPECT_EQ(record->nr, 64u);
  EXPECT_EQ(record->command, "x pid=7 syscall=1");
}

TEST(AuditRecord, ACompatCallKeepsItsOwnArchAndAnX32NumberItsBit) {
  EXPECT_EQ(parse_audit_record(with_comm("\"k\""))->audit_arch, 0x40000003u);
  EXPECT_EQ(parse_audit_record("pid=1 arch=c000003e syscall=1073741863 code=0x0")->nr, 0x40000027u);
}

TEST(AuditRecord, WhatIsNoSeccompRecordIsRefused) {
  for (const char* text :
       {"", "audit(1.0:2): ", "type=SYSCALL msg=audit(1.0:2): arch=c000003e syscall=2 pid=3 code=0x0",
        "type=1300 audit(1.0:2): arch=c000003e syscall=2 pid=3 code=0x0",
        "pid=1 arch=c000003e syscall=3",                     // no code
        "pid=x arch=c000003e syscall=3 code=0x0",            // no number
        "pid=1 arch=c000003e syscall=99999999999 code=0x0",  // too large
        "xpid=1 arch=c000003e syscall=3 code=0x0"})
    EXPECT_FALSE(parse_audit_record(text)) << text;
}

}  // namespace
}  // namespace cordon::sandbox
