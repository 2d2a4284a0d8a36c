#include "cordon/formats/builtin.h"

#include <array>

#include "cordon/formats/builtin_docker.h"

namespace cordon::formats {
namespace {

constexpr std::string_view kUnconfined = R"(# Every call, on every architecture.
policy    "unconfined"
default   allow
badarch   allow
)";

constexpr std::string_view kStrict = R"(# Work on descriptors that are open already, and end.
policy    "strict"
default   kill_process

allow     read write exit exit_group rt_sigreturn

# what 32-bit x86 returns from a handler with
allow     sigreturn
)";

constexpr std::string_view kHardened =
    R"(# For ordinary programs that only work with files, sockets, threads and children: nothing that changes
# the machine, enters namespaces, looks into other processes or reaches rarely used parts of the kernel.
policy    "hardened"
default   errno EPERM
badarch   kill_process
since     7.3
unknown   errno ENOSYS

# rings act unseen by any filter, clone3 hides its flags in memory: ENOSYS makes libraries fall back
errno ENOSYS  @io_uring clone3

# no new namespaces
errno EPERM  clone(clone_flags & (CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET) != 0)

# typing into the terminal for somebody else
errno EPERM  ioctl(cmd in {TIOCSTI, TIOCLINUX})

# families with much kernel behind them that ordinary programs do not use
errno EAFNOSUPPORT  socket(!(family in {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}))

# the personality may be asked for and set to Linux's own, never to one that makes readable memory executable
allow     personality(arg0 in {0, 8, 0x20000, 0x20008, 0xffffffff})

# acting on other processes; memory that even the kernel cannot see; paths by handle
errno EPERM  pidfd_getfd process_madvise move_pages migrate_pages memfd_secret name_to_handle_at
errno EPERM  fanotify_init lsm_list_modules remap_file_pages syslog sysfs ustat

allow     @startup @file-read @file-write @file-path @file-meta-read @file-meta-write
allow     @fd @cwd @poll @watch
allow     @net-common @net-client @net-server
allow     @process @exec @thread @memory
allow     @time-read @time-sleep @signal
allow     @ids-read @ids-set @sched @limits
allow     @ipc-sysv @ipc-mq @aio

# confining oneself further
allow     seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self
)";

constexpr std::array<Builtin, 4> kBuiltins = {{
    {"docker-default", "what Docker lets a container call with its default capabilities", kDockerDefault, std::nullopt},
    {"unconfined", "every call is allowed", kUnconfined, std::nullopt},
    {"strict", "read, write and end, from the program's entry point on", kStrict, StartPoint::entry},
    {"hardened", "a broad list for ordinary programs: files, sockets, threads, children", kHardened, std::nullopt},
}};

}  // namespace

std::span<const Builtin> builtins() { return kBuiltins; }

const Builtin* find_builtin(std::string_view name) {
  for (const Builtin& builtin : kBuiltins)
    if (builtin.name == name) return &builtin;
  return nullptr;
}

}  // namespace cordon::formats
