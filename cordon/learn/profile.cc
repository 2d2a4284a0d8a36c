#include "cordon/learn/profile.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "cordon/abi/syscalls.h"

namespace cordon::learn {
namespace {

void add_values(CallProfile& call, const RecordedValues& values) {
  auto at = std::lower_bound(call.values.begin(), call.values.end(), values,
                             [](const RecordedValues& a, const RecordedValues& b) { return a.values < b.values; });
  if (at == call.values.end() || at->values != values.values) {
    call.values.insert(at, values);
    return;
  }
  at->count += values.count;
  at->first_seen_ns = std::min(at->first_seen_ns, values.first_seen_ns);
}

void drop_values(CallProfile& call) {
  call.too_many_values = true;
  call.slots.clear();
  call.values.clear();
}

void add(CallProfile& call, const RecordedCall& seen) {
  bool is_new = call.count == 0;
  call.count += seen.count;
  call.first_seen_ns = is_new ? seen.first_seen_ns : std::min(call.first_seen_ns, seen.first_seen_ns);
  if (call.programs.empty() || call.programs.back() != seen.program) call.programs.push_back(seen.program);
  std::vector<uint8_t> slots(seen.slots.begin(), seen.slots.begin() + seen.slot_count);
  if (is_new) call.slots = slots;
  if (call.too_many_values) return;
  if (seen.too_many_values || slots != call.slots) return drop_values(call);
  for (const RecordedValues& values : seen.values) add_values(call, values);
  if (call.values.size() > observe::kMaxValues) drop_values(call);
}

}  // namespace

Profile build_profile(const Recording& recording) {
  std::map<std::pair<Arch, uint32_t>, CallProfile> calls;
  for (const RecordedCall& seen : recording.calls) {
    CallProfile& call = calls[{seen.arch, seen.nr}];
    call.arch = seen.arch;
    call.nr = seen.nr;
    add(call, seen);
  }
  Profile profile;
  for (auto& [key, call] : calls) profile.calls.push_back(std::move(call));
  std::sort(profile.calls.begin(), profile.calls.end(), [](const CallProfile& a, const CallProfile& b) {
    auto key = [](const CallProfile& call) {
      std::string_view name = abi::name_of(call.nr, call.arch);
      return std::tuple(call.arch != abi::native_arch(), call.arch, name.empty(), name, call.nr);
    };
    return key(a) < key(b);
  });
  return profile;
}

}  // namespace cordon::learn
