// What filters cost: their size, their longest path, which calls run them and why, and attaching them.
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "cli/filter_views.h"
#include "cordon/abi/syscalls.h"
#include "cordon/bpf/cost.h"

namespace cordon::cli {
namespace {

constexpr size_t kWidth = 100;
// The kernel's emulator tries these numbers of each of its tables (NR_syscalls of today's kernels).
constexpr uint32_t kTriedNumbers = 480;

// Attaching a filter takes so long, by a fit over sixty filters of 26 to 200 instructions on one machine: nanoseconds.
constexpr double kAttachNs = 8200, kConvertedInsnNs = 121, kEmulatorStepNs = 2.65;

// The calls of one architecture that run the filters, by the reason.
struct Running {
  size_t total = 0, cached = 0;
  std::vector<std::string_view> by_arguments, not_allowed, without_place;
};

const Segment& segment_of(const ArchTable& table, uint32_t number) {
  return *std::lower_bound(table.segments.begin(), table.segments.end(), number,
                           [](const Segment& one, uint32_t value) { return one.last < value; });
}

// The kernel keeps in its bitmap what every filter of a stack allows whatever the arguments are.
Running running_on(std::span<const FilterView> views, const ArchTable& table, Arch arch) {
  Running result;
  for (size_t i = 0; i < abi::syscall_count(arch); ++i, ++result.total) {
    const auto& call = abi::syscall_at(arch, i);
    const bool has_place = bpf::has_bitmap_place(table.audit_arch, call.number);
    const bool is_cached = has_place && std::all_of(views.begin(), views.end(), [&](const FilterView& view) {
                             return bpf::is_const_allow(*view.program, table.audit_arch, call.number).answer;
                           });
    if (is_cached)
      ++result.cached;
    else if (!has_place)
      result.without_place.push_back(call.name);
    else if (!segment_of(table, call.number).clauses.front().condition.is_always())
      result.by_arguments.push_back(call.name);
    else
      result.not_allowed.push_back(call.name);
  }
  return result;
}

std::string names_text(const std::string& why, const std::vector<std::string_view>& names) {
  if (names.empty()) return "";
  std::string text, line = "  " + why + ":";
  for (std::string_view name : names) {
    if (line.size() + 1 + name.size() > kWidth) {
      text += line + "\n";
      line = "   ";
    }
    line += " " + std::string(name);
  }
  return text + line + "\n";
}

std::string bitmap_text(std::span<const FilterView> views, const ArchTable& table) {
  const Arch arch = abi::arch_of_call(table.audit_arch, 0).value_or(abi::native_arch());
  const Running running = running_on(views, table, arch);
  return "on " + std::string(abi::name(arch)) + ": " + std::to_string(running.cached) + " of " +
         std::to_string(running.total) +
         " calls are answered from the kernel's bitmap and run no instruction; the others run the filter\n" +
         names_text("their arguments are looked at", running.by_arguments) +
         names_text("not allowed, or not plainly", running.not_allowed) +
         (running.without_place.size() == running.total
              ? "  the bitmap has no place for them: all of this architecture\n"
              : names_text("the bitmap has no place for them", running.without_place));
}

uint64_t emulator_steps(const FilterView& view, const ResolvedPolicy& policy) {
  uint64_t steps = 0;
  for (const ArchTable& table : policy.arches)
    for (uint32_t number = 0; number < kTriedNumbers; ++number)
      if (bpf::has_bitmap_place(table.audit_arch, number))
        steps += bpf::is_const_allow(*view.program, table.audit_arch, number).steps;
  return steps;
}

}  // namespace

std::string cost_text(std::span<const FilterView> views, const Loaded& loaded) {
  uint64_t insns = 0, converted = 0, longest = 0, steps = 0;
  double attach = 0;
  std::string each;
  for (size_t i = 0; i < views.size(); ++i) {
    const bpf::Cost cost = bpf::cost(*views[i].program);
    if (i > 0) converted += bpf::kInsnsPerEarlierFilter;
    insns += cost.insn_count;
    converted += cost.converted_count;
    longest += cost.longest_path;
    if (loaded.resolved) steps += emulator_steps(views[i], *loaded.resolved);
    attach += kAttachNs + kConvertedInsnNs * cost.converted_count;
    each += filter_name(views, i) + ": " + std::to_string(cost.insn_count) + " instructions, " +
            std::to_string(cost.converted_count) + " converted, longest path " + std::to_string(cost.longest_path) +
            "\n";
  }
  const std::string most = views.size() == 1 ? " of 4096" : " in " + std::to_string(views.size()) + " stacked filters";
  std::string text = "instructions            " + std::to_string(insns) + most + "\n" + "converted by the kernel " +
                     std::to_string(converted) + " of 32768 for all stacked filters\n" + "longest path            " +
                     std::to_string(longest) + " instructions\n";
  if (!loaded.resolved) return text + (views.size() > 1 ? each : std::string());
  attach += kEmulatorStepNs * static_cast<double>(steps);
  text += "attaching, estimated    " + std::to_string(std::lround(attach / 1000)) + " us, " + std::to_string(steps) +
          " steps of the kernel's emulator among it: compare it with another filter's, machines differ\n";
  if (views.size() > 1) text += each;
  for (const ArchTable& table : loaded.resolved->arches) text += bitmap_text(views, table);
  return text;
}

}  // namespace cordon::cli
