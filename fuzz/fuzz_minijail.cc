// Any bytes: the readers of minijail policies and configuration files do not crash in either dialect. An include reads
// the input itself, so that nesting and cycles are met too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cordon/formats/minijail.h"
#include "cordon/formats/minijail_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool c_dialect : {false, true}) {
    cordon::formats::ReadOptions options;
    options.minijail_c_dialect = c_dialect;
    options.read_file = [text](const std::string&) { return cordon::Result<std::string>(std::string(text)); };
    const bool is_config = cordon::formats::is_minijail_config(text);
    auto [policy, draft] = is_config ? cordon::formats::read_minijail_config(text, "dir/input.conf", options)
                                     : cordon::formats::read_minijail_draft(text, "dir/input.policy", options);
    if (draft) cordon::formats::mistakes_in(*draft, {});
    if (!policy) continue;
    for (const cordon::Rule& rule : policy->rules)
      if (rule.span.source >= policy->sources.size() || rule.target.name.empty()) std::abort();
  }
  return 0;
}
