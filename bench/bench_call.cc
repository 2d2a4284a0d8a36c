// The price of one call under a filter, in a forked child, filters in a new random order each round.
//   bench_call [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiles.h"

using namespace cordon;

namespace {

constexpr int kCalls = 20000;
constexpr long kUnlisted = 1000;

// Nanoseconds a call of getppid, of personality(0xffffffff), and of a number no kernel has, which every filter
// that lists its calls refuses and which does nothing without one.
struct Times {
  double allowed, checked, denied;
};

template <class Call>
double time_of(Call call) {
  uint64_t begin = bench::now_ns();
  for (int i = 0; i < kCalls; ++i) call();
  return static_cast<double>(bench::now_ns() - begin) / kCalls;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = argc > 1 ? std::atoi(argv[1]) : 31;
  Policy docker = bench::containers_profile();
  bench::ScmpPolicy rules = bench::scmp_policy(docker);
  struct Item {
    const char* name;
    std::vector<bpf::Insn> insns;
    std::vector<double> allowed, checked, denied;
  };
  // What the kernel itself asks for a filter that looks at an argument of every call.
  const std::vector<bpf::Insn> loads = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},
                                        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  std::vector<Item> items = {{"no filter", {}, {}, {}, {}},
                             {"allow, one instruction", bench::allow_all(), {}, {}, {}},
                             {"load arg0, allow", loads, {}, {}, {}},
                             {"docker, cordon", bench::cordon_compile(docker), {}, {}, {}},
                             {"docker, libseccomp default", bench::libseccomp_compile(rules, false), {}, {}, {}}};
  auto* times =
      static_cast<Times*>(mmap(nullptr, sizeof(Times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::vector<size_t> order = {0, 1, 2, 3, 4};
  std::mt19937 random(1);
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (size_t index : order) {
      *times = {};
      pid_t child = fork();
      if (child == 0) {
        if (items[index].insns.empty() || bench::install(items[index].insns)) {
          times->allowed = time_of([] { syscall(SYS_getppid); });
          times->checked = time_of([] { syscall(SYS_personality, 0xffffffff); });
          times->denied = time_of([] { syscall(kUnlisted); });
        }
        _exit(0);
      }
      waitpid(child, nullptr, 0);
      items[index].allowed.push_back(times->allowed);
      items[index].checked.push_back(times->checked);
      items[index].denied.push_back(times->denied);
    }
  }
  double base = bench::median(items[1].allowed);
  std::printf("%-28s %12s %12s %12s %14s\n", "filter", "getppid ns", "checked ns", "denied ns", "/ ret allow");
  for (const Item& item : items) {
    double allowed = bench::median(item.allowed);
    std::printf("%-28s %12.1f %12.1f %12.1f %14.3f\n", item.name, allowed, bench::median(item.checked),
                bench::median(item.denied), allowed / base);
  }
}
