#include "cordon/sandbox/ready_calls.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <bit>

#include "cordon/abi/arch.h"
#include "cordon/bpf/simulate.h"
#include "cordon/sandbox/ready_child.h"

namespace cordon::sandbox {
namespace {

bool allows(const std::vector<FilterSpec>& filters, const bpf::Input& input) {
  constexpr Endian kNative = std::endian::native == std::endian::big ? Endian::big : Endian::little;
  for (const FilterSpec& filter : filters) {
    const uint32_t action = bpf::simulate(filter.program, input, kNative).ret & SECCOMP_RET_ACTION_FULL;
    if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string_view> calls_refused_by(const std::vector<FilterSpec>& filters, int clone_flags) {
  // What is not known here, as addresses, stands as a number that no rule means: a filter that compares it with more
  // than that ends the sandbox while it is made ready, or what it starts, by its own answer.
  constexpr uint64_t kSomewhere = 0x7f0000001000, kSignalSetBytes = 8;
  struct OwnCall {
    std::string_view name;
    uint32_t nr;
    uint64_t args[6];
  };
  const auto flags = [](int value) { return static_cast<uint64_t>(static_cast<uint32_t>(value)); };
  std::vector<OwnCall> calls = {
      {"recvmsg", SYS_recvmsg, {kReadyControl, kSomewhere, 0}},
      {"sendmsg", SYS_sendmsg, {kReadyControl, kSomewhere, MSG_NOSIGNAL}},
      {"clone", SYS_clone, {flags(clone_flags), kSomewhere, kSomewhere}},
      {"clone", SYS_clone, {flags(kReadyForkFlags), 0, kSomewhere}},
      {"rt_sigprocmask", SYS_rt_sigprocmask, {SIG_SETMASK, kSomewhere, 0, kSignalSetBytes}},
      {"setsid", SYS_setsid, {}},
      {"chdir", SYS_chdir, {kSomewhere}},
      {"umask", SYS_umask, {022}},
      {"munmap", SYS_munmap, {kSomewhere, 4096}},
      {"exit_group", SYS_exit_group, {127}},
  };
  for (uint64_t fd = 0; fd <= kReadyControl + 1; ++fd) calls.push_back({"close", SYS_close, {fd}});
  std::vector<std::string_view> refused;
  for (const OwnCall& call : calls) {
    bpf::Input input{.nr = call.nr, .audit_arch = abi::info(abi::native_arch()).audit_arch};
    for (size_t i = 0; i < 6; ++i) input.args[i] = call.args[i];
    if (!allows(filters, input) && (refused.empty() || refused.back() != call.name)) refused.push_back(call.name);
  }
  return refused;
}

}  // namespace cordon::sandbox
