// The committed tables are what tools/gen_tables.py makes of data/.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace cordon {
namespace {

TEST(Tables, AreWhatTheDataGives) {
  std::filesystem::path root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::filesystem::path script = root / "tools" / "gen_tables.py";
  if (!std::filesystem::exists(script)) GTEST_SKIP() << "the source tree is not where it was built";
  if (std::system("python3 -c pass 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3";
  EXPECT_EQ(std::system(("python3 '" + script.string() + "' --check").c_str()), 0);
}

}  // namespace
}  // namespace cordon
