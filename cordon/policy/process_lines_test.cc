// What several sources make of whom and as what a command is started.
#include "cordon/policy/process_lines.h"

#include <gtest/gtest.h>

#include <ostream>

#include "cordon/policy/confinement.h"

namespace cordon::policy {
namespace {

using Source = std::vector<std::vector<std::string>>;  // of lines, the subject first

std::string made_of(const std::vector<Source>& sources) {
  std::vector<std::vector<PlacedLine>> placed;
  Place place;
  place.file = "p";
  place.line = 1;
  for (const Source& source : sources) {
    std::vector<PlacedLine>& lines = placed.emplace_back();
    for (const std::vector<std::string>& words : source)
      lines.push_back({words.front(), {words.begin() + 1, words.end()}, {place}});
  }
  const Result<Confinement> made = confine(placed);
  if (!made) return "error: " + made.error().begin()->message;
  const ProcessLines& lines = made->process;
  std::string text;
  const auto tell = [&](const char* what, const std::optional<PlacedText>& said) {
    if (said) text += std::string(what) + "=" + said->text + ";";
  };
  tell("uid", lines.uid);
  tell("gid", lines.gid);
  tell("groups", lines.groups);
  tell("chdir", lines.directory);
  tell("ptracer", lines.ptracer);
  tell("affinity", lines.affinity);
  tell("personality", lines.personality);
  tell("context", lines.context);
  if (lines.clears_environment) text += "clear;";
  for (const PlacedText& name : lines.unset) text += "-" + name.text + ";";
  for (const PlacedText& entry : lines.set) text += "+" + entry.text + ";";
  return text;
}

struct Row {
  const char* name;
  std::vector<Source> sources;
  const char* made;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Sources : public ::testing::TestWithParam<Row> {};

TEST_P(Sources, MakeWhatNoneOfThemForbids) { EXPECT_EQ(made_of(GetParam().sources), GetParam().made); }

INSTANTIATE_TEST_SUITE_P(
    Process, Sources,
    ::testing::Values(
        Row{"one_of_each", {{{"uid", "a"}, {"gid", "5"}}, {{"chdir", "/x"}}}, "uid=a;gid=5;chdir=/x;"},
        Row{"the_same_user_twice", {{{"uid", "a"}}, {{"uid", "a"}}}, "uid=a;"},
        Row{"two_users", {{{"uid", "a"}}, {{"uid", "b"}}}, "error: 'uid' is said to be two things"},
        Row{"two_users_of_one_source", {{{"uid", "a"}, {"uid", "b"}}}, "error: 'uid' is said to be two things"},
        Row{"groups_of_one_source_add_up", {{{"groups", "a", "b"}, {"groups", "c"}}}, "groups=a,b,c;"},
        Row{"groups_that_all_name", {{{"groups", "a", "b"}}, {{"groups", "b", "c"}}}, "groups=b;"},
        Row{"groups_that_not_all_name", {{{"groups", "a"}}, {{"groups", "c"}}}, "groups=none;"},
        Row{"no_groups", {{{"groups", "a"}}, {{"groups", "none"}}}, "groups=none;"},
        Row{"nobody_may_trace", {{{"ptracer", "any"}}, {{"ptracer", "none"}}, {{"ptracer", "7"}}}, "ptracer=none;"},
        Row{"one_may_trace", {{{"ptracer", "any"}}, {{"ptracer", "7"}}, {{"ptracer", "any"}}}, "ptracer=7;"},
        Row{"two_may_trace", {{{"ptracer", "8"}}, {{"ptracer", "7"}}}, "error: 'ptracer' is said to be two things"},
        Row{"cpus_that_all_name", {{{"affinity", "0-5"}}, {{"affinity", "3-9,70"}}}, "affinity=3-5;"},
        Row{"no_cpu", {{{"affinity", "0"}}, {{"affinity", "1"}}}, "error: 'affinity' is said to be two things"},
        Row{"two_personalities",
            {{{"personality", "3gb"}}, {{"personality", "3gb", "linux32"}}},
            "error: 'personality' is said to be two things"},
        Row{"two_contexts",
            {{{"exec_context", "apparmor:a"}}, {{"exec_context", "apparmor:b"}}},
            "error: 'exec_context' is said to be two things"},
        Row{"environments_add_up",
            {{{"env", "set", "A=1"}, {"env", "unset", "B"}}, {{"env", "set", "A=1", "C=2"}, {"env", "clear"}}},
            "clear;-B;+A=1;+C=2;"},
        Row{"a_variable_of_two_values",
            {{{"env", "set", "A=1"}}, {{"env", "set", "A=2"}}},
            "error: the variable 'A' is said to be two things"},
        Row{"a_variable_set_and_taken_away",
            {{{"env", "set", "A=1"}}, {{"env", "unset", "A"}}},
            "error: the variable 'A' is said to be two things"},
        Row{"a_variable_taken_away_and_set",
            {{{"env", "unset", "A"}}, {{"env", "set", "A=1"}}},
            "error: the variable 'A' is said to be two things"},
        Row{"a_variable_set_and_taken_away_by_one",
            {{{"env", "set", "A=1"}, {"env", "unset", "A"}}},
            "error: the variable 'A' is said to be two things"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Cpus, AreReadAsTheyAreWritten) {
  for (const char* list : {"0", "0-3,8", "63-64", "5,7,9", "8191"}) {
    const auto bits = read_cpus(list);
    ASSERT_TRUE(bits) << list;
    EXPECT_EQ(cpu_list(*bits), list);
  }
  for (const char* list : {"", "-", "1-", "-1", "3-1", "8192", "1,,2", "a", "1 2"})
    EXPECT_FALSE(read_cpus(list)) << list;
}

}  // namespace
}  // namespace cordon::policy
