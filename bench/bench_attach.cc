// Attach time: seccomp(2) in a forked child, measured in the child; filters in a new random order each round
// (a fixed order misleads by up to a tenth: the predecessor warms the branch predictor).
//   bench_attach [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiles.h"

using namespace cordon;

int main(int argc, char** argv) {
  int rounds = argc > 1 ? std::atoi(argv[1]) : 201;
  Policy docker = bench::containers_profile();
  bench::ScmpPolicy rules = bench::scmp_policy(docker);
  struct Item {
    const char* name;
    std::vector<bpf::Insn> insns;
    std::vector<double> times;
  };
  std::vector<Item> items = {{"allow, one instruction", bench::allow_all(), {}},
                             {"docker, cordon", bench::cordon_compile(docker), {}},
                             {"docker, libseccomp default", bench::libseccomp_compile(rules, false), {}},
                             {"docker, libseccomp tree", bench::libseccomp_compile(rules, true), {}}};
  auto* elapsed = static_cast<uint64_t*>(
      mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::vector<size_t> order = {0, 1, 2, 3};
  std::mt19937 random(1);
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (size_t index : order) {
      *elapsed = 0;
      pid_t child = fork();
      if (child == 0) {
        uint64_t begin = bench::now_ns();
        bool installed = bench::install(items[index].insns);
        uint64_t end = bench::now_ns();
        if (installed) *elapsed = end - begin;
        _exit(0);
      }
      waitpid(child, nullptr, 0);
      if (*elapsed != 0) items[index].times.push_back(static_cast<double>(*elapsed) / 1000);
    }
  }
  double ours = bench::median(items[1].times);
  std::printf("%-28s %6s %10s %10s\n", "filter", "insns", "median us", "/ cordon");
  for (const Item& item : items) {
    double time = bench::median(item.times);
    std::printf("%-28s %6zu %10.1f %10.2f\n", item.name, item.insns.size(), time, ours > 0 ? time / ours : 0);
  }
}
