// What `diff` and `prove` share: two sources, how to compare them, and how a call that shows a difference is told.
#pragma once

#include <string>
#include <variant>

#include "cli/load.h"
#include "cli/options.h"
#include "cordon/base/json_writer.h"
#include "cordon/prove/compare.h"

namespace cordon::cli {

struct ComparingOptions {
  bool as_permission = false;
  bool exempt_uprobe_calls = false;
  bool filter_only = false;
  unsigned effort = 1;
};

// What the command line says; the verb itself adds the two sources, `left` and `right`.
struct ComparingLine {
  std::string left, right;
  ComparingOptions comparing;
  PolicyOptions reading;
  OutputOptions output;
};

struct Sides {
  Loaded left, right;
};

// All options that both verbs have.
void add_comparing_options(CommandLine& app, ComparingLine& line);
// Parses and loads, and prints what there is to say of it; else the status to end with at once.
std::variant<Sides, int> read_sides(CommandLine& app, ComparingLine& line, int argc, char** argv);
// Points into `loaded`.
prove::Meaning meaning_of(const Loaded& loaded);
prove::CompareOptions compare_options(const Sides& sides, const ComparingOptions& options);

// "ioctl(fd=0, cmd=0x5412) on x86_64: left allow, right errno EPERM"
std::string witness_text(const prove::Witness& witness);
void write_witnesses(JsonWriter& json, const prove::Comparison& comparison);
// Where the bound was reached, and what trying calls showed all the same.
std::string undecided_text(const prove::Comparison& comparison);

}  // namespace cordon::cli
