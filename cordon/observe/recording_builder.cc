#include "cordon/observe/recording_builder.h"

#include <algorithm>
#include <tuple>

namespace cordon::observe {

uint32_t RecordingBuilder::program(std::string_view path) {
  // Two places are kept: for the launch, and for the one that stands for all others.
  if (recording_.programs.size() + 2 >= kMaxPrograms && !programs_.contains(std::string(path))) path = {};
  auto [at, is_new] = programs_.try_emplace(std::string(path), static_cast<uint32_t>(recording_.programs.size()));
  if (is_new) recording_.programs.push_back({false, std::string(path)});
  return at->second;
}

uint32_t RecordingBuilder::launch_program() {
  for (size_t i = 0; i < recording_.programs.size(); ++i) {
    if (recording_.programs[i].is_launch) return static_cast<uint32_t>(i);
  }
  recording_.programs.push_back({true, {}});
  return static_cast<uint32_t>(recording_.programs.size() - 1);
}

RecordingBuilder::Entry& RecordingBuilder::entry(uint32_t program, Arch arch, uint32_t nr, uint64_t offset_ns) {
  auto [at, is_new] = calls_.try_emplace(Key{program, nr, arch});
  Entry& entry = at->second;
  if (is_new) {
    entry.watched = watched_arguments(arch, nr);
    entry.call.program = program;
    entry.call.arch = arch;
    entry.call.nr = nr;
    entry.call.first_seen_ns = offset_ns;
    entry.call.slot_count = entry.watched.count;
    for (size_t i = 0; i < entry.watched.count; ++i) entry.call.slots[i] = entry.watched.items[i].slot;
  }
  return entry;
}

void RecordingBuilder::add(const SyscallEvent& event) {
  std::optional<Arch> arch = abi::arch_of_call(event.call.audit_arch, event.call.nr);
  if (!arch) {
    note_lost(1);
    return;
  }
  Entry& found = entry(event.program, *arch, event.call.nr, event.offset_ns);
  add_up(found.call.count, 1);
  if (found.call.slot_count == 0) return;
  RecordedValues values{.count = 1, .first_seen_ns = event.offset_ns};
  for (size_t i = 0; i < found.watched.count; ++i) {
    const WatchedArgument& argument = found.watched.items[i];
    values.values[i] = event.call.args[argument.slot] & argument.mask;
  }
  add_values(found, values);
}

void RecordingBuilder::add_values(Entry& entry, const RecordedValues& values) {
  std::vector<RecordedValues>& known = entry.call.values;
  auto is_same = [&](const RecordedValues& other) { return other.values == values.values; };
  size_t at = entry.last_hit;
  if (at >= known.size() || !is_same(known[at])) {
    at = static_cast<size_t>(std::find_if(known.begin(), known.end(), is_same) - known.begin());
  }
  if (at < known.size()) {
    add_up(known[at].count, values.count);
    known[at].first_seen_ns = std::min(known[at].first_seen_ns, values.first_seen_ns);
    entry.last_hit = at;
    return;
  }
  if (known.size() < kMaxValues) {
    known.push_back(values);
    return;
  }
  entry.call.too_many_values = true;
  entry.call.slot_count = 0;
  entry.call.slots = {};
  known = {};
}

void RecordingBuilder::add(const RecordedCall& call, uint32_t program) {
  Entry& found = entry(program, call.arch, call.nr, call.first_seen_ns);
  bool is_new = found.call.count == 0;
  add_up(found.call.count, call.count);
  found.call.first_seen_ns = std::min(found.call.first_seen_ns, call.first_seen_ns);
  if (is_new) {
    found.call.slots = call.slots;
    found.call.slot_count = call.slot_count;
    found.call.too_many_values = call.too_many_values;
  }
  // Recordings that watched other arguments have no values in common: as good as too many.
  bool differs = call.slots != found.call.slots || call.slot_count != found.call.slot_count;
  if (found.call.too_many_values || call.too_many_values || differs) {
    found.call.too_many_values = true;
    found.call.slot_count = 0;
    found.call.slots = {};
    found.call.values = {};
    return;
  }
  for (const RecordedValues& values : call.values) {
    if (found.call.too_many_values) return;
    add_values(found, values);
  }
}

Recording RecordingBuilder::finish() && {
  for (auto& [key, entry] : calls_) recording_.calls.push_back(std::move(entry.call));
  std::sort(recording_.calls.begin(), recording_.calls.end(), [](const RecordedCall& a, const RecordedCall& b) {
    return std::tie(a.program, a.arch, a.nr) < std::tie(b.program, b.arch, b.nr);
  });
  for (RecordedCall& call : recording_.calls) {
    if (call.slot_count > 0) call.count = 0;
    for (const RecordedValues& values : call.values) call.count += values.count;
    std::sort(call.values.begin(), call.values.end(),
              [](const RecordedValues& a, const RecordedValues& b) { return a.values < b.values; });
  }
  return std::move(recording_);
}

}  // namespace cordon::observe
