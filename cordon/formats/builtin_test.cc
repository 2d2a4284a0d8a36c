#include "cordon/formats/builtin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/render.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"

namespace cordon::formats {

inline void PrintTo(const Builtin& row, std::ostream* out) { *out << row.name; }

namespace {

ResolvedPolicy resolved(std::string_view name) {
  Result<Policy> policy = read_cordon(find_builtin(name)->text, std::string(name), {});
  EXPECT_TRUE(policy) << render(policy.diagnostics(), {});
  Result<ResolvedPolicy> numbers = policy::resolve(*policy, {});
  EXPECT_TRUE(numbers) << render(numbers.diagnostics(), {});
  EXPECT_FALSE(numbers.diagnostics().has_findings()) << render(numbers.diagnostics(), {});
  return *numbers;
}

Action answer(const ResolvedPolicy& policy, std::string_view name, std::array<uint64_t, 6> args) {
  return policy::evaluate(policy, {*abi::number_of(name, Arch::x86_64), abi::info(Arch::x86_64).audit_arch, 0, args})
      .action;
}

class Builtins : public testing::TestWithParam<Builtin> {};

TEST_P(Builtins, are_read_and_resolved_without_a_finding) { resolved(GetParam().name); }

TEST_P(Builtins, read_back_from_canonical_text) {
  Result<Policy> policy = read_cordon(GetParam().text, "a", {});
  ASSERT_TRUE(policy);
  std::string written = write_cordon(*policy);
  Result<Policy> again = read_cordon(written, "b", {});
  ASSERT_TRUE(again);
  EXPECT_EQ(write_cordon(*again), written);
}

INSTANTIATE_TEST_SUITE_P(Each, Builtins, testing::ValuesIn(builtins().begin(), builtins().end()), [](const auto& row) {
  std::string name(row.param.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Builtin, an_unknown_name_finds_nothing) { EXPECT_EQ(find_builtin("stric"), nullptr); }

TEST(Builtin, strict_begins_at_the_entry_point_and_lets_a_program_end) {
  EXPECT_EQ(find_builtin("strict")->start, StartPoint::entry);
  if (abi::native_arch() != Arch::x86_64) GTEST_SKIP() << "numbers of x86_64";
  ResolvedPolicy strict = resolved("strict");
  EXPECT_EQ(answer(strict, "exit_group", {}).kind, ActionKind::allow);
  EXPECT_EQ(answer(strict, "write", {}).kind, ActionKind::allow);
  EXPECT_EQ(answer(strict, "openat", {}).kind, ActionKind::kill_process);
}

TEST(Builtin, hardened_lets_ls_and_cat_run) {
  if (abi::native_arch() != Arch::x86_64) GTEST_SKIP() << "numbers of x86_64";
  ResolvedPolicy hardened = resolved("hardened");
  for (const char* name : {"execve",
                           "brk",
                           "arch_prctl",
                           "mmap",
                           "access",
                           "openat",
                           "newfstatat",
                           "close",
                           "read",
                           "pread64",
                           "set_tid_address",
                           "set_robust_list",
                           "rseq",
                           "mprotect",
                           "prlimit64",
                           "munmap",
                           "statfs",
                           "getrandom",
                           "ioctl",
                           "getdents64",
                           "write",
                           "exit_group",
                           "statx",
                           "getxattr",
                           "lgetxattr",
                           "listxattr",
                           "futex",
                           "fadvise64",
                           "copy_file_range",
                           "sendfile",
                           "splice",
                           "fstat",
                           "lseek",
                           "fcntl",
                           "sigaltstack",
                           "rt_sigaction",
                           "connect",
                           "sendto",
                           "recvmsg",
                           "clone",
                           "wait4"})
    EXPECT_EQ(answer(hardened, name, {}).kind, ActionKind::allow) << name;
}

TEST(Builtin, hardened_refuses_what_changes_the_machine_or_others) {
  if (abi::native_arch() != Arch::x86_64) GTEST_SKIP() << "numbers of x86_64";
  ResolvedPolicy hardened = resolved("hardened");
  for (const char* group : {"module", "bpf", "fault", "keys"}) {
    for (std::string_view name : abi::find_group(group)->members) {
      if (abi::number_of(name, Arch::x86_64)) {
        EXPECT_EQ(answer(hardened, name, {}).kind, ActionKind::errno_) << name;
      }
    }
  }
  for (const char* name :
       {"mount", "umount2", "pivot_root", "ptrace", "process_vm_readv", "process_madvise", "pidfd_getfd", "unshare",
        "setns", "chroot", "open_by_handle_at", "kexec_load", "reboot", "iopl", "perf_event_open"})
    EXPECT_EQ(answer(hardened, name, {}).kind, ActionKind::errno_) << name;
  EXPECT_EQ(answer(hardened, "clone3", {}), (Action{ActionKind::errno_, 38}));
  EXPECT_EQ(answer(hardened, "io_uring_setup", {}), (Action{ActionKind::errno_, 38}));
  EXPECT_EQ(answer(hardened, "clone", {0x10000000}), (Action{ActionKind::errno_, 1}));
  EXPECT_EQ(answer(hardened, "ioctl", {0, 0x100005412}), (Action{ActionKind::errno_, 1}));
  EXPECT_EQ(answer(hardened, "socket", {38}).kind, ActionKind::errno_);
  EXPECT_EQ(answer(hardened, "personality", {0x400000}).kind, ActionKind::errno_);
}

TEST(Builtin, docker_default_answers_as_the_published_profile) {
  if (abi::native_arch() != Arch::x86_64) GTEST_SKIP() << "numbers of x86_64";
  ResolvedPolicy docker = resolved("docker-default");
  const Action allow{ActionKind::allow, 0}, refuse{ActionKind::errno_, 1};
  EXPECT_EQ(answer(docker, "socket", {1}), allow);
  EXPECT_EQ(answer(docker, "socket", {38}), refuse);
  EXPECT_EQ(answer(docker, "socket", {39}), allow);
  EXPECT_EQ(answer(docker, "socket", {40}), refuse);
  EXPECT_EQ(answer(docker, "socket", {41}), allow);
  EXPECT_EQ(answer(docker, "socket", {0x100000001}), allow);
  EXPECT_EQ(answer(docker, "personality", {0xffffffff}), allow);
  EXPECT_EQ(answer(docker, "personality", {0xffffffffffffffff}), refuse);
  EXPECT_EQ(answer(docker, "personality", {0x400000}), refuse);
  EXPECT_EQ(answer(docker, "clone", {0x3d0f00}), allow);
  EXPECT_EQ(answer(docker, "clone", {0x10000000}), refuse);
  EXPECT_EQ(answer(docker, "clone3", {}), (Action{ActionKind::errno_, 38}));
  EXPECT_EQ(answer(docker, "chroot", {}), allow);
  EXPECT_EQ(answer(docker, "ptrace", {}), allow);
  EXPECT_EQ(answer(docker, "mount", {}), refuse);
  EXPECT_EQ(answer(docker, "keyctl", {}), refuse);
  EXPECT_EQ(answer(docker, "io_uring_setup", {}), refuse);
}

}  // namespace
}  // namespace cordon::formats
