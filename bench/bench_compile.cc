// Compile time in process: resolve + compile, and the proof of the filter, against libseccomp's init + rule_add +
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

void add(const std::string& name, const Policy& policy) {
  auto us = benchmark::kMicrosecond;
  benchmark::RegisterBenchmark((name + "_cordon").c_str(),
                               [policy](benchmark::State& state) {
                                 for (auto _ : state) benchmark::DoNotOptimize(bench::cordon_compile(policy));
                               })
      ->Unit(us)
      ->Repetitions(9);
  benchmark::RegisterBenchmark((name + "_cordon_compile_only").c_str(),
                               [policy](benchmark::State& state) {
                                 Result<ResolvedPolicy> resolved = policy::resolve(policy, {.allow_unknown = true});
                                 for (auto _ : state) benchmark::DoNotOptimize(compiler::compile(*resolved, {}));
                               })
      ->Unit(us)
      ->Repetitions(9);
  benchmark::RegisterBenchmark((name + "_proof").c_str(),
                               [policy](benchmark::State& state) {
                                 Result<ResolvedPolicy> resolved = policy::resolve(policy, {.allow_unknown = true});
                                 Result<Filter> filter = compiler::compile(*resolved, {});
                                 std::span<const bpf::Program> program(&filter->program, 1);
                                 for (auto _ : state)
                                   benchmark::DoNotOptimize(prove::compare(&*resolved, program, {}).verdict);
                               })
      ->Unit(us)
      ->Repetitions(9);
  benchmark::RegisterBenchmark((name + "_libseccomp").c_str(),
                               [rules = bench::scmp_policy(policy)](benchmark::State& state) {
                                 for (auto _ : state) benchmark::DoNotOptimize(bench::libseccomp_compile(rules, false));
                               })
      ->Unit(us)
      ->Repetitions(9);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  char interleave[] = "--benchmark_enable_random_interleaving=true", short_runs[] = "--benchmark_min_time=0.05";
  arguments.insert(arguments.begin() + 1, {interleave, short_runs});
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  Policy docker = bench::containers_profile(), small = bench::small_profile();
  add("docker", docker);
  add("small", small);
  Ratios ratios;
  benchmark::RunSpecifiedBenchmarks(&ratios);
  std::printf("\n%-8s %14s %14s %10s %14s %8s %8s %8s\n", "policy", "cordon us", "of it compile", "proof us",
              "libseccomp us", "ratio", "insns", "theirs");
  for (const auto& [name, policy] : {std::pair<std::string, const Policy&>{"docker", docker}, {"small", small}}) {
    const double ours = ratios.median_of(name + "_cordon"), proof = ratios.median_of(name + "_proof");
    const double theirs = ratios.median_of(name + "_libseccomp");
    std::printf("%-8s %14.1f %14.1f %10.1f %14.1f %8.2f %8zu %8zu\n", name.c_str(), ours,
                ratios.median_of(name + "_cordon_compile_only"), proof, theirs,
                ours + proof > 0 ? theirs / (ours + proof) : 0, bench::cordon_compile(policy).size(),
                bench::libseccomp_compile(bench::scmp_policy(policy), false).size());
  }
}
