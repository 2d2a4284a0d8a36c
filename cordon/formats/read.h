// Any policy source to a Policy or a Program.
//
//   Result<PolicySource> source = formats::read_source("cat.policy", options);
//
// The format is told by name and content; options.format overrides. A policy source is a Policy, or a
// raw program.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/abi/kernel_version.h"
#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/formats/draft.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

enum class SourceFormat : uint8_t { cordon, minijail, oci, bpf };

struct ReadOptions {
  std::optional<SourceFormat> format;                    // no value: by name and content
  Arch arch = abi::native_arch();                        // what Docker's includes and excludes are judged for
  bool sub_arches = false;                               // Docker's archMap: the sub-architectures too
  std::optional<std::vector<std::string>> capabilities;  // "CAP_SYS_ADMIN" …; no value: Docker's default set
  std::optional<KernelVersion> kernel;  // no value: minKernel is judged for the running kernel, given by the caller
  bool minijail_c_dialect = false;      // only what minijail's C parser takes
  bool lenient = false;                 // JSON with missing or trailing commas and comments is read, with warnings
  bool like_runc = false;               // multiplexed calls as runc resolves them
  // Reads a source; the command line's reads the file system, a fuzzer's none.
  std::function<Result<std::string>(const std::string& path)> read_file;
  // Reads what an include line names; not given: read_file.
  std::function<Result<std::string>(const std::string& path)> read_include;
};

struct PolicySource {
  std::variant<Policy, bpf::Program> content;
  SourceFormat format = SourceFormat::cordon;
  std::string name;
};

// Either a source, or the reasons why there is none and what could be made of it all the same.
struct SourceReading {
  Result<PolicySource> source;
  std::optional<PolicyDraft> draft;
};

// SPEC is a path, "builtin:NAME" or "-" (through read_file, path "-").
Result<PolicySource> read_source(std::string_view spec, const ReadOptions& options);
SourceReading read_source_draft(std::string_view spec, const ReadOptions& options);

// Text already in memory; `name` is used for messages and include paths.
Result<PolicySource> read_text(std::string_view text, std::string name, SourceFormat format,
                               const ReadOptions& options);

// What a file holds, by name first, then by content.
SourceFormat detect(std::string_view name, std::string_view content);

std::optional<SourceFormat> find_format(std::string_view name);

}  // namespace cordon::formats
