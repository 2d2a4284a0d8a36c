// Any bytes: the reader of cordon's language does not crash, and what it takes reads back from canonical
// text as the same policy; what it refuses can be judged for more mistakes. An include reads the input itself, so that
// nesting and cycles are met too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cordon/formats/cordon_text.h"
#include "fuzz/same_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  cordon::formats::ReadOptions options;
  options.read_file = [text](const std::string&) { return cordon::Result<std::string>(std::string(text)); };
  auto [policy, draft] = cordon::formats::read_cordon_draft(text, "dir/input.cordon", options);
  if (draft) cordon::formats::mistakes_in(*draft, {});
  if (!policy) return 0;
  std::string written = cordon::formats::write_cordon(*policy);
  auto again = cordon::formats::read_cordon(written, "written", {});
  if (!again || !cordon::same(*policy, *again) || cordon::formats::write_cordon(*again) != written) std::abort();
  return 0;
}
