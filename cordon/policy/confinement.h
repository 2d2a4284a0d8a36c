// What the lines that are not about system calls ask of the kernel, beside the filter.
//
//   std::vector<PlacedLine> lines = policy::placed_lines(policy);
//   Result<Confinement> confinement = policy::confine({&lines, 1});
//   Diagnostics lacking = policy::lacking(*confinement, 7);     // by a kernel with Landlock's ABI 7
//
// Pure: no path is looked up. Each source of lines (a policy; the options of a command line) becomes a layer of its
// own, and the kernel lets happen what every layer lets happen: none can loosen another. So it is with the rest: a
// capability is kept that every source keeps which speaks of them, of several limits the lowest holds, and what one
// asks to be the command's own is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cordon/abi/namespaces.h"
#include "cordon/base/result.h"
#include "cordon/policy/cgroup_limits.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/process_lines.h"
#include "cordon/policy/sandbox_spec.h"

namespace cordon {

// A line with the places of its words, the verb's first; places.front() stands for the line where one is missing.
struct PlacedLine {
  std::string subject;
  std::vector<std::string> words;
  std::vector<Place> places;

  const Place& place_of(size_t word) const { return places[word < places.size() ? word : 0]; }
};

// Rights are bits of abi/landlock.h.
struct PathGrant {
  std::string path;
  std::string verb;  // as written: "read"
  uint64_t rights = 0;
  Place place;
};

struct PortGrant {
  uint16_t port = 0;
  uint64_t rights = 0;
  Place place;
};

// Something only a kernel with a newer Landlock refuses, and where the policy relies on it.
struct LandlockNeed {
  std::string_view right;  // its name
  int since = 0;           // ABI
  Place place;
};

// What is restricted is refused but for what is granted. Files are restricted for every right the kernel has.
struct LandlockLayer {
  bool restricts_files = false;
  uint64_t restricted_net = 0;
  uint64_t scopes = 0;
  std::vector<PathGrant> paths;
  std::vector<PortGrant> ports;
  std::vector<LandlockNeed> needs;
  Place place;  // of the first line

  bool is_empty() const { return !restricts_files && restricted_net == 0 && scopes == 0; }
};

struct ResourceLimit {
  unsigned resource = 0;  // abi/resource_limits.h
  uint64_t value = 0;
  Place place;
};

// A kind of namespace of the command's own, and who asks for it.
struct NamespaceRequest {
  const abi::NamespaceKind* kind = nullptr;
  Place place;
};

// What is mounted in the command's file tree. Paths are as written.
struct MountRequest {
  std::string verb;  // "root", "read", "write", "tmp", "proc", "dev"
  std::string path;  // none of proc and dev; of root, or "keep", "read", "empty"
  std::string at;    // empty: at its path
  Place place;
};

struct Confinement {
  std::vector<LandlockLayer> landlock;        // the oldest first; none is empty
  std::optional<uint64_t> kept_capabilities;  // bits by number; no value: nothing is said
  // What else is said about these sets. What is ambient has to be kept as well, where it is said what is.
  std::optional<uint64_t> bounding_set, inheritable_set, ambient_set;
  uint32_t securebits = 0;                   // abi/securebits.h; those of every source
  Place capabilities_place;                  // of the first line about any of this
  std::optional<uint32_t> umask;             // what any source takes away
  std::vector<ResourceLimit> limits;         // one of each resource
  std::vector<NamespaceRequest> namespaces;  // one of each kind
  std::vector<MountRequest> mounts;          // at most one root
  ProcessLines process;
  CgroupLimits cgroup;  // the lowest of each

  bool makes(uint64_t kind) const;  // abi/namespaces.h
};

namespace policy {

std::vector<PlacedLine> placed_lines(const Policy& policy);

// The words of `files` lines that stand for several rights, from what grants least.
struct FileWord {
  std::string_view word;
  uint64_t rights;  // abi/landlock.h
};
std::span<const FileWord> file_words();

// Errors for words no kernel knows.
Result<Confinement> confine(std::span<const std::vector<PlacedLine>> sources);

// An error for each thing a kernel with this ABI of Landlock (1 or more) would not refuse although it was asked to.
Diagnostics lacking(const Confinement& confinement, int abi);

}  // namespace policy
}  // namespace cordon
