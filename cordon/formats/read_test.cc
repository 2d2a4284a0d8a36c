#include "cordon/formats/read.h"

#include <gtest/gtest.h>

#include <string>

#include "cordon/formats/testing.h"

namespace cordon::formats {

using namespace testing;  // NOLINT: builders only

namespace {

const std::string kAllowFilter("\x06\x00\x00\x00\x00\x00\xff\x7f", 8);

struct Detected {
  const char* row;
  const char* name;
  std::string content;
  SourceFormat format;
};

void PrintTo(const Detected& row, std::ostream* out) { *out << row.row; }

class Detect : public ::testing::TestWithParam<Detected> {};

TEST_P(Detect, the_name_decides_then_the_content) {
  EXPECT_EQ(detect(GetParam().name, GetParam().content), GetParam().format);
}

const Detected kDetected[] = {
    {"cordon_name", "a.cordon", "{", SourceFormat::cordon},
    {"policy_name", "a.policy", "allow read", SourceFormat::minijail},
    {"json_name", "a.json", "allow read", SourceFormat::oci},
    {"bpf_name", "a.bpf", "", SourceFormat::bpf},
    {"json_content", "-", "  \n{\n  \"defaultAction\"", SourceFormat::oci},
    {"json_of_a_comment", "-", "{ // x\n", SourceFormat::oci},
    {"a_filter", "-", kAllowFilter, SourceFormat::bpf},
    {"eight_bytes_of_text", "-", "allow a\n", SourceFormat::cordon},
    {"minijail_line", "-", "# c\n\nread: 1\n", SourceFormat::minijail},
    {"minijail_line_with_blanks", "-", "read : 1\n", SourceFormat::minijail},
    {"minijail_directive", "-", "@include ./x\n", SourceFormat::minijail},
    {"minijail_braces", "-", "{read, write}: allow\n", SourceFormat::minijail},
    {"cordon_content", "x", "# c\nallow read: 1", SourceFormat::cordon},
    {"nothing", "x", "", SourceFormat::cordon},
};

INSTANTIATE_TEST_SUITE_P(Rows, Detect, ::testing::ValuesIn(kDetected), [](const auto& row) { return row.param.row; });

TEST(FindFormat, knows_the_names_of_formats) {
  EXPECT_EQ(find_format("cordon"), SourceFormat::cordon);
  EXPECT_EQ(find_format("docker"), SourceFormat::oci);
  EXPECT_EQ(find_format("minijail"), SourceFormat::minijail);
  EXPECT_EQ(find_format("bpf"), SourceFormat::bpf);
  EXPECT_EQ(find_format("Cordon"), std::nullopt);
}

std::string error_of(std::string_view spec, const ReadOptions& options) {
  Result<PolicySource> source = read_source(spec, options);
  if (source) return "none";
  const Diagnostic& error = *source.error().begin();
  return error.code + ": " + error.message + (error.hint.empty() ? "" : " | " + error.hint);
}

TEST(ReadSource, reads_every_format_by_path_and_standard_input) {
  ReadOptions options = with_files({{"a.cordon", "allow read"},
                                    {"a.policy", "read: 1\n"},
                                    {"-", kAllowFilter},
                                    {"a.json", R"({"defaultAction": "SCMP_ACT_ALLOW"})"}});
  Result<PolicySource> text = read_source("a.cordon", options);
  ASSERT_TRUE(text);
  EXPECT_EQ(std::get<Policy>(text->content).rules.size(), 1u);
  EXPECT_EQ(text->name, "a.cordon");
  Result<PolicySource> filter = read_source("-", options);
  ASSERT_TRUE(filter);
  EXPECT_EQ(std::get<bpf::Program>(filter->content).size(), 1u);
  Result<PolicySource> minijail = read_source("a.policy", options);
  ASSERT_TRUE(minijail);
  EXPECT_EQ(minijail->format, SourceFormat::minijail);
  Result<PolicySource> oci = read_source("a.json", options);
  ASSERT_TRUE(oci);
  EXPECT_EQ(std::get<Policy>(oci->content).format, PolicyFormat::oci);
}

TEST(ReadSource, obeys_a_format_that_is_given) {
  ReadOptions options = with_files({{"a.json", "allow read"}});
  options.format = SourceFormat::cordon;
  Result<PolicySource> source = read_source("a.json", options);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->format, SourceFormat::cordon);
}

TEST(ReadSource, finds_what_is_shipped) {
  Result<PolicySource> strict = read_source("builtin:strict", {});
  ASSERT_TRUE(strict);
  EXPECT_EQ(std::get<Policy>(strict->content).start, StartPoint::entry);
  EXPECT_EQ(strict->name, "builtin:strict");
  EXPECT_EQ(error_of("builtin:strickt", {}),
            "unknown-builtin: no policy is shipped as 'builtin:strickt' | did you mean 'strict'?");
  EXPECT_EQ(
      error_of("builtin:", {}),
      "unknown-builtin: no policy is shipped as 'builtin:' | there are docker-default, unconfined, strict, hardened");
}

TEST(ReadSource, says_what_it_cannot_read) {
  ReadOptions options = with_files({{"huge", std::string((16 << 20) + 1, '#')}, {"short.bpf", "1234"}});
  EXPECT_EQ(error_of("web.service", options),
            "unsupported-source: this version of cordon cannot read systemd units and sets | cordon, minijail and OCI "
            "policies, and raw filters are read");
  EXPECT_EQ(error_of("systemd:@system-service", options),
            "unsupported-source: this version of cordon cannot read systemd units and sets | cordon, minijail and OCI "
            "policies, and raw filters are read");
  EXPECT_EQ(error_of("pid:12/0", options),
            "unsupported-source: the filters of a running process are no file | `cordon disasm` writes one of them as "
            "text, `cordon convert` all of them as a policy");
  EXPECT_EQ(error_of("huge", options), "too-large: 16777217 bytes are too many for a policy: at most 16 MiB are read");
  EXPECT_EQ(error_of("none", options), "system: cannot open 'none': No such file or directory (ENOENT)");
  EXPECT_EQ(error_of("a.cordon", {}), "no-files: no files can be read here");
  EXPECT_NE(error_of("short.bpf", options), "none");
}

}  // namespace
}  // namespace cordon::formats
