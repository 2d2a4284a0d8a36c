#include "cordon/sandbox/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

#include "cordon/base/text.h"
#include "cordon/sandbox/cgroup_tree.h"

namespace cordon::sandbox {
namespace {

constexpr char kEnd = 'e';
constexpr int kPatienceMs = 600;  // with what follows below a helper process's own

int write_text(const std::string& path, const std::string& text) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

struct Setting {
  std::string file, value;
  bool may_lack = false;
};

uint64_t lowest(const CgroupPlace& place, const char* file, std::optional<uint64_t> asked) {
  uint64_t value = asked.value_or(UINT64_MAX);
  for (const auto& [name, left] : place.left)
    if (name == file) value = std::min(value, left);
  return value;
}

std::vector<Setting> settings_of(const CgroupLimits& limits, const CgroupPlace& place) {
  std::vector<Setting> settings;
  const auto add = [&](const char* file, std::optional<uint64_t> asked) {
    const uint64_t value = lowest(place, file, asked);
    if (value != UINT64_MAX) settings.push_back({file, std::to_string(value)});
  };
  add("memory.max", limits.memory);
  add("memory.high", std::nullopt);
  // What does not fit must not go on growing in swap. Kernels without swap accounting have no such file.
  if (limits.memory) settings.push_back({"memory.swap.max", "0", true});
  if (!limits.memory) add("memory.swap.max", std::nullopt);
  add("pids.max", limits.pids);
  constexpr uint64_t kPeriodUs = 100'000, kThousandths = 1000;
  if (limits.cpu_thousandths)
    settings.push_back({"cpu.max", std::to_string(*limits.cpu_thousandths * kPeriodUs / kThousandths) + " " +
                                       std::to_string(kPeriodUs)});
  return settings;
}

bool is_populated(const std::string& path) {
  return cgroup_text(path + "/cgroup.events").value_or("").find("populated 1") != std::string::npos;
}

// cgroup.kill came with 5.14.
void end_all(const std::string& path) {
  if (write_text(path + "/cgroup.kill", "1") == 0) return;
  std::istringstream pids(cgroup_text(path + "/cgroup.procs").value_or(""));
  for (pid_t pid = 0; pids >> pid;)
    if (pid > 1) kill(pid, SIGKILL);
}

// Until nobody is in it, or patience is over.
bool await_empty(const std::string& path, int patience_ms) {
  constexpr int kLookMs = 20, kLookAgainMs = 1000;
  const Fd events(open((path + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  for (int waited_ms = 0; is_populated(path);) {
    if (patience_ms >= 0 && waited_ms >= patience_ms) return false;
    pollfd entry{events.get(), POLLPRI, 0};
    const int pause_ms = patience_ms >= 0 ? kLookMs : kLookAgainMs;
    poll(&entry, 1, pause_ms);
    waited_ms += pause_ms;
    if (patience_ms >= 0) end_all(path);
  }
  return true;
}

// Groups the command has made in it go first.
bool remove_tree(const std::string& path) {
  if (rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
  std::error_code error;
  std::vector<std::string> all{path};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error))
    if (std::error_code none; entry.is_directory(none)) all.push_back(entry.path());
  for (auto one = all.rbegin(); one != all.rend(); ++one) rmdir(one->c_str());
  return access(path.c_str(), F_OK) != 0;
}

// In the process beside the launcher, whose end closes standard input.
int remove_at_the_end(const std::string& path) {
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP}) ::signal(signal, SIG_IGN);
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  dup2(null.get(), STDERR_FILENO);  // it may stay longer than who reads that
  if (chdir("/") != 0) return 1;
  char order = 0;
  ssize_t got = 0;
  do got = read(STDIN_FILENO, &order, 1);
  while (got < 0 && errno == EINTR);
  const bool is_over = got == 1 && order == kEnd;
  if (is_over) end_all(path);
  (void)await_empty(path, is_over ? kPatienceMs : -1);
  // Who has ended may be in it a moment longer than it is called populated.
  constexpr int kTries = 50;
  constexpr useconds_t kPauseUs = 5000;
  for (int i = 0; i < kTries && !remove_tree(path); ++i) usleep(kPauseUs);
  return 0;
}

Diagnostic lacking(const CgroupLimits& limits, const CgroupPlace& place) {
  Diagnostic problem;
  problem.code = "cgroup-lacking";
  problem.place = limits.place;
  problem.message = "cannot limit by a cgroup: " + place.problem;
  problem.hint = (place.cure.empty() ? "" : place.cure + "; ") +
                 std::string("--best-effort cgroup runs the command without these limits");
  return problem;
}

Diagnostic failed(const CgroupLimits& limits, const std::string& what, int error) {
  Diagnostic problem = system_error(what, error, "--best-effort cgroup runs the command without these limits");
  problem.code = "cgroup-lacking";
  problem.place = limits.place;
  return problem;
}

}  // namespace

Result<Cgroup> Cgroup::make(const CgroupLimits& limits) {
  const CgroupPlace place = find_cgroup_place(limits.controllers());
  if (place.directory.empty()) return lacking(limits, place);
  std::string path;
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    path = place.directory + "/cordon-" + std::to_string(getpid()) + (i == 0 ? "" : "-" + std::to_string(i));
    if (mkdir(path.c_str(), 0755) == 0) break;
    if (errno != EEXIST) return failed(limits, "make the cgroup '" + base::printable(path) + "'", errno);
  }
  for (const Setting& setting : settings_of(limits, place)) {
    const int error = write_text(path + "/" + setting.file, setting.value);
    if (error == 0 || (setting.may_lack && error == ENOENT)) continue;
    rmdir(path.c_str());
    return failed(limits, "set " + setting.file + " to " + setting.value, error);
  }
  Fd entrance(open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!entrance) {
    const int error = errno;
    rmdir(path.c_str());
    return failed(limits, "open '" + base::printable(path) + "/cgroup.procs'", error);
  }
  Result<HelperProcess> remover = HelperProcess::start([path] { return remove_at_the_end(path); });
  if (!remover) {
    rmdir(path.c_str());
    return remover.error();
  }
  return Cgroup(std::move(path), std::move(entrance), std::make_unique<HelperProcess>(std::move(*remover)));
}

Cgroup::~Cgroup() {
  if (!remover_) return;
  entrance_.reset();
  (void)!write(remover_->input(), &kEnd, 1);
  remover_->end();
}

}  // namespace cordon::sandbox
