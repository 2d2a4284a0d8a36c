#include "cordon/abi/groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cordon/abi/syscalls.h"

namespace cordon {
namespace {

static_assert(abi::find_group("startup")->members.size() > 0);

bool has(std::string_view group, std::string_view syscall) {
  const abi::Group* found = abi::find_group(group);
  return found != nullptr && std::find(found->members.begin(), found->members.end(), syscall) != found->members.end();
}

TEST(Groups, HoldWhatTheirNamesSay) {
  EXPECT_TRUE(has("startup", "execve"));
  EXPECT_TRUE(has("startup", "mmap2"));
  EXPECT_TRUE(has("io_uring", "io_uring_enter"));
  EXPECT_TRUE(has("debug", "ptrace"));
  EXPECT_TRUE(has("multiplexer", "socketcall"));
  EXPECT_TRUE(has("kernel-internal", "restart_syscall"));
  EXPECT_FALSE(has("ids-read", "setuid"));
}

TEST(Groups, AreFoundWithoutTheAtSign) {
  EXPECT_EQ(abi::find_group("@startup"), nullptr);
  EXPECT_EQ(abi::find_group("Startup"), nullptr);
  EXPECT_EQ(abi::find_group(""), nullptr);
  EXPECT_EQ(abi::find_group("zzz"), nullptr);
}

TEST(Groups, AreSortedDescribedAndOfKnownCalls) {
  std::string_view before;
  for (const abi::Group& group : abi::groups()) {
    EXPECT_LT(before, group.name);
    before = group.name;
    EXPECT_EQ(abi::find_group(group.name), &group);
    EXPECT_FALSE(group.description.empty()) << group.name;
    EXPECT_FALSE(group.members.empty()) << group.name;
    std::set<std::string_view> members;
    for (std::string_view member : group.members) {
      EXPECT_TRUE(abi::is_syscall_name(member)) << member;
      EXPECT_TRUE(members.insert(member).second) << member << " twice in " << group.name;
    }
  }
  EXPECT_EQ(abi::groups().size(), 51u);
}

}  // namespace
}  // namespace cordon
