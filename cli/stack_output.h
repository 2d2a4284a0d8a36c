// What `compile` gives out: the files of a filter, or of the filters of a stack, and the report on them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/filter_document.h"
#include "cli/load.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cordon/compile/stack.h"

namespace cordon::cli {

// What --to takes: the formats of a program file, and json, dot, pfc.
std::vector<std::string> compiled_formats();

struct StackFile {
  std::string path;    // "-" is standard output
  std::string format;  // of compiled_formats(); empty is bpf
  Proof proof = Proof::proved;
  bool may_split = false;            // several filters may become several files; else they are refused
  std::vector<std::string> sources;  // what was read, which none of the files may be
};

// "app.bpf", "app.2.bpf", …: in the order in which the filters are installed. json, dot and pfc are one file.
std::vector<std::string> file_names(const StackFile& file, size_t filter_count);

// The status to end with; what went wrong is told.
int write_stack(const FilterStack& stack, const Loaded& loaded, const StackFile& file, const OutputOptions& output);

// What the filters cost, together and each, and what recorded calls cost under them.
std::string stack_report(const FilterStack& stack, const StackFile& file, const std::optional<ProfiledCost>& profiled);
// "cordon.compile/1"
std::string stack_report_json(const FilterStack& stack, const StackFile& file,
                              const std::optional<ProfiledCost>& profiled);

}  // namespace cordon::cli
