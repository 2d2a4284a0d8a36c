#include "cordon/formats/cordon_text.h"

#include "cordon/formats/cordon_parser.h"
#include "cordon/formats/cordon_reporter.h"

namespace cordon::formats {

PolicyReading read_cordon_draft(std::string_view text, std::string name, const ReadOptions& options) {
  PolicyDraft draft;
  draft.policy.format = PolicyFormat::cordon;
  SourceId source = draft.policy.sources.add(std::move(name), std::string(text));
  Reporter reporter(draft.policy.sources);
  if (text.size() > IncludeWalk::kMaxTotalBytes)
    reporter.error("too-large", {source, 0, 0}, "the policy is larger than 16 MiB");
  else
    check_text(text, source, reporter);
  if (reporter.has_errors()) return {reporter.diagnostics(), std::nullopt};
  CordonParser parser(draft, options, reporter);
  parser.read(text, source);
  parser.finish();
  if (reporter.has_errors()) return {reporter.diagnostics(), std::move(draft)};
  return {std::move(draft.policy), std::nullopt};
}

Result<Policy> read_cordon(std::string_view text, std::string name, const ReadOptions& options) {
  return read_cordon_draft(text, std::move(name), options).policy;
}

}  // namespace cordon::formats
