#include "cli/exit_status.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cordon/doctor/probe.h"
#include "cordon/doctor/report.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon doctor          what works here, what does not, and what to do about it\n"
    "  cordon doctor --json";

}  // namespace

int doctor_main(int argc, char** argv) {
  OutputOptions output;
  CommandLine app(
      "doctor [options]",
      "Tells what this kernel and machine offer, and what is missing for what. Most features are tried; a row "
      "says where it was judged otherwise. Ends with 1 if what cordon cannot do without is missing.",
      kExamples);
  add_json_option(app, output);
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  const KernelFeatures features = doctor::probe();
  const auto rows = doctor::report(features);
  int status = kDone;
  for (const FeatureRow& row : rows)
    if (row.is_required && row.presence == Presence::no) status = kFindings;
  if (output.json) return finish_output(doctor::to_json(features, rows), status);
  const std::string head = "Linux " + features.release + " on " + features.machine + "\n";
  return finish_output(head + doctor::to_text(rows), status);
}

}  // namespace cordon::cli
