// Compile time in process: resolving names, compiling, and proving the filter, against libseccomp's init + rule_add +
// export.
//   bench_compile [--benchmark_...]      prints a table of ratios at the end
#include <benchmark/benchmark.h>

#include <cstdio>

#include "cordon/compile/compile.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
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
}
