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
  auto app = make_app("doctor", "Tells what this kernel and machine offer, and what is missing for what. Each feature is tried, not guessed.", kExamples);
  add_json_option(*app, output);
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;
  const KernelFeatures features = doctor::probe();
  const auto rows = doctor::report(features);
  return finish_output(output.json ? doctor::to_json(features, rows) : doctor::to_text(rows), kDone);
}

}  // namespace cordon::cli
