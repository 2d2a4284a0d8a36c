#include "cordon/formats/cordon_text.h"

#include "cordon/formats/cordon_parser.h"
#include "cordon/formats/cordon_reporter.h"

namespace cordon::formats {

Result<Policy> read_cordon(std::string_view text, std::string name, const ReadOptions& options) {
  Policy policy;
  policy.format = PolicyFormat::cordon;
  SourceId source = policy.sources.add(std::move(name), std::string(text));
  Reporter reporter(policy.sources);
  CordonParser parser(policy, options, reporter);
  if (text.size() > IncludeWalk::kMaxTotalBytes) {
    reporter.error("too-large", {source, 0, 0}, "the policy is larger than 16 MiB");
  } else if (check_text(text, source, reporter)) {
    parser.read(text, source);
    parser.finish();
  }
  if (reporter.has_errors()) return reporter.diagnostics();
  return Result<Policy>(std::move(policy), reporter.diagnostics());
}

}  // namespace cordon::formats
