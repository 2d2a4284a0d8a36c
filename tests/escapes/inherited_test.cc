// All that confines goes on to whatever a command becomes or starts.
#include "escape_fixture.h"

namespace cordon::testing {
namespace {

class Inherited : public Escape, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Escape::SetUp();
    std::filesystem::copy_file(std::filesystem::path(CORDON_VICTIM_DIR) / "inherit", directory_ / "inherit");
    write("secret", "secret\n");
    std::filesystem::create_directory(directory_ / "open");
    write("p.cordon",
          "default allow\nerrno EROFS mkdir\nfiles exec ./inherit\nfiles read /proc\nfiles write ./open\n"
          "caps keep\nlimit nofile 64\n");
  }
  std::string line() const { return std::string("./inherit ") + GetParam() + " open/made secret"; }
};

TEST_P(Inherited, IsEverythingThatConfines) {
  // EROFS by the filter, EACCES by Landlock, EPERM by the limit that root without capabilities cannot raise.
  const std::string confined = "mkdir 30 open 13 limit 1 caps none nnp 1 seccomp 2\n";
  const Ended free = shell(line() + "; rm -rf open/made");
  EXPECT_TRUE(free.output.starts_with("mkdir 0 open 0 limit ")) << free.output;
  EXPECT_TRUE(free.output.ends_with(" nnp 0 seccomp 0\n")) << free.output;
  for (const char* options : {"", "--exec", "--start exec", "--start entry", "--unshare user,pid"})
    EXPECT_EQ(shell(std::string("cordon run -q ") + options + " -p p.cordon -- " + line()).output, confined) << options;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "open/made"));
}

// A ready sandbox's commands have it from the server.
TEST_P(Inherited, IsWhatAServerGives) {
  const Ended served = shell(
      "cordon serve -q -p p.cordon ready.sock & until [ -S ready.sock ]; do sleep 0.02; done;"
      "cordon run --via ready.sock -- " +
      line() + "; kill $!; wait $!");
  EXPECT_EQ(served.output, "mkdir 30 open 13 limit 1 caps none nnp 1 seccomp 2\n") << served.errors;
}

constexpr const char* kWays[] = {
    "fork", "vfork", "thread", "exec", "session", "thread,fork,exec", "fork,session,fork", "exec,exec,thread"};

INSTANTIATE_TEST_SUITE_P(Escapes, Inherited, ::testing::ValuesIn(kWays), [](const auto& row) {
  std::string name = row.param;
  std::erase(name, ',');
  return name;
});

// No line about files speaks of a program that no path leads to; what confines goes on to it all the same.
TEST_F(Inherited, IsWhatAProgramInMemoryGets) {
  std::filesystem::copy_file(directory_ / "inherit", directory_ / "copy");
  EXPECT_EQ(shell("cordon run -q -p p.cordon -- ./copy fork open/made secret").status, 125);
  EXPECT_EQ(shell("cordon run -q -p p.cordon -- ./inherit fork,memory open/made secret").output,
            "mkdir 30 open 13 limit 1 caps none nnp 1 seccomp 2\n");
}

}  // namespace
}  // namespace cordon::testing
