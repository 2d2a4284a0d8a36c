// What it costs to start `true` and wait for it: plainly, and under a filter by each of cordon's ways. The
// ways are interleaved by --benchmark_enable_random_interleaving=true; ratios to fork_exec are what counts.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cordon/sandbox/supervise.h"

namespace cordon {
namespace {

constexpr char kTrue[] = "/bin/true";

LaunchSpec spec() {
  constexpr uint32_t kAllow = 0x7fff0000;
  LaunchSpec made;
  made.argv = {kTrue};
  made.filters.push_back({bpf::Program::create({{bpf::kRetK, 0, 0, kAllow}}).value(), 0});
  return made;
}

void wait_for(pid_t pid) { waitpid(pid, nullptr, 0); }

void fork_exec(benchmark::State& state) {
  for (auto _ : state) {
    pid_t pid = fork();
    if (pid == 0) {
      execl(kTrue, kTrue, nullptr);
      _exit(127);
    }
    wait_for(pid);
  }
}

void exec_under_filter(benchmark::State& state) {
  for (auto _ : state) {
    pid_t pid = fork();
    if (pid == 0) {
      sandbox::exec(spec());
      _exit(127);
    }
    wait_for(pid);
  }
}

void launch_and_supervise(benchmark::State& state, const LaunchSpec& made) {
  Supervision supervision{.calls = {.answer = [](const Notification&) { return Response::run(); }}};
  for (auto _ : state) {
    auto launched = sandbox::launch(made);
    if (!launched) return state.SkipWithError("launch failed");
    auto outcome = sandbox::supervise(std::move(*launched), supervision);
    benchmark::DoNotOptimize(outcome);
  }
}

void launch_filter(benchmark::State& state) { launch_and_supervise(state, spec()); }

void launch_listener(benchmark::State& state) {
  LaunchSpec made = spec();
  made.listener = true;
  launch_and_supervise(state, made);
}

void launch_traced(benchmark::State& state) {
  LaunchSpec made = spec();
  made.trace_exits = true;
  launch_and_supervise(state, made);
}

void launch_at_entry(benchmark::State& state) {
  LaunchSpec made = spec();
  made.start = StartPoint::entry;
  launch_and_supervise(state, made);
}

BENCHMARK(fork_exec)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(exec_under_filter)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(launch_filter)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(launch_listener)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(launch_traced)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(launch_at_entry)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace cordon

BENCHMARK_MAIN();
