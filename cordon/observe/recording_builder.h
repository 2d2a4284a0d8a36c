// Sums events up into a recording, in bounded memory.
//
//   RecordingBuilder builder;
//   uint32_t ls = builder.program("/usr/bin/ls");
//   builder.add(event);
//   Recording recording = std::move(builder).finish();
//
// An event costs one look-up in a hash table and a scan of at most kMaxValues small arrays; memory grows
// with the distinct calls, never with the events.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cordon/observe/event.h"
#include "cordon/observe/recording.h"

namespace cordon::observe {

class RecordingBuilder {
 public:
  // The index of a program, new or known; beyond kMaxPrograms all others are one without a path.
  uint32_t program(std::string_view path);
  uint32_t launch_program();

  // A call of an ABI that cordon does not know counts as lost.
  void add(const SyscallEvent& event);
  // Adds what another recording has; `program` is the index here.
  void add(const RecordedCall& call, uint32_t program);

  void note_lost(uint64_t count) { add_up(recording_.lost, count); }
  void note_interrupted(uint64_t count) { add_up(recording_.interrupted, count); }
  void note_unattributed(uint64_t count) { add_up(recording_.unattributed, count); }

  Recording finish() &&;

 private:
  struct Key {
    uint32_t program;
    uint32_t nr;
    Arch arch;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t mixed = (uint64_t{key.program} << 40) ^ (uint64_t{static_cast<uint8_t>(key.arch)} << 32) ^ key.nr;
      mixed *= 0x9e3779b97f4a7c15;
      return static_cast<size_t>(mixed ^ (mixed >> 29));
    }
  };
  struct Entry {
    RecordedCall call;
    WatchedCall watched;
    size_t last_hit = 0;  // calls come in runs with the same values
  };

  Entry& entry(uint32_t program, Arch arch, uint32_t nr, uint64_t offset_ns);
  static void add_up(uint64_t& counter, uint64_t count) { counter = std::min(counter + count, kMaxCount); }
  static void add_values(Entry& entry, const RecordedValues& values);

  Recording recording_;
  std::unordered_map<std::string, uint32_t> programs_;
  std::unordered_map<Key, Entry, KeyHash> calls_;
};

}  // namespace cordon::observe
