// The price of a call that is denied with an errno: by the filter alone, by a bare notification (the least that any
// supervisor costs), and under `cordon run`, quiet and explaining, and by a `notify` rule with --on-notify deny. In a
// new random order each round.
//   bench_denied [ROUNDS]
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>

#include "cordon/sandbox/launch.h"
#include "profiles.h"

using namespace cordon;

namespace {

constexpr int kCalls = 20000;
constexpr char kErrnoPolicy[] = "default allow\nerrno EPERM mkdir\n";
constexpr char kNotifyPolicy[] = "default allow\nnotify mkdir\n";
constexpr char kPolicy[] = "/tmp/cordon-bench-denied.XXXXXX";

// The command of every way: prints the nanoseconds of a denied call.
int be_denied() {
  uint64_t begin = bench::now_ns();
  for (int i = 0; i < kCalls; ++i)
    if (syscall(SYS_mkdir, "denied", 0777) == 0 || errno != EPERM) return 1;
  std::printf("%f\n", static_cast<double>(bench::now_ns() - begin) / kCalls);
  return 0;
}

bpf::Program deny_mkdir(uint32_t ret) {
  return bpf::Program::create({{bpf::kLdAbs, 0, 0, offsetof(seccomp_data, nr)},
                               {bpf::kJeqK, 0, 1, SYS_mkdir},
                               {bpf::kRetK, 0, 0, ret},
                               {bpf::kRetK, 0, 0, SECCOMP_RET_ALLOW}})
      .value();
}

LaunchSpec spec(const std::string& self, uint32_t ret) {
  LaunchSpec made;
  made.argv = {self, "--denied"};
  made.filters.push_back({deny_mkdir(ret), 0});
  return made;
}

void under_filter(const std::string& self) { sandbox::exec(spec(self, SECCOMP_RET_ERRNO | EPERM)); }

// RECV and SEND, and nothing else.
void under_bare_listener(const std::string& self) {
  LaunchSpec made = spec(self, SECCOMP_RET_USER_NOTIF);
  made.listener = true;
  Result<Launched> launched = sandbox::launch(made);
  if (!launched) return;
  launched->listener->enable_sync_wake_up();
  const int fd = launched->listener->fd();
  while (true) {
    seccomp_notif call{};
    if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
      if (launched->listener->is_finished()) break;
      continue;
    }
    seccomp_notif_resp answer{.id = call.id, .val = 0, .error = -EPERM, .flags = 0};
    ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  waitpid(launched->pid, nullptr, 0);
}

// What a way's command prints; below 0 when it has failed.
double time_of(const std::function<void()>& way) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    way();
    _exit(0);
  }
  close(ends[1]);
  char text[64] = "";
  const bool printed = read(ends[0], text, sizeof text - 1) > 0;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return printed ? std::strtod(text, nullptr) : -1;
}

void under_cordon(const std::string& self, const std::string& policy, const char* option) {
  if (std::freopen("/dev/null", "w", stderr) == nullptr) return;
  execl(CORDON_PROGRAM, "cordon", "run", "-p", policy.c_str(), option, "--", self.c_str(), "--denied", nullptr);
}

// Its path.
std::string policy_file(const char* text) {
  char path[sizeof kPolicy];
  std::memcpy(path, kPolicy, sizeof kPolicy);
  const int file = mkstemps(path, 0);
  const bool is_written = file >= 0 && write(file, text, std::strlen(text)) > 0;
  close(file);
  return is_written ? path : std::string();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--denied") == 0) return be_denied();
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 31;
  char self[4096] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return 1;
  const std::string policy = policy_file(kErrnoPolicy), notifying = policy_file(kNotifyPolicy);
  if (policy.empty() || notifying.empty()) return 1;

  struct Way {
    const char* name;
    std::function<void()> start;
    std::vector<double> times;
  };
  std::vector<Way> ways = {
      {"the filter alone", [&] { under_filter(self); }, {}},
      {"a bare notification", [&] { under_bare_listener(self); }, {}},
      {"cordon run --quiet", [&] { under_cordon(self, policy, "--quiet"); }, {}},
      {"cordon run", [&] { under_cordon(self, policy, "--explain=denials"); }, {}},
      {"notify, --on-notify deny", [&] { under_cordon(self, notifying, "--on-notify=deny"); }, {}}};
  std::vector<size_t> order = {0, 1, 2, 3, 4};
  std::mt19937 random(1);
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (size_t index : order) {
      const double time = time_of(ways[index].start);
      if (time < 0) std::fprintf(stderr, "%s: failed\n", ways[index].name);
      if (time >= 0) ways[index].times.push_back(time);
    }
  }
  unlink(policy.c_str());
  unlink(notifying.c_str());
  const double base = bench::median(ways[1].times);
  std::printf("%-28s %14s %22s\n", "a denied call", "median ns", "/ bare notification");
  for (const Way& way : ways)
    std::printf("%-28s %14.0f %22.2f\n", way.name, bench::median(way.times), bench::median(way.times) / base);
}
