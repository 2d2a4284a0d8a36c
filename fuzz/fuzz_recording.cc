// Any bytes as a recording: reading never crashes, what is read is written and read back as the same, and a policy
// comes out of it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/base/assert.h"
#include "cordon/learn/synthesise.h"
#include "cordon/observe/recording.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cordon;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Result<Recording> recording = observe::read_recording(text, "input");
  if (!recording) {
    CORDON_ASSERT(recording.error().has_errors(), "a refused recording has a reason");
    return 0;
  }
  // A string may be escaped in several ways; written, it is in one.
  const std::string written = observe::write_recording(*recording);
  Result<Recording> again = observe::read_recording(written, "written");
  CORDON_ASSERT(again && observe::write_recording(*again) == written, "a recording is written as it was read");
  Policy policy = learn::synthesise(*recording, {});
  CORDON_ASSERT(policy.rules.size() >= 3, "every policy lets a program end");
  const Recording both[] = {*recording, *recording};
  Result<Recording> merged = observe::merge_recordings(both);
  CORDON_ASSERT(merged, "a recording can be merged with itself");
  CORDON_ASSERT(observe::read_recording(observe::write_recording(*merged), "merged"), "what was merged can be read");
  return 0;
}
