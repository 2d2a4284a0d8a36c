#include "cordon/formats/read.h"

#include <algorithm>
#include <array>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/bpf/raw.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/formats/minijail.h"
#include "cordon/formats/minijail_config.h"
#include "cordon/formats/not_a_policy.h"
#include "cordon/formats/oci.h"

namespace cordon::formats {
namespace {

constexpr size_t kMaxSourceBytes = size_t{16} << 20;
constexpr std::string_view kBuiltinPrefix = "builtin:";

Diagnostic failure(std::string code, std::string_view name, std::string message, std::string hint) {
  Place place;
  place.file = std::string(name);
  return {Severity::error, std::move(code), std::move(place), std::move(message), std::move(hint), {}};
}

Diagnostic too_large(std::string_view name, size_t bytes) {
  return failure("too-large", name, std::to_string(bytes) + " bytes are too many for a policy: at most 16 MiB are read",
                 {});
}

SourceReading failed(Diagnostic reason) { return {std::move(reason), std::nullopt}; }

struct FormatName {
  std::string_view name;
  SourceFormat format;
};
constexpr std::array<FormatName, 8> kFormatNames = {{{"cordon", SourceFormat::cordon},
                                                     {"minijail", SourceFormat::minijail},
                                                     {"oci", SourceFormat::oci},
                                                     {"docker", SourceFormat::oci},
                                                     {"podman", SourceFormat::oci},
                                                     {"json", SourceFormat::oci},
                                                     {"bpf", SourceFormat::bpf},
                                                     {"raw", SourceFormat::bpf}}};
constexpr std::array<FormatName, 4> kEndings = {{{".cordon", SourceFormat::cordon},
                                                 {".policy", SourceFormat::minijail},
                                                 {".json", SourceFormat::oci},
                                                 {".bpf", SourceFormat::bpf}}};
constexpr std::array<std::string_view, 10> kUnitEndings = {".service", ".socket", ".mount", ".swap",   ".scope",
                                                           ".slice",   ".timer",  ".path",  ".target", ".automount"};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string_view without_blanks(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// The text from the first line that says something; '#' begins a comment in every format that has them.
std::string_view first_content(std::string_view content) {
  content = without_blanks(content);
  while (content.starts_with('#')) {
    size_t newline = content.find('\n');
    content = newline == std::string_view::npos ? std::string_view() : without_blanks(content.substr(newline));
  }
  return content;
}

// "name: …", "{a, b}: …" or a line of @include, @default and the like.
bool looks_like_minijail(std::string_view content) {
  for (std::string_view word : {"@include", "@frequency", "@default", "@denylist"})
    if (content.starts_with(word)) return true;
  if (content.starts_with('{')) {
    std::string_view inside = without_blanks(content.substr(1));
    return !inside.empty() && is_name_char(inside.front());
  }
  size_t end = 0;
  while (end < content.size() && (is_name_char(content[end]) || content[end] == '[')) ++end;
  size_t colon = content.find_first_not_of(" \t", end);
  return end > 0 && colon != std::string_view::npos && content[colon] == ':';
}

std::optional<Diagnostic> unsupported(std::string_view spec) {
  bool is_unit =
      spec.starts_with("systemd:") || std::any_of(kUnitEndings.begin(), kUnitEndings.end(),
                                                  [spec](std::string_view ending) { return spec.ends_with(ending); });
  if (is_unit)
    return failure("unsupported-source", spec, "this version of cordon cannot read systemd units and sets",
                   "cordon, minijail and OCI policies, and raw filters are read");
  if (spec.starts_with("pid:"))
    return failure("unsupported-source", spec, "the filters of a running process are no file",
                   "`cordon disasm` writes one of them as text, `cordon convert` all of them as a policy");
  return std::nullopt;
}

SourceReading read_text_draft(std::string_view text, std::string name, SourceFormat format, const ReadOptions& options);

SourceReading read_builtin(std::string_view spec, const ReadOptions& options) {
  std::string_view name = spec.substr(kBuiltinPrefix.size());
  const Builtin* builtin = find_builtin(name);
  if (builtin == nullptr) {
    std::vector<std::string_view> names;
    for (const Builtin& known : builtins()) names.push_back(known.name);
    std::string hint = base::did_you_mean(name, names);
    if (hint.empty()) {
      hint = "there are";
      for (std::string_view known : names) hint += (known == names.front() ? " " : ", ") + std::string(known);
    }
    return failed(
        failure("unknown-builtin", {}, "no policy is shipped as '" + base::printable(spec) + "'", std::move(hint)));
  }
  SourceReading reading = read_text_draft(builtin->text, std::string(spec), SourceFormat::cordon, options);
  if (reading.source) std::get<Policy>(reading.source->content).start = builtin->start;
  return reading;
}

template <class T>
Result<PolicySource> as_source(Result<T> content, SourceFormat format, std::string name) {
  if (!content) return content.error();
  Diagnostics warnings = content.warnings();
  return Result<PolicySource>({std::move(*content), format, std::move(name)}, std::move(warnings));
}

SourceReading as_source(PolicyReading reading, SourceFormat format, std::string name) {
  return {as_source(std::move(reading.policy), format, std::move(name)), std::move(reading.draft)};
}

// These formats have numbers only; a name is theirs where all of the policy's architectures have it for the number.
PolicyReading with_names_of_errnos(PolicyReading reading) {
  if (!reading.policy || reading.policy->arches.empty()) return reading;
  Policy& policy = *reading.policy;
  const auto name = [&](const Action& action, std::string& errno_name) {
    if (action.kind != ActionKind::errno_ || action.data == 0 || !errno_name.empty()) return;
    const std::string_view symbol = abi::errno_symbol(action.data, policy.arches.front());
    const bool is_common =
        std::ranges::all_of(policy.arches, [&](Arch arch) { return abi::errno_symbol(action.data, arch) == symbol; });
    if (is_common) errno_name = symbol;
  };
  name(policy.default_action.action, policy.default_action.errno_name);
  name(policy.bad_arch.action, policy.bad_arch.errno_name);
  if (policy.unknown) name(policy.unknown->action, policy.unknown->errno_name);
  for (Rule& rule : policy.rules) name(rule.action, rule.errno_name);
  return reading;
}

SourceReading read_text_draft(std::string_view text, std::string name, SourceFormat format,
                              const ReadOptions& options) {
  if (text.size() > kMaxSourceBytes) return failed(too_large(name, text.size()));
  if (std::optional<Diagnostic> reason = not_a_policy(text, name, format)) return failed(std::move(*reason));
  switch (format) {
    case SourceFormat::cordon: return as_source(read_cordon_draft(text, name, options), format, name);
    case SourceFormat::minijail:
      if (is_minijail_config(text)) return as_source(read_minijail_config(text, name, options), format, name);
      return as_source(with_names_of_errnos(read_minijail_draft(text, name, options)), format, name);
    case SourceFormat::oci: return as_source(with_names_of_errnos(read_oci_draft(text, name, options)), format, name);
    case SourceFormat::bpf: break;
  }
  return {as_source(bpf::read_raw(text), format, name), std::nullopt};
}

}  // namespace

std::optional<SourceFormat> find_format(std::string_view name) {
  for (const FormatName& known : kFormatNames)
    if (known.name == name) return known.format;
  return std::nullopt;
}

SourceFormat detect(std::string_view name, std::string_view content) {
  if (is_minijail_config(content)) return SourceFormat::minijail;
  for (const FormatName& ending : kEndings)
    if (name.ends_with(ending.name)) return ending.format;
  if (content.size() % 8 == 0 && bpf::read_raw(content)) return SourceFormat::bpf;
  std::string_view first = first_content(content);
  if (looks_like_minijail(first)) return SourceFormat::minijail;
  return first.starts_with('{') ? SourceFormat::oci : SourceFormat::cordon;
}

Result<PolicySource> read_text(std::string_view text, std::string name, SourceFormat format,
                               const ReadOptions& options) {
  return read_text_draft(text, std::move(name), format, options).source;
}

SourceReading read_source_draft(std::string_view spec, const ReadOptions& options) {
  if (spec.starts_with(kBuiltinPrefix)) return read_builtin(spec, options);
  if (std::optional<Diagnostic> reason = unsupported(spec)) return failed(std::move(*reason));
  if (!options.read_file) return failed(failure("no-files", spec, "no files can be read here", {}));
  std::string path(spec);
  Result<std::string> content = options.read_file(path);
  if (!content) return {content.error(), std::nullopt};
  SourceFormat format = options.format ? *options.format : detect(spec, *content);
  return read_text_draft(*content, std::move(path), format, options);
}

Result<PolicySource> read_source(std::string_view spec, const ReadOptions& options) {
  return read_source_draft(spec, options).source;
}

}  // namespace cordon::formats
