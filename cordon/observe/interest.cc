#include "cordon/observe/interest.h"

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"

namespace cordon::observe {
namespace {

constexpr auto kOne = ArgumentUse::one_of;
constexpr auto kFlags = ArgumentUse::flags;

// At most kMaxWatched lines for a call. Calls whose choice lies in a structure (clone3, openat2) have no
// line: a filter cannot see it. The signal of kill and tgkill is left out: which signals a program sends
// depends on how its run goes.
constexpr InterestingArgument kTable[] = {
    {"ioctl", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"fcntl", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"fcntl64", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"prctl", "option", kOne, 0, {}, "each option is a call of its own"},
    {"arch_prctl", "option", kOne, 0, {}, "each option is a call of its own"},
    {"keyctl", "option", kOne, 0, {}, "each option is a call of its own"},
    {"bpf", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"ptrace", "request", kOne, 0, {}, "each request is a call of its own"},
    {"seccomp", "op", kOne, 0, {}, "each operation is a call of its own"},
    {"seccomp", "flags", kFlags, 0, {}, "a listener or a filter on all threads"},
    {"io_uring_register", "opcode", kOne, 0, {}, "each operation is a call of its own"},
    {"membarrier", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"futex", "op", kOne, 0, {}, "each operation is a call of its own"},
    {"futex_time64", "op", kOne, 0, {}, "each operation is a call of its own"},
    {"socketcall", "call", kOne, 0, {}, "each number is a call of its own"},
    {"ipc", "call", kOne, 0, {}, "each number is a call of its own"},
    {"shmctl", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"semctl", "cmd", kOne, 0, {}, "each command is a call of its own"},
    {"msgctl", "cmd", kOne, 0, {}, "each command is a call of its own"},

    {"socket", "family", kOne, 0, {}, "each family is a part of the kernel of its own"},
    {"socket", "type", kFlags, 0xf, "SOCK_TYPE_MASK", "raw and packet sockets see others' traffic"},
    {"socket", "protocol", kOne, 0, {}, "each protocol is a part of the kernel of its own"},
    {"socketpair", "family", kOne, 0, {}, "each family is a part of the kernel of its own"},
    {"socketpair", "type", kFlags, 0xf, "SOCK_TYPE_MASK", "the kind of connection"},
    {"socketpair", "protocol", kOne, 0, {}, "each protocol is a part of the kernel of its own"},
    {"setsockopt", "level", kOne, 0, {}, "each level is a part of the kernel of its own"},
    {"setsockopt", "optname", kOne, 0, {}, "each option is a call of its own"},
    {"getsockopt", "level", kOne, 0, {}, "each level is a part of the kernel of its own"},
    {"getsockopt", "optname", kOne, 0, {}, "each option is a call of its own"},
    {"accept4", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"shutdown", "how", kOne, 0, {}, "three directions"},

    {"open", "flags", kFlags, 0x3, "O_ACCMODE", "reading, writing and creating"},
    {"openat", "flags", kFlags, 0x3, "O_ACCMODE", "reading, writing and creating"},
    {"lseek", "whence", kOne, 0, {}, "five ways to count"},
    {"dup3", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"pipe2", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"eventfd2", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"epoll_create1", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"inotify_init1", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"signalfd4", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"timerfd_create", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"memfd_create", "flags", kFlags, 0, {}, "an executable memory file is a way to run code"},
    {"getrandom", "flags", kFlags, 0, {}, "flags not seen are not needed"},
    {"renameat2", "flags", kFlags, 0, {}, "whiteouts and exchanges are rare"},
    {"execveat", "flags", kFlags, 0, {}, "AT_EMPTY_PATH runs a file without a name"},
    {"umount2", "flags", kFlags, 0, {}, "forced and lazy unmounts"},

    {"mmap", "prot", kFlags, 0, {}, "executable memory"},
    {"mmap", "flags", kFlags, 0xf, "MAP_TYPE", "shared, private and fixed mappings"},
    {"mmap2", "prot", kFlags, 0, {}, "executable memory"},
    {"mmap2", "flags", kFlags, 0xf, "MAP_TYPE", "shared, private and fixed mappings"},
    {"mprotect", "prot", kFlags, 0, {}, "executable memory"},
    {"pkey_mprotect", "prot", kFlags, 0, {}, "executable memory"},
    {"mremap", "flags", kFlags, 0, {}, "fixed mappings"},
    {"madvise", "behavior", kOne, 0, {}, "advice is a family of commands"},

    {"clone", "clone_flags", kFlags, 0xff, "CSIGNAL", "threads, processes and namespaces"},
    {"unshare", "unshare_flags", kFlags, 0, {}, "which namespaces are left"},
    {"setns", "flags", kFlags, 0, {}, "which namespaces are entered"},
    {"personality", "personality", kOne, 0, {}, "READ_IMPLIES_EXEC and address layout"},
    {"prlimit64", "resource", kOne, 0, {}, "one of sixteen limits"},
    {"getrlimit", "resource", kOne, 0, {}, "one of sixteen limits"},
    {"ugetrlimit", "resource", kOne, 0, {}, "one of sixteen limits"},
    {"setrlimit", "resource", kOne, 0, {}, "one of sixteen limits"},
    {"reboot", "cmd", kOne, 0, {}, "restart, halt and kexec"},
    {"rt_sigprocmask", "how", kOne, 0, {}, "three ways to change the mask"},
};

}  // namespace

std::span<const InterestingArgument> interesting_arguments() { return kTable; }

WatchedCall watched_arguments(Arch arch, uint32_t nr) {
  WatchedCall watched;
  std::string_view name = abi::name_of(nr, arch);
  if (name.empty()) return watched;
  for (const InterestingArgument& line : kTable) {
    if (line.syscall != name || watched.count == kMaxWatched) continue;
    abi::ArgumentLookup found = abi::find_argument(name, line.argument, arch);
    if (!found.argument) continue;
    uint8_t bits = found.argument->bits;
    uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    watched.items[watched.count++] = {&line, found.argument->slot, mask};
  }
  return watched;
}

const InterestingArgument* find_interest(Arch arch, uint32_t nr, unsigned slot) {
  const WatchedCall call = watched_arguments(arch, nr);
  for (const WatchedArgument& watched : call.arguments()) {
    if (watched.slot == slot) return watched.interest;
  }
  return nullptr;
}

}  // namespace cordon::observe
