#include "cordon/observe/process_filters.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "cordon/abi/arch.h"
#include "cordon/base/text.h"
#include "cordon/bpf/simulate.h"
#include "cordon/observe/paused_thread.h"
#include "cordon/observe/thread_status.h"
#include "cordon/policy/action.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::observe {
namespace {

constexpr auto kGetFilter = static_cast<__ptrace_request>(0x420c);    // PTRACE_SECCOMP_GET_FILTER
constexpr auto kGetMetadata = static_cast<__ptrace_request>(0x420d);  // PTRACE_SECCOMP_GET_METADATA
constexpr uint64_t kFilterFlagLog = 2;                                // SECCOMP_FILTER_FLAG_LOG
constexpr unsigned kCapSysAdmin = 21;

struct Metadata {  // struct seccomp_metadata
  uint64_t filter_off = 0;
  uint64_t flags = 0;
};

class Reader {
 public:
  explicit Reader(pid_t tid) : tid_(tid) {}

  Result<ProcessFilters> read() {
    if (auto problem = look()) return std::move(*problem);
    if (auto problem = look_at_self()) return std::move(*problem);
    found_.thread = tid_;
    found_.process = status_.process;
    found_.name = status_.name;
    if (auto problem = read_stopped()) return std::move(*problem);
    compare_threads();
    return {std::move(found_), std::move(warnings_)};
  }

 private:
  std::string who() const {
    const bool is_thread = status_.process != 0 && status_.process != tid_;
    std::string text = (is_thread ? "thread " : "process ") + std::to_string(tid_);
    if (!status_.name.empty()) text += " (" + base::printable(status_.name) + ")";
    return text;
  }

  Diagnostic failed(std::string code, std::string message, std::string hint) const {
    Diagnostic problem;
    problem.code = std::move(code);
    problem.place.file = "pid:" + std::to_string(tid_);
    problem.message = std::move(message);
    problem.hint = std::move(hint);
    return problem;
  }

  Diagnostic refused(std::string message, std::string hint) const {
    return failed("process-refused", std::move(message), std::move(hint));
  }

  // What can be told without touching the process.
  std::optional<Diagnostic> look() {
    const auto status = thread_status(tid_);
    if (!status)
      return failed("no-process", "there is no process " + std::to_string(tid_),
                    "numbers are those of cordon's own pid namespace, as `ps` shows them there");
    status_ = *status;
    if (status_.process == getpid())
      return failed("not-a-process", who() + " is cordon itself, which cannot trace itself", {});
    if (status_.is_kernel_thread)
      return failed("not-a-process", who() + " is a thread of the kernel, which makes no system calls", {});
    if (status_.has_ended()) return ended();
    if (status_.seccomp == SeccompMode::none)
      return failed("no-filters", who() + " is under no seccomp filter: it may make every call",
                    "builtin:unconfined is the policy that says so");
    if (status_.seccomp == SeccompMode::strict)
      return failed("no-filters",
                    who() +
                        " is in seccomp's strict mode, which has no filters: it may read, write, exit and return "
                        "from signal handlers",
                    "builtin:strict is a filter with these calls");
    return std::nullopt;
  }

  Diagnostic ended() const {
    for (pid_t tid : sandbox::threads_of(tid_)) {
      const auto other = thread_status(tid);
      if (other && !other->has_ended())
        return failed("not-a-process", "the first thread of " + who() + " has ended, others have not",
                      "name one of them: pid:" + std::to_string(tid));
    }
    return failed("not-a-process",
                  who() + " has ended; its parent " + std::to_string(status_.parent) + " has not taken its status yet",
                  {});
  }

  // What the kernel asks of the caller (get_nth_filter's callers, kernel/seccomp.c), before the process is stopped.
  std::optional<Diagnostic> look_at_self() const {
    const auto self = thread_status(static_cast<pid_t>(gettid()));
    if (!self) return std::nullopt;
    if (self->seccomp == SeccompMode::filters || self->seccomp == SeccompMode::strict)
      return refused("cordon is under a seccomp filter itself, and the kernel shows filters only to who is not",
                     "run it outside of the container or sandbox");
    if ((self->effective_capabilities >> kCapSysAdmin & 1) == 0) return not_permitted(EACCES);
    return std::nullopt;
  }

  Diagnostic not_permitted(int error) const {
    if (status_.tracer != 0) {
      const auto tracer = thread_status(status_.tracer);
      return refused(who() + " is traced already, by process " + std::to_string(status_.tracer) +
                         (tracer ? " (" + base::printable(tracer->name) + ")" : std::string()),
                     "a process has one tracer at a time: end that one first");
    }
    return refused("the filters of " + who() + " may not be read (" + errno_name(error) + ")",
                   error == EACCES ? "reading filters needs CAP_SYS_ADMIN in the initial user namespace: run cordon as "
                                     "root, outside of containers"
                                   : "cordon must be allowed to trace it: CAP_SYS_PTRACE, and a security module that "
                                     "does not forbid it");
  }

  Diagnostic gone() const { return failed("no-process", who() + " ended while it was looked at", {}); }

  std::optional<Diagnostic> read_stopped() {
    PausedThread thread(tid_);
    if (const int error = thread.stop()) {
      if (error == ESRCH) return gone();
      if (error == EBUSY)
        return refused(who() + " does not stop: it waits in the kernel for something that cannot be interrupted",
                       "try again later; the parent of a vfork waits until the child has executed a program");
      return not_permitted(error);
    }
    for (uint32_t index = 0;; ++index) {
      const long count = ptrace(kGetFilter, tid_, index, nullptr);
      if (count < 0 && errno == ENOENT && index > 0) break;
      if (count < 0) return unreadable(errno);
      if (auto problem = add(index, static_cast<size_t>(count))) return problem;
    }
    if (thread.avoid_restart([this](const Call& call) { return may_run(call); }))
      warnings_.warning("wait-begins-anew", failed({}, {}, {}).place,
                        who() +
                            " was waiting with a timeout, and its filters refuse restart_syscall, by which the "
                            "kernel continues such a wait: it has been made to begin anew");
    return std::nullopt;
  }

  Diagnostic unreadable(int error) const {
    if (error == EACCES || error == EPERM) return not_permitted(EACCES);
    if (error == ESRCH) return gone();
    if (error == EINVAL || error == EIO)
      return refused("this kernel does not show the filters of processes (" + errno_name(error) + ")",
                     "a kernel with CONFIG_CHECKPOINT_RESTORE, 4.4 or later");
    return refused("the filters of " + who() + " cannot be read (" + errno_name(error) + ")", {});
  }

  std::optional<Diagnostic> add(uint32_t index, size_t count) {
    std::vector<sock_filter> raw(count);
    if (ptrace(kGetFilter, tid_, index, raw.data()) != static_cast<long>(count)) return unreadable(errno);
    std::vector<bpf::Insn> insns;
    for (const sock_filter& insn : raw) insns.push_back({insn.code, insn.jt, insn.jf, insn.k});
    Result<bpf::Program> program = bpf::Program::create(std::move(insns));
    if (!program)
      return refused("filter " + std::to_string(index) + " of " + who() +
                         " is none that the kernel would admit: " + program.error().begin()->message,
                     {});
    Metadata metadata{index, 0};
    std::optional<bool> is_logged;
    if (ptrace(kGetMetadata, tid_, sizeof metadata, &metadata) >= 0) is_logged = (metadata.flags & kFilterFlagLog) != 0;
    found_.filters.push_back({index, std::move(*program), is_logged});
    return std::nullopt;
  }

  bool may_run(const Call& call) const {
    std::vector<bpf::Program> programs;
    for (const AttachedFilter& filter : found_.filters) programs.push_back(filter.program);
    bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
    std::copy(call.args.begin(), call.args.end(), std::begin(input.args));
    const ActionKind answer =
        policy::from_ret(bpf::simulate_stack(programs, input, abi::info(abi::native_arch()).endian)).kind;
    return answer == ActionKind::allow || answer == ActionKind::log;
  }

  void compare_threads() {
    const std::vector<pid_t> threads = sandbox::threads_of(status_.process);
    found_.thread_count = std::max<size_t>(threads.size(), 1);
    size_t others = 0;
    std::string first;
    for (pid_t tid : threads) {
      const auto other = thread_status(tid);
      if (tid == tid_ || !other || other->has_ended()) continue;
      const bool is_alike =
          other->seccomp == status_.seccomp && (!other->filter_count || *other->filter_count == found_.filters.size());
      if (is_alike) continue;
      if (others++ == 0)
        first = "thread " + std::to_string(tid) + " has " +
                (other->filter_count ? std::to_string(*other->filter_count) : std::string("another number"));
    }
    if (others == 0) return;
    warnings_.warning("threads-differ", failed({}, {}, {}).place,
                      std::to_string(others) + (others == 1 ? " thread" : " threads") + " of process " +
                          std::to_string(status_.process) + " have another number of filters than thread " +
                          std::to_string(tid_) + ", which was read and has " + std::to_string(found_.filters.size()) +
                          ": " + first,
                      "a thread is read by its own number, as pid:TID");
  }

  pid_t tid_;
  ThreadStatus status_;
  ProcessFilters found_;
  Diagnostics warnings_;
};

}  // namespace

Result<ProcessFilters> read_process_filters(pid_t tid) { return Reader(tid).read(); }

}  // namespace cordon::observe
