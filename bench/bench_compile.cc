// Compile time in process: resolving names, compiling, and proving the filter, against libseccomp's init + rule_add +
// export.
//   bench_compile [--benchmark_...]      prints a table of ratios at the end
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "cordon/compile/compile.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/decompile.h"
#include "cordon/prove/difference.h"
#include "profiles.h"

using namespace cordon;

namespace {

// The median of repetitions by benchmark name.
class Ratios : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) times_.emplace_back(run.run_name.function_name, run.GetAdjustedRealTime());
    }
  }
  double median_of(const std::string& name) const {
    std::vector<double> values;
    for (const auto& [benchmark, time] : times_) {
      if (benchmark == name) values.push_back(time);
    }
    return bench::median(values);
  }

 private:
  std::vector<std::pair<std::string, double>> times_;
};

constexpr int kRepetitions = 9;

template <class Work>
void add(const std::string& name, Work work) {
  benchmark::RegisterBenchmark(name.c_str(), work)->Unit(benchmark::kMicrosecond)->Repetitions(kRepetitions);
}

void add_all(const std::string& name, const Policy& policy) {
  add(name + "_resolve", [policy](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(bench::resolve(policy));
  });
  add(name + "_compile", [policy](benchmark::State& state) {
    const ResolvedPolicy resolved = bench::resolve(policy);
    for (auto _ : state) benchmark::DoNotOptimize(compiler::compile(resolved, {}));
  });
  add(name + "_prove", [policy](benchmark::State& state) {
    const ResolvedPolicy resolved = bench::resolve(policy);
    Result<Filter> filter = compiler::compile(resolved, {});
    std::span<const bpf::Program> program(&filter->program, 1);
    for (auto _ : state)
      if (prove::compare(&resolved, program, {}).verdict != prove::Verdict::equal) state.SkipWithError("not proved");
  });
  add(name + "_libseccomp", [rules = bench::scmp_policy(policy)](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(bench::libseccomp_compile(rules, false));
  });
}

// Lists that grow: a time for each rule that stays the same is what is asked for.
struct Growing {
  const char* name;
  Policy (*make)(int);
  std::vector<int> sizes;
};
const Growing kGrowing[] = {{"pairs", bench::pairs_profile, {15, 30, 60, 120, 240, 480}},
                            {"values", bench::values_profile, {10, 30, 100, 300, 1000, 3000}}};

std::string row_of(const Growing& list, int size) { return fmt::format("{}_of_{}", list.name, size); }

void add_growth() {
  for (const Growing& list : kGrowing)
    for (int size : list.sizes) add_all(row_of(list, size), list.make(size));
}

void print_growth(const Ratios& ratios) {
  std::printf("\n%-7s %6s %13s %13s %20s\n", "list", "rules", "compile us/r", "prove us/r", "libseccomp us/rule");
  for (const Growing& list : kGrowing)
    for (int size : list.sizes) {
      auto each = [&](const char* what) { return ratios.median_of(row_of(list, size) + what) / size; };
      std::printf("%-7s %6d %13.1f %13.1f %20.1f\n", list.name, size, each("_compile"), each("_prove"),
                  each("_libseccomp"));
    }
}

// What no rival does: told in times of libseccomp's compiling of the profile.
void add_judgements() {
  for (bool sub_arches : {false, true}) {
    const std::string name = sub_arches ? "diff3" : "diff";
    add(name, [sub_arches](benchmark::State& state) {
      for (auto _ : state) {
        const ResolvedPolicy left = bench::resolve(bench::docker_default(sub_arches));
        const ResolvedPolicy right =
            bench::resolve(sub_arches ? bench::containers_profile_with_sub_arches() : bench::containers_profile());
        if (prove::differences(&left, &right, {}).groups.empty()) state.SkipWithError("not decided");
      }
    });
  }
  auto decompile = [](const std::vector<bpf::Insn>& insns) {
    return [program = *bpf::Program::create(insns)](benchmark::State& state) {
      for (auto _ : state)
        if (!prove::decompile(program, {})) state.SkipWithError("not decompiled");
    };
  };
  const Policy policy = bench::containers_profile();
  add("decompile", decompile(bench::cordon_compile(policy)));
  add("decompile_theirs", decompile(bench::libseccomp_compile(bench::scmp_policy(policy), false)));
}

void print_judgements(const Ratios& ratios) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"both files read and compared", "diff", "docker_libseccomp"},
      {"the same with i386 and x32", "diff3", "docker3_libseccomp"},
      {"docker decompiled from cordon's", "decompile", "docker_libseccomp"},
      {"and from libseccomp's", "decompile_theirs", "docker_libseccomp"},
  };
  std::printf("\n%-34s %10s %13s %8s\n", "", "us", "libseccomp us", "ratio");
  for (const auto& [text, name, rival] : rows) {
    const double ours = ratios.median_of(name), theirs = ratios.median_of(rival);
    std::printf("%-34s %10.1f %13.1f %8.2f\n", text, ours, theirs, theirs / ours);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  char interleave[] = "--benchmark_enable_random_interleaving=true", short_runs[] = "--benchmark_min_time=0.03";
  arguments.insert(arguments.begin() + 1, {interleave, short_runs});
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  const std::pair<std::string, Policy> items[] = {
      {"docker", bench::containers_profile()}, {"docker3", bench::containers_profile_with_sub_arches()},
      {"small", bench::small_profile()},       {"hard", bench::hard_profile()},
      {"pairs480", bench::pairs_profile()},    {"values3000", bench::values_profile()},
      {"allow300", bench::allow_list()},       {"deny300", bench::deny_list()},
  };
  for (const auto& [name, policy] : items) add_all(name, policy);
  add_judgements();
  add_growth();
  Ratios ratios;
  benchmark::RunSpecifiedBenchmarks(&ratios);
  std::printf("\n%-11s %10s %10s %10s %13s %8s %8s %7s %7s %8s\n", "policy", "resolve us", "compile us", "prove us",
              "libseccomp us", "ratio", "whole", "insns", "theirs", "/ compar");
  for (const auto& [name, policy] : items) {
    const double resolve = ratios.median_of(name + "_resolve"), compile = ratios.median_of(name + "_compile");
    const double prove = ratios.median_of(name + "_prove"), theirs = ratios.median_of(name + "_libseccomp");
    const size_t size = bench::cordon_compile(policy).size(), comparisons = bench::count_comparisons(policy);
    const size_t their_size = bench::libseccomp_compile(bench::scmp_policy(policy), false).size();
    if (prove > 0)
      std::printf("%-11s %10.1f %10.1f %10.1f %13.1f %8.2f %8.2f %7zu %7zu", name.c_str(), resolve, compile, prove,
                  theirs, theirs / (compile + prove), theirs / (resolve + compile + prove), size, their_size);
    else
      std::printf("%-11s %10.1f %10.1f %10s %13.1f %8s %8s %7zu %7zu", name.c_str(), resolve, compile, "undecided",
                  theirs, "-", "-", size, their_size);
    if (comparisons > 20)
      std::printf(" %8.2f\n", static_cast<double>(size) / static_cast<double>(comparisons));
    else
      std::printf("\n");
  }
  print_judgements(ratios);
  print_growth(ratios);
}
