#include "cli/decompiled.h"

#include <utility>

#include "cordon/prove/decompile.h"

namespace cordon::cli {

Result<Loaded> decompiled(const Loaded& loaded, const DecompilingOptions& options) {
  prove::DecompileOptions how;
  how.max_steps *= options.effort;
  how.max_proof_steps *= options.effort;
  Result<prove::Decompiled> found = prove::decompile(loaded.programs, how);
  if (!found) {
    Diagnostics told;
    for (Diagnostic problem : found.error()) {
      problem.place.file = loaded.name;
      told.add(std::move(problem));
    }
    return told;
  }
  Loaded result;
  result.name = loaded.name;
  result.format = loaded.format;
  result.policy = std::move(found->policy);
  result.resolved = std::move(found->resolved);
  return result;
}

}  // namespace cordon::cli
