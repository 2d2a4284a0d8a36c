#include "cordon/sandbox/find_program.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace cordon::sandbox {
namespace {

class FindProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/cordon-find-XXXXXX";
    root_ = mkdtemp(pattern.data());
    for (const char* folder : {"/first", "/second", "/first/folder"}) mkdir((root_ + folder).c_str(), 0755);
    add("/second/tool", 0755);
    add("/first/plain", 0644);
    add("/second/plain", 0755);
    add("/first/forbidden", 0644);
    path_ = root_ + "/none:" + root_ + "/first:" + root_ + "/second";
  }
  void TearDown() override {
    for (const char* name : {"/second/tool", "/first/plain", "/second/plain", "/first/forbidden"})
      unlink((root_ + name).c_str());
    for (const char* folder : {"/first/folder", "/first", "/second", ""}) rmdir((root_ + folder).c_str());
  }
  void add(const char* name, mode_t mode) {
    std::ofstream(root_ + name) << "#!/bin/sh\n";
    chmod((root_ + name).c_str(), mode);
  }
  std::string found(const std::string& name) {
    auto result = find_program(name, {.path = path_, .directory = {}});
    return result ? *result : result.error().begin()->code;
  }

  std::string root_;
  std::string path_;
};

TEST_F(FindProgram, SearchesThePathInOrder) { EXPECT_EQ(found("tool"), root_ + "/second/tool"); }

TEST_F(FindProgram, PassesOverWhatCannotBeExecuted) { EXPECT_EQ(found("plain"), root_ + "/second/plain"); }

TEST_F(FindProgram, SaysNotExecutableWhereNothingBetterWasFound) {
  EXPECT_EQ(found("forbidden"), "not-executable");
  EXPECT_EQ(found("folder"), "not-executable");
}

TEST_F(FindProgram, SaysNotFoundOtherwise) {
  EXPECT_EQ(found("nothing"), "not-found");
  EXPECT_EQ(found(""), "not-found");
  EXPECT_EQ(found(root_ + "/second/tool/below"), "not-found");
}

TEST_F(FindProgram, ANameWithASlashIsAPath) {
  EXPECT_EQ(found(root_ + "/second/tool"), root_ + "/second/tool");
  EXPECT_EQ(found(root_ + "/first/forbidden"), "not-executable");
  EXPECT_EQ(found("./tool"), "not-found");
}

TEST_F(FindProgram, AnEmptyElementIsTheWorkingDirectory) {
  char before[4096];
  ASSERT_NE(getcwd(before, sizeof before), nullptr);
  ASSERT_EQ(chdir((root_ + "/second").c_str()), 0);
  EXPECT_EQ(*find_program("tool", {.path = "/none:", .directory = {}}), "tool");
  EXPECT_EQ(*find_program("tool", {.path = "", .directory = {}}), "tool");
  ASSERT_EQ(chdir(before), 0);
}

TEST_F(FindProgram, WithoutAPathTheStandardOneIsSearched) { EXPECT_EQ(*find_program("sh", {}), "/bin/sh"); }

}  // namespace
}  // namespace cordon::sandbox
