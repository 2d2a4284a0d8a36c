// Mistakes in what could be read of a text that has others: what is told, and what a doubt hides.
#include "cordon/formats/draft.h"

#include <gtest/gtest.h>

#include <string>

#include "cordon/formats/cordon_text.h"
#include "cordon/formats/minijail.h"
#include "cordon/formats/oci.h"
#include "cordon/formats/testing.h"

namespace cordon::formats {
namespace {

// "2 unknown-syscall" for each further mistake, joined by "; ".
std::string further(const PolicyReading& reading) {
  if (!reading.draft) return "no draft";
  std::string text;
  for (const Diagnostic& found : in_order_of_place(mistakes_in(*reading.draft, {}), reading.draft->policy.sources))
    text += (text.empty() ? "" : "; ") + std::to_string(found.place.line) + " " + found.code;
  return text;
}

ReadOptions with_broken_include() {
  ReadOptions options;
  options.arch = Arch::x86_64;
  options.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "broken.cordon") return std::string("let A = {\nallow opne\n");
    return system_error("open '" + path + "'", 2);
  };
  return options;
}

struct Row {
  const char* name;
  std::string text;
  const char* further;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class CordonDraft : public ::testing::TestWithParam<Row> {};

TEST_P(CordonDraft, tells_what_no_missing_statement_explains) {
  EXPECT_EQ(further(read_cordon_draft("arch x86_64\n" + GetParam().text, "a.cordon", with_broken_include())),
            GetParam().further);
}

const Row kCordonRows[] = {
    {"a_name_beside_a_broken_line", "allow (\nallow raed", "3 unknown-syscall"},
    {"a_name_before_the_break_in_one_statement", "allow raed , write", "2 unknown-syscall"},
    {"an_argument_and_a_constant", "alow read\nallow openat(flgas == 1)\nallow openat(flags == O_RDNOLY)",
     "3 no-such-argument; 4 unknown-constant"},
    {"a_definition_whose_name_is_known", "let A = )\nallow ioctl(cmd == A)\nallow ioctl(cmd == BB)",
     "4 unknown-constant"},
    {"a_definition_that_is_used_before", "allow ioctl(cmd == A)\nlet A = )", ""},
    {"a_definition_whose_name_is_lost", "let = 5\nallow ioctl(cmd == A) raed", "3 unknown-syscall"},
    {"a_misspelt_let", "lte A = 5\nallow ioctl(cmd == A) raed", "3 unknown-syscall"},
    {"a_line_that_could_be_anything", "frobnicate A\nallow ioctl(cmd == A) raed", "3 unknown-syscall"},
    {"a_missing_include", "include \"gone.cordon\"\nallow ioctl(cmd == A) raed", "3 unknown-syscall"},
    {"an_include_with_mistakes", "include \"broken.cordon\"\nallow ioctl(cmd == A) raed",
     "3 unknown-syscall; 2 unknown-syscall"},
    {"a_contradiction_above_the_break", "allow read\nerrno EPERM read\nalow write", "3 contradiction"},
    {"a_contradiction_below_the_break", "errno EPERM read(\nallow read\nerrno EPERM read", ""},
    {"a_contradiction_below_a_sandbox_line", "limit nonsense\nallow read\nerrno EPERM read", "4 contradiction"},
    {"deny_where_the_default_is_lost", "default errno EPREM\nkill_process read\ndeny read", ""},
    {"a_misspelt_default", "defalt kill_process\nerrno EPERM read\ndeny read", ""},
    {"unknown_where_since_is_lost", "since 6.x\nunknown errno ENOSYS\nallow raed", "4 unknown-syscall"},
    {"a_warning_is_no_mistake", "allow (\nerrno 0 read", ""},
};

INSTANTIATE_TEST_SUITE_P(Rows, CordonDraft, ::testing::ValuesIn(kCordonRows),
                         [](const auto& row) { return row.param.name; });

TEST(CordonDraftArch, an_architecture_that_is_lost_leaves_only_what_holds_everywhere) {
  const char* rules = "\nallow mmap2@i386 openat(flgas == 1) raed";
  for (const char* line : {"arch x86_64 i368", "arhc x86_64 i386", "arch (", "architectures x86_64 i386"})
    EXPECT_EQ(further(read_cordon_draft(std::string(line) + rules, "a.cordon", {})), "2 unknown-syscall") << line;
}

TEST(CordonDraftSince, unknown_needs_no_since_that_is_misspelt) {
  EXPECT_EQ(testing::codes(read_cordon("sinec 6.1\nunknown errno ENOSYS", "a.cordon", {}).diagnostics()),
            "unknown-keyword");
}

TEST(CordonDraftText, nothing_is_left_of_what_is_no_text) {
  EXPECT_EQ(further(read_cordon_draft("allow raed\n\xff", "a.cordon", {})), "no draft");
}

TEST(MinijailDraft, tells_names_beside_a_broken_line) {
  ReadOptions options;
  options.arch = Arch::x86_64;
  EXPECT_EQ(further(read_minijail_draft("raed: 1\nwrite: arg0 = 1\nopenat: arg2 == O_RDNOLY\n", "a.policy", options)),
            "1 unknown-syscall; 3 unknown-constant");
}

class OciDraft : public ::testing::TestWithParam<Row> {};

TEST_P(OciDraft, tells_names_that_no_mistake_explains) {
  ReadOptions options;
  options.arch = Arch::x86_64;
  EXPECT_EQ(further(read_oci_draft(GetParam().text, "a.json", options)), GetParam().further);
}

const std::string kOpne = R"({"names": ["opne"], "action": "SCMP_ACT_ALLOW"})";
const Row kProfiles[] = {
    {"a_trailing_comma", R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)" + kOpne + ",]}", "1 unknown-syscall"},
    {"an_unknown_action", R"({"defaultAction": "SCMP_ACT_NO", "syscalls": [)" + kOpne + "]}", "1 unknown-syscall"},
    {"an_unknown_architecture",
     R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["X"], "syscalls": [)" + kOpne + "]}",
     "1 unknown-syscall"},
    {"an_entry_that_may_be_for_other_machines",
     R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["opne"], "action": "SCMP_ACT_ALLOW",
         "includes": {"minKernel": "new"}}]})",
     ""},
    {"json_whose_cure_is_not_certain", R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)" + kOpne + "}",
     "no draft"},
};

INSTANTIATE_TEST_SUITE_P(Rows, OciDraft, ::testing::ValuesIn(kProfiles),
                         [](const auto& row) { return row.param.name; });

TEST(InOrderOfPlace, files_stand_in_the_order_of_reading_and_the_whole_first) {
  Sources sources;
  sources.add("b", "");
  sources.add("a", "");
  Diagnostics found;
  for (auto [file, line, column] :
       {std::tuple{"a", 1u, 1u}, {"b", 2u, 1u}, {"b", 1u, 9u}, {"b", 1u, 2u}, {"", 0u, 0u}}) {
    Place place;
    place.file = file;
    place.line = line;
    place.column = column;
    found.error("x", place, std::string(file) + std::to_string(line) + ":" + std::to_string(column));
  }
  std::string order;
  for (const Diagnostic& one : in_order_of_place(found, sources)) order += one.message + " ";
  EXPECT_EQ(order, "0:0 b1:2 b1:9 b2:1 a1:1 ");
}

}  // namespace
}  // namespace cordon::formats
