#include "cordon/formats/suggest.h"

#include <gtest/gtest.h>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/formats/cordon_text.h"

namespace cordon::formats {
namespace {

Call call_of(std::string_view name, Arch arch, std::array<uint64_t, 6> args) {
  return {*abi::number_of(name, arch), abi::info(arch).audit_arch, 0, args};
}

struct Row {
  const char* name;
  const char* call;
  std::array<uint64_t, 6> args;
  const char* minijail;
  const char* cordon;
  const char* oci;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Suggest : public testing::TestWithParam<Row> {};

TEST_P(Suggest, the_tightest_line_in_the_format_of_the_policy) {
  Call call = call_of(GetParam().call, Arch::x86_64, GetParam().args);
  EXPECT_EQ(suggest_allow(call, PolicyFormat::minijail).line, GetParam().minijail);
  std::string line = suggest_allow(call, PolicyFormat::cordon).line;
  EXPECT_EQ(suggest_allow(call, PolicyFormat::oci).line, GetParam().oci);
  if (abi::native_arch() != Arch::x86_64) return;
  EXPECT_EQ(line, GetParam().cordon);
  EXPECT_TRUE(read_cordon(line, "suggestion", {}));
}

const Row kRows[] = {
    {"no_constants",
     "read",
     {3, 0x7fff0000, 4096},
     "read: 1",
     "allow read",
     R"({"names": ["read"], "action": "SCMP_ACT_ALLOW"})"},
    {"one_constant",
     "ioctl",
     {1, 0x5401, 0x7fff0000},
     "ioctl: arg1 == TCGETS",
     "allow ioctl(cmd == TCGETS)",
     R"({"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 21505, "op": "SCMP_CMP_EQ"}]})"},
    {"high_bits_the_kernel_ignores",
     "ioctl",
     {1, 0xdead00005401, 0},
     "ioctl: arg1 == 0xdead00005401",
     "allow ioctl(cmd == TCGETS)",
     R"({"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 244834610729985, "op": "SCMP_CMP_EQ"}]})"},
    {"a_number_without_a_name",
     "ioctl",
     {1, 0xabcd1234, 0},
     "ioctl: arg1 == 0xabcd1234",
     "allow ioctl(cmd == 0xabcd1234)",
     R"({"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 2882343476, "op": "SCMP_CMP_EQ"}]})"},
    {"flags",
     "mprotect",
     {0x1000, 4096, 3},
     "mprotect: arg2 == PROT_READ|PROT_WRITE",
     "allow mprotect(prot == PROT_READ|PROT_WRITE)",
     R"({"names": ["mprotect"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 3, "op": "SCMP_CMP_EQ"}]})"},
    {"a_field_among_flags",
     "openat",
     {0xffffffffffffff9c, 1, 0x80000, 0},
     "openat: arg2 == O_RDONLY|O_CLOEXEC",
     "allow openat(flags == O_RDONLY|O_CLOEXEC)",
     R"({"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 524288, "op": "SCMP_CMP_EQ"}]})"},
    {"flags_that_contain_others",
     "openat",
     {3, 1, 0x101001, 0},
     "openat: arg2 == O_WRONLY|O_SYNC",
     "allow openat(flags == O_WRONLY|O_SYNC)",
     R"({"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 1052673, "op": "SCMP_CMP_EQ"}]})"},
};

INSTANTIATE_TEST_SUITE_P(Rows, Suggest, testing::ValuesIn(kRows), [](const auto& row) { return row.param.name; });

TEST(SuggestAllow, names_the_architecture_that_is_not_native) {
  Arch other = abi::native_arch() == Arch::i386 ? Arch::x86_64 : Arch::i386;
  std::string line = suggest_allow(call_of("read", other, {}), PolicyFormat::cordon).line;
  EXPECT_EQ(line, "allow read@" + std::string(abi::name(other)));
}

TEST(SuggestAllow, takes_the_arguments_where_the_architecture_has_them) {
  Call clone = call_of("clone", Arch::s390x, {0x3ff7ff0000, 0x3d0f00, 0, 0, 0, 0});
  EXPECT_EQ(suggest_allow(clone, PolicyFormat::cordon).line,
            "allow clone@s390x(clone_flags == CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|"
            "CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID)");
}

TEST(SuggestAllow, a_number_no_table_has_can_be_said_only_in_cordon_s_language) {
  Call call{99999, abi::info(abi::native_arch()).audit_arch, 0, {}};
  EXPECT_EQ(suggest_allow(call, PolicyFormat::cordon).line, "allow syscall_99999");
  EXPECT_EQ(suggest_allow(call, PolicyFormat::minijail).line, "");
  EXPECT_NE(suggest_allow(call, PolicyFormat::minijail).warning, "");
}

struct Danger {
  const char* name;
  const char* call;
  std::array<uint64_t, 6> args;
  bool is_dangerous;
};

void PrintTo(const Danger& row, std::ostream* out) { *out << row.name; }

class SuggestWarns : public testing::TestWithParam<Danger> {};

TEST_P(SuggestWarns, of_what_the_call_would_open) {
  Suggestion suggestion = suggest_allow(call_of(GetParam().call, Arch::x86_64, GetParam().args), PolicyFormat::cordon);
  EXPECT_EQ(!suggestion.warning.empty(), GetParam().is_dangerous) << suggestion.warning;
}

const Danger kDangers[] = {
    {"ptrace", "ptrace", {}, true},
    {"process_vm_writev", "process_vm_writev", {}, true},
    {"mount", "mount", {}, true},
    {"bpf", "bpf", {}, true},
    {"io_uring", "io_uring_setup", {}, true},
    {"userfaultfd", "userfaultfd", {}, true},
    {"keyctl", "keyctl", {}, true},
    {"modules", "finit_module", {}, true},
    {"kexec", "kexec_file_load", {}, true},
    {"handles", "open_by_handle_at", {}, true},
    {"perf", "perf_event_open", {}, true},
    {"clone3", "clone3", {}, true},
    {"unshare_of_namespaces", "unshare", {0x10000000}, true},
    {"unshare_of_files", "unshare", {0x400}, false},
    {"clone_with_a_namespace", "clone", {0x20000000 | 17}, true},
    {"clone_of_a_thread", "clone", {0x3d0f00}, false},
    {"tiocsti", "ioctl", {0, 0x5412}, true},
    {"tiocsti_with_high_bits", "ioctl", {0, 0x100005412}, true},
    {"tcgets", "ioctl", {0, 0x5401}, false},
    {"read_implies_exec", "personality", {0x400000}, true},
    {"asking_for_the_personality", "personality", {0xffffffff}, false},
    {"writable_and_executable", "mmap", {0, 4096, 7}, true},
    {"executable", "mprotect", {0, 4096, 5}, false},
    {"read", "read", {}, false},
};

INSTANTIATE_TEST_SUITE_P(Rows, SuggestWarns, testing::ValuesIn(kDangers),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cordon::formats
