// A policy as replay.py writes it, with the meaning cordon gives to OCI profiles: that is libseccomp's
// (docs/decisions/0002), made by the same code.
//
//   Result<RecordedPolicy> policy = read_recorded(root, sources);   // root["parts"][0]["rules"][0]["name"] …
#pragma once

#include <cstddef>

#include "cordon/base/result.h"
#include "cordon/formats/json.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::conformance {

struct RecordedPolicy {
  ResolvedPolicy meaning;
  Endian endian = Endian::little;
  size_t rule_count = 0;  // as recorded, for each part
};

// Errors: an architecture cordon has no table of, what policy::resolve refuses.
Result<RecordedPolicy> read_recorded(const JsonValue& root, const Sources& sources);

// What a recording must have; asserts that it is there.
const JsonValue& member(const JsonValue& object, std::string_view key);
uint32_t number_at(const JsonValue& object, std::string_view key);

// The ABI libseccomp's token or name stands for.
std::optional<Arch> arch_of_token(uint64_t token);

}  // namespace cordon::conformance
