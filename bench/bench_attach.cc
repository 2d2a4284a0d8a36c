// Attach time: seccomp(2) in a forked child, measured in the child; filters in a new random order each round
// (a fixed order misleads by up to a tenth: the predecessor warms the branch predictor).
//   bench_attach [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiles.h"

using namespace cordon;

int main(int argc, char** argv) {
  int rounds = argc > 1 ? std::atoi(argv[1]) : 201;
  struct Item {
    std::string name;
    std::vector<bpf::Insn> insns;
    size_t beside;  // the item whose time its own is told in
    std::vector<double> times;
  };
  std::vector<Item> items = {{"allow, one instruction", bench::allow_all(), 1, {}}};
  auto add_profile = [&items](const std::string& name, const Policy& policy) {
    const bench::ScmpPolicy rules = bench::scmp_policy(policy);
    const size_t ours = items.size();
    items.push_back({name + ", cordon", bench::cordon_compile(policy), ours, {}});
    items.push_back({name + ", libseccomp default", bench::libseccomp_compile(rules, false), ours, {}});
    items.push_back({name + ", libseccomp tree", bench::libseccomp_compile(rules, true), ours, {}});
  };
  add_profile("docker", bench::containers_profile());
  add_profile("docker3", bench::containers_profile_with_sub_arches());
  const size_t allow_list = items.size();
  items.push_back({"300 calls allowed, cordon", bench::cordon_compile(bench::allow_list()), allow_list, {}});
  items.push_back({"300 calls denied, cordon", bench::cordon_compile(bench::deny_list()), allow_list, {}});
  auto* elapsed = static_cast<uint64_t*>(
      mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
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
  std::printf("%-29s %6s %10s %10s\n", "filter", "insns", "median us", "/ cordon");
  for (const Item& item : items) {
    const double time = bench::median(item.times), ours = bench::median(items[item.beside].times);
    std::printf("%-29s %6zu %10.1f %10.2f\n", item.name.c_str(), item.insns.size(), time, ours > 0 ? time / ours : 0);
  }
}
