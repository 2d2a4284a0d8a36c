#include "cordon/formats/danger.h"

#include <array>
#include <optional>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"

namespace cordon::formats {
namespace {

struct Danger {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view kOtherProcess =
    "it reads or changes other processes of the same user, which may be confined less";
constexpr std::string_view kMount = "it changes what every path means";
constexpr std::string_view kRing =
    "rings open, read and connect without any filter seeing it; io_uring is best left refused";
constexpr std::string_view kModule = "it loads code into the kernel";
constexpr std::string_view kKexec = "it replaces the running kernel";
constexpr std::string_view kKeys =
    "keys are shared with processes outside, and the interface has a history of kernel bugs";
constexpr std::string_view kNamespace = "new namespaces give capabilities within and open much of the kernel to attack";

constexpr std::array<Danger, 43> kDangers = {{
    {"ptrace", kOtherProcess},
    {"process_vm_readv", kOtherProcess},
    {"process_vm_writev", kOtherProcess},
    {"process_madvise", kOtherProcess},
    {"pidfd_getfd", "it takes descriptors out of other processes"},
    {"kcmp", "it tells which resources other processes share"},
    {"mount", kMount},
    {"umount", kMount},
    {"umount2", kMount},
    {"oldumount", kMount},
    {"pivot_root", kMount},
    {"move_mount", kMount},
    {"open_tree", kMount},
    {"open_tree_attr", kMount},
    {"fsopen", kMount},
    {"fsconfig", kMount},
    {"fsmount", kMount},
    {"fspick", kMount},
    {"mount_setattr", kMount},
    {"chroot", "it changes what absolute paths mean, and a descriptor of a folder outside leads out again"},
    {"bpf", "only its command is visible to a filter; programs it loads run in the kernel"},
    {"io_uring_setup", kRing},
    {"io_uring_enter", kRing},
    {"io_uring_register", kRing},
    {"userfaultfd", "it can stop the kernel in the middle of a copy, which widens races"},
    {"keyctl", kKeys},
    {"add_key", kKeys},
    {"request_key", kKeys},
    {"init_module", kModule},
    {"finit_module", kModule},
    {"delete_module", "it removes code from the kernel"},
    {"kexec_load", kKexec},
    {"kexec_file_load", kKexec},
    {"open_by_handle_at", "it opens files by number, past every view of paths"},
    {"perf_event_open", "it opens a large part of the kernel and can watch other processes"},
    {"clone3",
     "its flags lie in memory, so that no filter sees whether it makes namespaces; ENOSYS makes libc fall back to "
     "clone"},
    {"setns", "it enters namespaces of other processes"},
    {"iopl", "it gives access to hardware ports"},
    {"ioperm", "it gives access to hardware ports"},
    {"reboot", "it ends or restarts the machine"},
    {"swapon", "it lets the kernel write memory to a file of the caller's choice"},
    {"execveat", "with a descriptor of memory it runs code that has no path"},
    {"modify_ldt", "its segments have a history of kernel bugs"},
}};

// The bits of an argument, by name; none where the ABI hides it.
uint64_t argument_bits(const Call& call, std::string_view name, std::string_view argument, Arch arch) {
  std::optional<abi::Argument> found = abi::find_argument(name, argument, arch).argument;
  return found ? call.args[found->slot] : 0;
}

bool has_all(uint64_t value, std::string_view flag, std::string_view other, Arch arch) {
  uint64_t mask = abi::constant(flag, arch).value_or(0) | abi::constant(other, arch).value_or(0);
  return mask != 0 && (value & mask) == mask;
}

bool makes_namespace(uint64_t flags, Arch arch) {
  for (std::string_view flag : {"CLONE_NEWNS", "CLONE_NEWCGROUP", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWUSER",
                                "CLONE_NEWPID", "CLONE_NEWNET"})
    if ((flags & abi::constant(flag, arch).value_or(0)) != 0) return true;
  return false;
}

std::string_view danger_in_arguments(const Call& call, std::string_view name, Arch arch) {
  if (name == "unshare" && call.args[0] != 0) {
    bool any =
        makes_namespace(call.args[0], arch) || (call.args[0] & abi::constant("CLONE_NEWTIME", arch).value_or(0)) != 0;
    return any ? kNamespace : std::string_view();
  }
  if (name == "clone")
    return makes_namespace(argument_bits(call, name, "clone_flags", arch), arch) ? kNamespace : std::string_view();
  if (name == "ioctl") {
    uint64_t command = argument_bits(call, name, "cmd", arch) & 0xffffffff;
    bool types = command == abi::constant("TIOCSTI", arch) || command == abi::constant("TIOCLINUX", arch);
    return types ? std::string_view("it types into the terminal as if the user had") : std::string_view();
  }
  if (name == "personality") {
    bool query = (call.args[0] & 0xffffffff) == 0xffffffff;
    return !query && has_all(call.args[0], "READ_IMPLIES_EXEC", "READ_IMPLIES_EXEC", arch)
               ? std::string_view("with READ_IMPLIES_EXEC all readable memory becomes executable")
               : std::string_view();
  }
  if (name == "mmap" || name == "mmap2" || name == "mprotect" || name == "pkey_mprotect") {
    return has_all(argument_bits(call, name, "prot", arch), "PROT_EXEC", "PROT_WRITE", arch)
               ? std::string_view("memory that can be written and executed lets injected code run")
               : std::string_view();
  }
  return {};
}

}  // namespace

std::string danger_of(const Call& call, std::string_view name, Arch arch) {
  for (const Danger& danger : kDangers)
    if (danger.name == name) return std::string(danger.reason);
  return std::string(danger_in_arguments(call, name, arch));
}

}  // namespace cordon::formats
