// Filters made in constant expressions within the limits compilers have by default: the same bytes as at run time,
// and proved there. Also read by clang where it is installed (CMakeLists.txt).
#include "cordon/compile/constant.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

#include "cordon/bpf/program.h"
#include "cordon/compile/compile.h"
#include "cordon/prove/compare.h"
#include "policies.h"

namespace cordon::constant {
namespace {

using compiler::constant_insns;
using compiler::Optimize;

constexpr uint64_t kInt = 0xffffffff, kLong = UINT64_MAX;

// One architecture with these segments of plain answers; a policy has to say something of every number.
constexpr ResolvedPolicy with_segments(std::initializer_list<std::pair<uint32_t, uint32_t>> segments) {
  ResolvedPolicy policy;
  ArchTable& table = policy.arches.emplace_back();
  for (const auto& [first, last] : segments) table.segments.push_back({first, last, {Clause{}}});
  return policy;
}
static_assert(compiler::detail::has_whole_tables(with_segments({{0, 9}, {10, UINT32_MAX}})));
static_assert(!compiler::detail::has_whole_tables(with_segments({})));
static_assert(!compiler::detail::has_whole_tables(with_segments({{1, UINT32_MAX}})));
static_assert(!compiler::detail::has_whole_tables(with_segments({{0, 9}, {20, UINT32_MAX}})));
static_assert(!compiler::detail::has_whole_tables(with_segments({{0, 9}, {5, UINT32_MAX}})));
static_assert(!compiler::detail::has_whole_tables(with_segments({{10, UINT32_MAX}, {0, 9}})));
static_assert(!compiler::detail::has_whole_tables(with_segments({{0, 9}})));

static_assert(compiler::detail::has_whole_tests(test(0, 0xff, {{0, 1}, {3, 0xff}})));
static_assert(!compiler::detail::has_whole_tests(test(7, 0xff, {{0, 1}})));
static_assert(!compiler::detail::has_whole_tests(test(0, 0, {{0, 0}})));
static_assert(!compiler::detail::has_whole_tests(test(0, 0xff, {})));
static_assert(!compiler::detail::has_whole_tests(test(0, 0xff, {{3, 5}, {1, 1}})));
static_assert(!compiler::detail::has_whole_tests(test(0, 0xff, {{0, 0x100}})));

constexpr Call kOneCall[] = {{"read"}};
constexpr ResolvedPolicy one_call() { return policy({Arch::x86_64}, kOneCall); }

// socket(AF_UNIX or AF_INET.., SOCK_STREAM), mmap of up to a gigabyte, lseek of 64 bits.
constexpr ResolvedCondition sockets() {
  return join(ResolvedCondition::Kind::all, {test(0, kInt, {{1, 2}, {10, 10}}), test(1, kInt, {{1, 1}, {5, 5}})});
}
constexpr ResolvedCondition small_maps() { return test(1, kLong, {{1, 0x40000000}}); }
constexpr ResolvedCondition two_offsets() { return test(1, kLong, {{0, 0}, {0x100000007, 0x2ffffffff}}); }
constexpr ResolvedCondition either() {
  return join(ResolvedCondition::Kind::any, {test(0, kInt, {{15, 16}, {38, 38}}), test(1, kLong, {{0, 0xffff}})});
}
constexpr Call kConditions[] = {{"read"},          {"socket", sockets}, {"mmap", small_maps}, {"lseek", two_offsets},
                                {"prctl", either}, {"exit_group"}};
constexpr ResolvedPolicy conditions() { return policy({Arch::x86_64}, kConditions); }

// No writing opens, no writable and executable memory, no clone into namespaces.
constexpr ResolvedCondition reads() { return test(2, 0x3 | 0x40 | 0x200, {{0, 0}}); }
constexpr ResolvedCondition not_both() { return test(2, 0x6, {{0, 0x5}}); }
constexpr ResolvedCondition no_namespaces() { return test(0, 0x7e020000, {{0, 0}}); }
constexpr ResolvedCondition few_bits() { return test(1, 0xf0000000f, {{0, 3}, {0x200000000, 0x200000003}}); }
constexpr Call kMasks[] = {
    {"openat", reads}, {"mprotect", not_both}, {"clone", no_namespaces}, {"ioctl", few_bits}, {"exit_group"}};
constexpr ResolvedPolicy masks() { return policy({Arch::x86_64}, kMasks); }

constexpr Call kSmall[] = {{"read"},   {"write"},      {"close"},          {"fstat"},        {"mmap", small_maps},
                           {"munmap"}, {"futex"},      {"openat", reads},  {"rt_sigreturn"}, {"execve"},
                           {"exit"},   {"exit_group"}, {"ioctl", few_bits}};
constexpr ResolvedPolicy arches() { return policy({Arch::x86_64, Arch::x32, Arch::i386, Arch::arm64}, kSmall); }
constexpr ResolvedPolicy big_endian() { return policy({Arch::s390x}, kConditions); }

// What a network service asks for.
constexpr Call kService[] = {{"accept4"},
                             {"access"},
                             {"arch_prctl"},
                             {"bind"},
                             {"brk"},
                             {"chdir"},
                             {"clock_gettime"},
                             {"clock_nanosleep"},
                             {"clone", no_namespaces},
                             {"close"},
                             {"connect"},
                             {"dup"},
                             {"dup2"},
                             {"dup3"},
                             {"epoll_create1"},
                             {"epoll_ctl"},
                             {"epoll_pwait"},
                             {"epoll_wait"},
                             {"eventfd2"},
                             {"execve"},
                             {"exit"},
                             {"exit_group"},
                             {"faccessat"},
                             {"fchdir"},
                             {"fchmod"},
                             {"fchown"},
                             {"fcntl"},
                             {"fdatasync"},
                             {"flock"},
                             {"fstat"},
                             {"fstatfs"},
                             {"fsync"},
                             {"ftruncate"},
                             {"futex"},
                             {"getcwd"},
                             {"getdents64"},
                             {"getegid"},
                             {"geteuid"},
                             {"getgid"},
                             {"getgroups"},
                             {"getpeername"},
                             {"getpgrp"},
                             {"getpid"},
                             {"getppid"},
                             {"getrandom"},
                             {"getrlimit"},
                             {"getsockname"},
                             {"getsockopt"},
                             {"gettid"},
                             {"gettimeofday"},
                             {"getuid"},
                             {"ioctl", few_bits},
                             {"kill"},
                             {"listen"},
                             {"lseek"},
                             {"lstat"},
                             {"madvise"},
                             {"mkdir"},
                             {"mmap", not_both},
                             {"mprotect", not_both},
                             {"mremap"},
                             {"munmap"},
                             {"nanosleep"},
                             {"newfstatat"},
                             {"openat"},
                             {"pipe2"},
                             {"poll"},
                             {"ppoll"},
                             {"prctl", either},
                             {"pread64"},
                             {"prlimit64"},
                             {"pwrite64"},
                             {"read"},
                             {"readlink"},
                             {"readv"},
                             {"recvfrom"},
                             {"recvmsg"},
                             {"rename"},
                             {"restart_syscall"},
                             {"rseq"},
                             {"rt_sigaction"},
                             {"rt_sigprocmask"},
                             {"rt_sigreturn"},
                             {"sched_getaffinity"},
                             {"sched_yield"},
                             {"sendfile"},
                             {"sendmsg"},
                             {"sendto"},
                             {"set_robust_list"},
                             {"set_tid_address"},
                             {"setsockopt"},
                             {"shutdown"},
                             {"sigaltstack"},
                             {"socket", sockets},
                             {"stat"},
                             {"statx"},
                             {"sysinfo"},
                             {"tgkill"},
                             {"umask"},
                             {"uname"},
                             {"unlink"},
                             {"wait4"},
                             {"write"},
                             {"writev"}};
constexpr ResolvedPolicy service() { return policy({Arch::x86_64}, kService); }

template <Optimize optimize, ResolvedPolicy (*make)()>
constexpr auto kInsns = constant_insns<optimize>([] { return make(); });

static_assert(kInsns<Optimize::attach, one_call>.front() == bpf::Insn{bpf::kLdAbs, 0, 0, bpf::kOffsetArch});
static_assert(bpf::faults_in(kInsns<Optimize::attach, conditions>).empty());
static_assert(bpf::faults_in(kInsns<Optimize::attach, arches>).empty());
static_assert(kInsns<Optimize::size, service>.size() <= kInsns<Optimize::attach, service>.size());

struct Row {
  const char* name;
  ResolvedPolicy (*make)();
  std::span<const bpf::Insn> attach, size;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

template <ResolvedPolicy (*make)()>
Row row(const char* name) {
  return {name, make, kInsns<Optimize::attach, make>, kInsns<Optimize::size, make>};
}

class ConstantTable : public testing::TestWithParam<Row> {};

TEST_P(ConstantTable, has_the_bytes_of_the_run_time_compiler) {
  const ResolvedPolicy resolved = GetParam().make();
  const std::pair<Optimize, std::span<const bpf::Insn>> made[] = {{Optimize::attach, GetParam().attach},
                                                                  {Optimize::size, GetParam().size}};
  for (const auto& [optimize, insns] : made) {
    compiler::CompileOptions options;
    options.optimize = optimize;
    Result<Filter> filter = compiler::compile(resolved, options);
    ASSERT_TRUE(filter);
    EXPECT_TRUE(std::ranges::equal(filter->program.insns(), insns)) << insns.size() << " instructions";
  }
}

TEST_P(ConstantTable, is_proved_to_do_what_the_policy_says) {
  const ResolvedPolicy resolved = GetParam().make();
  for (std::span<const bpf::Insn> insns : {GetParam().attach, GetParam().size}) {
    Result<bpf::Program> program = bpf::Program::create({insns.begin(), insns.end()});
    ASSERT_TRUE(program);
    std::span<const bpf::Program> programs(&*program, 1);
    EXPECT_EQ(prove::compare(&resolved, programs, {}).verdict, prove::Verdict::equal);
  }
}

INSTANTIATE_TEST_SUITE_P(Constant, ConstantTable,
                         testing::Values(row<one_call>("one_call"), row<conditions>("conditions"), row<masks>("masks"),
                                         row<arches>("arches"), row<big_endian>("big_endian"), row<service>("service")),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace cordon::constant
