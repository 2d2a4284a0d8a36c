// policies/NAME.cordon compiled for each arch is ARCH/NAME.asm, byte for byte.
//   cordon_golden_test --bless     writes what comes out now; the difference is for people to read
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cordon/bpf/disassemble.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"

namespace cordon {
namespace {

namespace fs = std::filesystem;

constexpr Arch kArches[] = {Arch::x86_64, Arch::i386, Arch::arm64, Arch::s390x};
bool bless = false;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string program_text(const fs::path& path, Arch arch) {
  Result<Policy> policy = formats::read_cordon(read_file(path), path.filename().string(), {});
  if (!policy) return "read: " + policy.error().begin()->message + "\n";
  if (policy->arches.empty()) policy->arches = {arch};
  Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
  if (!resolved) return "resolve: " + resolved.error().begin()->message + "\n";
  Result<Filter> filter = compiler::compile(*resolved, {});
  if (!filter) return "compile: " + filter.error().begin()->message + "\n";
  return bpf::disassemble(filter->program, {.endian = filter->endian, .comments = true, .annotate = {}});
}

TEST(Golden, EveryPolicyCompilesToItsProgram) {
  fs::path root = CORDON_GOLDEN_DIR;
  size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(root / "policies")) {
    for (Arch arch : kArches) {
      fs::path expected = root / std::string(abi::name(arch)) / entry.path().stem().concat(".asm");
      std::string text = program_text(entry.path(), arch);
      ++count;
      if (bless) {
        fs::create_directories(expected.parent_path());
        std::ofstream(expected) << text;
      } else {
        EXPECT_EQ(text, read_file(expected)) << expected << ": if the change is meant, run with --bless";
      }
    }
  }
  EXPECT_GE(count, 20u);
}

}  // namespace
}  // namespace cordon

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cordon::bless = argc > 1 && std::strcmp(argv[1], "--bless") == 0;
  return RUN_ALL_TESTS();
}
