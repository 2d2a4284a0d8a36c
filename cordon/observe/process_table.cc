#include "cordon/observe/process_table.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "cordon/abi/syscalls.h"
#include "cordon/base/fd.h"

namespace cordon::observe {
namespace {

std::string read_file(const std::string& path) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(4096, '\0');
  ssize_t size = file ? read(file.get(), text.data(), text.size()) : 0;
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

template <class Number>
std::optional<Number> number_at(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  Number number{};
  if (at >= text.size()) return std::nullopt;
  if (std::from_chars(text.data() + at, text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

// Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and parentheses, so count from its end.
std::optional<uint64_t> start_time(std::string_view stat) {
  size_t at = stat.rfind(')');
  for (int blanks = 0; at != std::string_view::npos && blanks < 20; ++blanks) at = stat.find(' ', at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at<uint64_t>(stat, at);
}

std::optional<pid_t> thread_group(std::string_view status) {
  size_t at = status.find("\nTgid:");
  if (at == std::string_view::npos) return std::nullopt;
  return number_at<pid_t>(status, at + 6);
}

}  // namespace

ProcessTable::ProcessTable(RecordingBuilder& builder, Options options)
    : builder_(builder), options_(std::move(options)) {
  for (const abi::ArchInfo& arch : abi::arches()) {
    for (std::string_view name : {"execve", "execveat"}) {
      if (std::optional<uint32_t> nr = abi::number_of(name, arch.arch)) exec_calls_.emplace_back(arch.arch, *nr);
    }
  }
  if (options_.launch > 0 && !options_.launched) {
    launch_exe_ = read_program(options_.launch).value_or("");
    processes_[options_.launch] = {options_.launch, builder_.launch_program(), true, 0};
  }
}

bool ProcessTable::is_exec(Arch arch, uint32_t nr) const {
  return std::find(exec_calls_.begin(), exec_calls_.end(), std::pair(arch, nr)) != exec_calls_.end();
}

std::optional<ProcessTable::ThreadFacts> ProcessTable::read_thread(pid_t tid) const {
  std::string directory = options_.proc + "/" + std::to_string(tid);
  std::optional<pid_t> pid = thread_group(read_file(directory + "/status"));
  std::optional<uint64_t> start = start_time(read_file(directory + "/task/" + std::to_string(tid) + "/stat"));
  if (!pid || !start) return std::nullopt;
  return ThreadFacts{*pid, *start};
}

std::optional<std::string> ProcessTable::read_program(pid_t tid) const {
  std::string link = options_.proc + "/" + std::to_string(tid) + "/exe";
  std::string path(PATH_MAX, '\0');
  ssize_t size = readlink(link.c_str(), path.data(), path.size());
  if (size <= 0) return std::nullopt;
  path.resize(static_cast<size_t>(size));
  return path;
}

bool ProcessTable::thread_exists(pid_t pid, pid_t tid) const {
  std::string path = options_.proc + "/" + std::to_string(pid) + "/task/" + std::to_string(tid);
  return access(path.c_str(), F_OK) == 0;
}

ProcessTable::Thread* ProcessTable::find_thread(pid_t tid, uint64_t now_ns) {
  auto known = threads_.find(tid);
  if (known != threads_.end() && now_ns - known->second.last_seen_ns < options_.recheck_ns) {
    known->second.last_seen_ns = now_ns;
    return &known->second;
  }
  std::optional<ThreadFacts> facts = read_thread(tid);
  if (!facts) {
    if (known != threads_.end()) threads_.erase(known);
    return nullptr;
  }
  bool is_same = known != threads_.end() && known->second.start_time == facts->start_time;
  // The leader's number came back as another process: what was known of the old one is void.
  if (!is_same && tid == facts->pid && known != threads_.end()) processes_.erase(facts->pid);
  Thread& thread = threads_[tid];
  thread = {facts->pid, facts->start_time, now_ns};
  return &thread;
}

// By the calling thread: the leader may have ended before the others, and has no program then.
void ProcessTable::refresh_program(Process& process, pid_t tid) {
  std::optional<std::string> path = read_program(tid);
  process.is_known = path.has_value();
  process.program = builder_.program(path.value_or(""));
}

void ProcessTable::settle_exec(Process& process, pid_t tid, bool asks_again) {
  std::optional<std::string> path = read_program(tid);
  bool is_launch = !launch_exe_.empty() && process.pid == options_.launch;
  // The launch makes nothing but execve (again by /bin/sh, if the file has no known format).
  if (is_launch && asks_again && path == launch_exe_) return;
  if (is_launch) launch_exe_.clear();
  refresh_program(process, tid);
  if (tid == process.exec_by || !thread_exists(process.pid, process.exec_by)) process.exec_by = 0;
}

CallOwner ProcessTable::owner_of(pid_t tid, Arch arch, uint32_t nr, uint64_t now_ns) {
  Thread* thread = tid > 0 ? find_thread(tid, now_ns) : nullptr;
  if (!thread) return {0, builder_.program(""), false};
  auto [at, is_new] = processes_.try_emplace(thread->pid);
  Process& process = at->second;
  if (is_new) {
    process.pid = thread->pid;
    refresh_program(process, tid);
  } else if (process.exec_by != 0) {
    settle_exec(process, tid, is_exec(arch, nr));
  }
  CallOwner owner{process.pid, process.program, process.is_known};
  if (is_exec(arch, nr)) process.exec_by = tid;
  return owner;
}

}  // namespace cordon::observe
