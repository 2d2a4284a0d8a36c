// An OCI, Docker or Podman profile as it is written: typed, with places, not yet judged or turned into rules.
//
//   OciProfile profile = read_oci_profile(root, report);   // complete only if the report has no errors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/abi/kernel_version.h"
#include "cordon/formats/json.h"
#include "cordon/formats/oci_words.h"
#include "cordon/policy/action.h"

namespace cordon::formats {

struct OciText {
  std::string text;
  Span span;  // without the quotes
};

struct OciArg {
  uint8_t index = 0;
  uint64_t value = 0;
  uint64_t value_two = 0;
  OciOp op = OciOp::eq;
  Span span;
};

// Docker's includes and excludes.
struct OciFilter {
  std::vector<OciText> arches;
  std::vector<OciText> caps;
  std::optional<KernelVersion> min_kernel;
  Span span;

  bool empty() const { return arches.empty() && caps.empty() && !min_kernel; }
};

struct OciEntry {
  std::vector<OciText> names;
  Action action;
  std::vector<OciArg> args;
  OciFilter includes, excludes;
  std::string comment;  // one line
  Span span;
  bool has_bad_filter = false;  // includes or excludes have errors
};

struct OciArchMapRow {
  Arch arch = Arch::x86_64;
  std::vector<Arch> sub_arches;
  Span span;
};

struct OciProfile {
  bool is_runtime_config = false;  // found in a config.json: what the runtime itself reads, without Docker's keys
  bool is_off = false;             // an empty defaultAction and no system calls: Docker sets no filter
  Action default_action;
  Span default_span;
  std::vector<Arch> arches;
  std::vector<OciArchMapRow> arch_map;
  bool has_bad_arches = false;  // the two above have errors
  uint32_t flags = 0;
  std::vector<OciEntry> entries;
};

struct OciProfileOptions {
  Arch arch;  // whose errno numbers Podman's names stand for
};

OciProfile read_oci_profile(const JsonValue& root, const OciProfileOptions& options, ProfileReporter& report);

}  // namespace cordon::formats
