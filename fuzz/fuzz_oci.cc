// Any bytes: the reader of Docker, Podman and OCI profiles does not crash, with any of its options, and what
// it takes is a policy whose every rule has a place and a valid action.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cordon/formats/oci.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  cordon::formats::ReadOptions options;
  options.lenient = (data[0] & 1) != 0;
  options.like_runc = (data[0] & 2) != 0;
  options.sub_arches = (data[0] & 4) != 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text[0] != '{') text.remove_prefix(1);
  auto [policy, draft] = cordon::formats::read_oci_draft(text, "input.json", options);
  if (draft) cordon::formats::mistakes_in(*draft, {});
  if (!policy) return 0;
  for (const cordon::Rule& rule : policy->rules) {
    if (rule.span.source >= policy->sources.size()) std::abort();
    if (rule.action.kind == cordon::ActionKind::errno_ && rule.action.data > cordon::policy::kMaxErrno) std::abort();
  }
  return 0;
}
