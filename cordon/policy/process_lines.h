// The lines about whom and as what a command is started: uid, gid, groups, env, chdir, ptracer, affinity, personality,
// exec_context.
//
//   env set HOME=/tmp               a line {"env", {"set", "HOME=/tmp"}}
//
// Pure: names of users are not looked up, nor what the machine has. Sources that say different things of one thing
// contradict each other; but of groups and CPUs remain those that all sources name, and who may trace is the fewest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/base/source.h"

namespace cordon {

struct PlacedLine;

struct PlacedText {
  std::string text;
  Place place;
};

struct ProcessLines {
  std::optional<PlacedText> uid, gid;
  std::optional<PlacedText> groups;  // "27,audio", or "none"
  std::optional<PlacedText> directory;
  std::optional<PlacedText> ptracer;      // "any", "none" or a process number
  std::optional<PlacedText> affinity;     // "0-3,8"
  std::optional<PlacedText> personality;  // "linux32,addr-no-randomize"
  std::optional<PlacedText> context;      // "selinux:CONTEXT" or "apparmor:PROFILE"
  std::vector<PlacedText> set;            // "NAME=VALUE", each name once
  std::vector<PlacedText> unset;
  bool clears_environment = false;

  bool has_environment() const { return clears_environment || !set.empty() || !unset.empty(); }
};

namespace policy {

// "uid", "env" and the like.
bool is_process_subject(std::string_view subject);

// Lays the lines of one source over those of the sources before it, which `all` holds.
void add_process_lines(const std::vector<PlacedLine>& source, ProcessLines& all, Diagnostics& problems);

// "0-3,8" as bits by number, and back; none where it is no list of CPUs a kernel could have.
std::optional<std::vector<uint64_t>> read_cpus(std::string_view list);
std::string cpu_list(const std::vector<uint64_t>& bits);

// Why a word cannot stand in such a line; empty if it can.
std::string wrong_word(std::string_view subject, std::string_view word);

}  // namespace policy
}  // namespace cordon
