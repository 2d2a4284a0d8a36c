#include "tests/prover/decompile_testing.h"

#include <fstream>
#include <sstream>

#include "cordon/base/assert.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/decompile.h"

namespace cordon::engines {

std::string decompiled_text(const bpf::Program& program) {
  const Result<prove::Decompiled> found = prove::decompile(program, {});
  if (!found) return "error: " + found.error().begin()->message + "\n";
  return formats::write_cordon(found->policy, {.line_length = 0});
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bpf::Program compiled(std::string_view text) {
  const Result<Policy> policy = formats::read_cordon(text, "test", {});
  CORDON_ASSERT(policy, "the test's policy is read");
  const Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
  CORDON_ASSERT(resolved, "the test's policy has no mistakes");
  Result<Filter> filter = compiler::compile(*resolved, {});
  CORDON_ASSERT(filter, "the test's policy is no larger than a filter");
  return std::move(filter->program);
}

}  // namespace cordon::engines
