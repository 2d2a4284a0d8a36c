// Every mistake the language knows: where it is shown, what is said, and the cure.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cordon/formats/cordon_text.h"
#include "cordon/formats/testing.h"

namespace cordon::formats {

using namespace testing;  // NOLINT: builders only

namespace {

std::string shown(const Diagnostic& diagnostic) {
  std::string text = std::to_string(diagnostic.place.line) + ":" + std::to_string(diagnostic.place.column) + " " +
                     diagnostic.code + ": " + diagnostic.message;
  return diagnostic.hint.empty() ? text : text + " | " + diagnostic.hint;
}

std::string errors_of(std::string_view text, const ReadOptions& options) {
  Result<Policy> policy = read_cordon(text, "dir/app.cordon", options);
  std::string all;
  for (const Diagnostic& diagnostic : policy.diagnostics())
    if (diagnostic.severity == Severity::error) all += (all.empty() ? "" : "\n") + shown(diagnostic);
  return all;
}

struct Mistake {
  const char* name;
  std::string text;
  const char* errors;
};

void PrintTo(const Mistake& row, std::ostream* out) { *out << row.name; }

class CordonErrors : public ::testing::TestWithParam<Mistake> {};

TEST_P(CordonErrors, name_place_reason_and_cure) { EXPECT_EQ(errors_of(GetParam().text, {}), GetParam().errors); }

const Mistake kMistakes[] = {
    {"nothing_at_all", "# only a comment\n",
     "1:1 empty-policy: the policy says nothing: every call would get the default, kill_process | if that is meant, "
     "write it: 'default kill_process'"},
    {"a_nul_byte", std::string("allow \0", 7),
     "1:7 not-text: a NUL byte: this is no text | a compiled filter is read with the format 'bpf'"},
    {"bytes_that_are_no_text", "allow read\n# \xff", "2:3 not-text: invalid UTF-8: byte 0xff | save the file as UTF-8"},
    {"overlong_utf8", "# \xc0\x80", "1:3 not-text: invalid UTF-8: byte 0xc0 | save the file as UTF-8"},
    {"an_unknown_statement", "alow read",
     "1:1 unknown-keyword: no statement begins with 'alow' | did you mean 'allow'?"},
    {"a_call_without_an_action", "read",
     "1:1 unknown-keyword: no statement begins with 'read' | to allow the call, write 'allow read'"},
    {"no_word_at_all", "(read)",
     "1:1 syntax: expected a statement, found '(' | a statement begins with a word such as 'allow'"},
    {"every_mistake_of_one_text", "alow read\nallow @file-raed\n\nerrno EPREM x\n",
     "1:1 unknown-keyword: no statement begins with 'alow' | did you mean 'allow'?\n2:7 unknown-group: no group is "
     "called '@file-raed' | did you mean '@file-read', '@file-path' or '@time-read'?\n4:7 unknown-errno: no errno is "
     "called 'EPREM' | did you mean 'EPERM'?"},
    {"an_unclosed_set_over_several_lines", "let A = {\n  TCGETS,\n\n  # c\n  TIOCGWINSZ\nallow read\nallow @x\n",
     "1:9 unclosed-bracket: this '{' is not closed before the end of the file | add a '}'\n7:7 unknown-group: no group "
     "is called '@x' | 'cordon list' shows them"},
    {"no_target", "allow",
     "1:1 syntax: 'allow' names no system call | name calls, groups such as @file-read, or * for every call"},
    {"commas_between_targets", "allow read, write",
     "1:11 syntax: expected a system call, found ',' | targets are separated by blanks"},
    {"a_bare_number", "allow 451",
     "1:7 syntax: expected a system call, found '451' | a call by number is written syscall_451"},
    {"an_indented_statement", "allow read\n  errno EPERM write",
     "2:3 syntax: 'errno' is no system call | a line that begins with a blank continues the one before: begin it at "
     "the margin"},
    {"an_indented_statement_after_a_header", "default allow\n  allow read",
     "2:3 syntax: unexpected 'allow' at the end of the 'default' line | a line that begins with a blank continues the "
     "one before: begin it at the margin"},
    {"an_unclosed_parenthesis_hides_nothing", "allow read(fd == 1\nalow write",
     "1:11 unclosed-bracket: this '(' is not closed before the end of the file | add a ')'\n2:1 unknown-keyword: no "
     "statement begins with 'alow' | did you mean 'allow'?"},
    {"a_semicolon_in_parentheses", "allow read(fd == 1; log write",
     "1:11 unclosed-bracket: this '(' is not closed before ';' | add a ')'"},
    {"a_stray_parenthesis", "allow read)", "1:11 stray-bracket: this ')' closes nothing | remove it"},
    {"crossed_brackets", "allow f(a in {1)",
     "1:16 stray-bracket: expected '}', found ')'\n1:8 unclosed-bracket: this '(' is not closed before the end of the "
     "file | add a ')'"},
    {"a_strange_character", "allow read$", "1:11 unexpected-character: unexpected character '$'"},
    {"an_unclosed_string", "policy \"a\nallow read",
     "1:8 unclosed-string: this quoted text is not closed on its line | add a '\"'"},
    {"an_unknown_escape", "policy \"a\\q\"",
     "1:9 bad-escape: an unknown escape in quoted text | \\\" \\\\ \\n \\r \\t \\xHH are known"},
    {"a_hash_inside_a_word", "files read /a#b",
     "1:12 unquoted: a '#' inside a word | quote the word, or put a blank before the comment"},
    {"a_quote_inside_a_word", "files read /a\"b\"", "1:12 unquoted: a '\"' inside a word | quote the whole word"},
    {"text_behind_a_quote", "files read \"/a\"b",
     "1:12 unquoted: a quoted text goes on without a blank | quote the whole word"},
    {"errno_without_a_value", "errno",
     "1:6 syntax: 'errno' needs a value, found the end of the statement | expected an errno's name such as EPERM, or 0 "
     "to 4095"},
    {"errno_above_its_range", "errno 4096 read",
     "1:7 errno-range: errno 4096 is above 4095 | expected an errno's name such as EPERM, or 0 to 4095"},
    {"negative_errno", "errno -1 read",
     "1:7 syntax: 'errno' needs a value, found '-' | expected an errno's name such as EPERM, or 0 to 4095"},
    {"trap_above_its_range", "trap 65536 read",
     "1:6 data-range: 65536 is above 65535 | the data of 'trap' is 0 to 65535"},
    {"trace_far_above_its_range", "trace 0x1ffffffffffffffff read",
     "1:7 data-range: 0x1ffffffffffffffff does not fit into 64 bits | the data of 'trace' is 0 to 65535"},
    {"deny_as_default", "default deny",
     "1:9 deny-default: 'deny' is the default action, so the default cannot be 'deny' | name the action: 'default "
     "errno EPERM' or 'default kill_process'"},
    {"deny_where_the_default_allows", "deny read\ndefault allow",
     "1:1 deny-allows: 'deny' means the default action, which is 'allow' here | name the action: 'errno EPERM' or "
     "'kill_process'"},
    {"deny_where_the_default_logs", "default log; badarch deny",
     "1:22 deny-allows: 'deny' means the default action, which is 'log' here | name the action: 'errno EPERM' or "
     "'kill_process'"},
    {"an_unknown_action", "default allov", "1:9 unknown-action: no action is called 'allov' | did you mean 'allow'?"},
    {"no_action", "default",
     "1:1 syntax: 'default' needs an action | allow, log, notify, trace, errno E, trap, kill_thread or kill_process"},
    {"a_header_twice", "default allow\nallow read\ndefault log", "3:1 duplicate-header: 'default' may stand only once"},
    {"an_unknown_architecture", "arch x86_46 x86_64",
     "1:6 unknown-arch: no architecture is called 'x86_46' | did you mean 'x86_64'?"},
    {"an_architecture_twice", "arch x86_64 amd64", "1:13 duplicate-arch: 'amd64' is named twice | remove it"},
    {"an_unknown_architecture_of_a_target", "allow read@i368",
     "1:11 unknown-arch: no architecture is called 'i368' | did you mean 'i386'?"},
    {"a_bad_version", "since six",
     "1:7 bad-version: 'six' is no kernel version | two numbers with a point, such as 6.1"},
    {"unknown_without_since", "unknown errno ENOSYS",
     "1:1 unknown-without-since: 'unknown' needs to know since when a call is unknown | add a line such as 'since "
     "6.1'"},
    {"a_name_with_blanks", "policy my app",
     "1:11 syntax: unexpected 'app' after the policy's name | quote a name with blanks"},
    {"a_condition_on_a_group", "allow @file-read(fd == 1)",
     "1:17 condition-on-group: a group takes no condition | its calls have different arguments: name those that are "
     "meant"},
    {"a_number_above_32_bits", "allow syscall_4294967296",
     "1:7 bad-number: 'syscall_4294967296' is no system call number | 0 to 0xffffffff"},
    {"a_backward_range_of_numbers", "allow syscall_5..4",
     "1:7 bad-range: the range runs backwards: 5 is above 4 | swap its ends"},
    {"an_empty_condition", "allow read()", "1:12 syntax: expected an argument's name, found ')'"},
    {"mixed_logic", "allow f(a == 1 && b == 2 || c == 3)",
     "1:26 mixed-logic: '&&' and '||' are mixed without parentheses | put parentheses round what belongs together"},
    {"a_single_equals_sign", "allow f(a = 1)", "1:11 syntax: expected a comparison, found '=' | did you mean '=='?"},
    {"a_mask_without_comparison", "allow f(flags & O_CREAT)",
     "1:24 syntax: expected a comparison, found ')' | say what the masked bits must be: '== 0', '!= 0', '== FLAG'"},
    {"an_argument_alone", "allow f(flags)",
     "1:14 syntax: expected a comparison, found ')' | one of == != < <= > >= in"},
    {"a_mask_of_several_without_parentheses", "allow f(x & A|B == 1)",
     "1:14 mask-parentheses: a mask of several values needs parentheses | write 'x & (A|B) == v'"},
    {"a_mask_on_the_right", "allow f(x == A & B)",
     "1:16 syntax: '&' stands on the left of a comparison | write 'x & MASK == v'; to join tests, '&&'"},
    {"a_value_on_the_left", "allow f(1 == fd)",
     "1:9 syntax: expected an argument's name, found '1' | the argument stands on the left, the value on the right"},
    {"a_range_without_in", "allow f(x == 1..2)", "1:15 syntax: a range needs 'in' | write 'x in a..b'"},
    {"a_backward_range", "allow f(x in 9..3)",
     "1:14 bad-range: the range runs backwards: 9 is above 3 | swap its ends"},
    {"an_empty_set", "allow f(x in {})", "1:14 empty-set: an empty set has no value that could match"},
    {"a_set_without_commas", "allow f(x in {A B})",
     "1:17 syntax: expected ',' or '}', found 'B' | values of a set are separated by commas"},
    {"a_seventh_argument", "allow f(arg6 == 1)", "1:9 bad-argument: there is no arg6: a call has arg0 to arg5"},
    {"a_value_missing", "allow f(x ==)", "1:13 syntax: expected a value, found ')' | a constant's name or a number"},
    {"sixty_five_bits", "allow f(x == 0x10000000000000000)",
     "1:14 bad-number: '0x10000000000000000' does not fit into 64 bits"},
    {"minus_below_64_bits", "allow f(x == -9223372036854775809)",
     "1:14 bad-number: -9223372036854775809 does not fit into 64 bits"},
    {"octal_with_a_nine", "allow f(x == 09)",
     "1:14 bad-number: '09' begins with 0, as octal numbers do, but has a digit above 7"},
    {"a_number_with_letters", "allow f(x == 12ab)",
     "1:14 bad-number: '12ab' is no number: decimal, 0x1f, 0o17 and 017 are"},
    {"hex_without_digits", "allow f(x == 0x)", "1:14 bad-number: '0x' has no digits"},
    {"let_twice", "let A = 1\nlet A = 2", "2:5 redefinition: 'A' is defined twice"},
    {"let_over_a_constant", "let O_RDONLY = 1",
     "1:5 redefinition: 'O_RDONLY' is a constant of the kernel | choose another name"},
    {"let_after_its_use", "allow f(x == A)\nlet A = 2", "1:14 use-before-definition: 'A' is used before it is defined"},
    {"let_of_itself", "let A = A", "1:9 use-before-definition: 'A' is used before it is defined"},
    {"a_set_as_a_value", "let S = {1, 2}\nallow f(x == S)",
     "2:14 set-as-value: 'S' is a set, expected a single value | test membership: 'in S'"},
    {"let_without_a_name", "let = 1",
     "1:5 syntax: 'let' needs a name | write 'let NAME = VALUE' or 'let NAME = {A, B}'"},
    {"let_without_a_value", "let A", "1:6 syntax: expected '=', found the end of the statement"},
    {"a_relative_word_for_a_path", "files read etc",
     "1:12 sandbox-line: expected a path, found 'etc' | a path begins with / or ./"},
    {"an_unknown_verb", "files raed /etc",
     "1:7 sandbox-line: expected read, exec, write or create after 'files', found 'raed' | did you mean 'read'?"},
    {"no_verb", "net", "1:1 sandbox-line: 'net' needs bind, connect or none"},
    {"no_path", "files read", "1:7 sandbox-line: 'files read' names no path"},
    {"a_port_out_of_range", "net bind 65536", "1:10 sandbox-line: expected a port, 0 to 65535, found '65536'"},
    {"none_with_a_port", "net none 80", "1:10 sandbox-line: 'net none' stands alone, found '80'"},
    {"none_beside_ports", "net none\nnet bind 80", "1:5 sandbox-line: 'net none' contradicts a line that opens ports"},
    {"an_unknown_scope", "scope signals",
     "1:7 sandbox-line: expected signal or abstract_unix after 'scope', found 'signals' | did you mean 'signal'?"},
    {"a_scope_of_nothing", "scope", "1:1 sandbox-line: 'scope' needs signal or abstract_unix"},
    {"an_unknown_limit", "limit nofiles 1",
     "1:7 sandbox-line: no resource limit is called 'nofiles' | did you mean 'nofile'?"},
    {"a_limit_without_a_value", "limit nofile",
     "1:1 sandbox-line: 'limit' takes a name and a value | such as 'limit nofile 1024'"},
    {"a_limit_that_is_no_number", "limit nofile many",
     "1:14 sandbox-line: expected a number or 'unlimited', found 'many'"},
    {"an_unknown_controller", "cgroup memroy 1M",
     "1:8 sandbox-line: expected memory, pids or cpu after 'cgroup', found 'memroy' | did you mean 'memory'?"},
    {"a_size_that_is_none", "cgroup memory 1MB", "1:15 sandbox-line: expected a size, such as 512M, found '1MB'"},
    {"no_processes", "cgroup pids 0",
     "1:13 sandbox-line: expected how many processes and threads, 1 to 4194304, found '0'"},
    {"too_little_time", "cgroup cpu 0.001",
     "1:12 sandbox-line: expected a number of CPUs, such as 1.5 or 0.25, found '0.001'"},
    {"a_cgroup_without_a_value", "cgroup cpu",
     "1:1 sandbox-line: 'cgroup' takes memory, pids or cpu and a value | such as 'cgroup memory 512M'"},
    {"two_users", "uid a b", "1:7 sandbox-line: 'uid' takes one word, found 'b' behind it"},
    {"no_user", "uid", "1:1 sandbox-line: 'uid' takes a user: a name or a number"},
    {"no_group_and_one", "groups none 5", "1:1 sandbox-line: 'groups none' stands alone"},
    {"an_unknown_verb_of_env", "env sett A=1",
     "1:5 sandbox-line: expected set, unset or clear after 'env', found 'sett' | did you mean 'set'?"},
    {"a_variable_without_a_value", "env set A", "1:9 sandbox-line: expected NAME=VALUE, found 'A'"},
    {"a_value_to_unset", "env unset A=1", "1:11 sandbox-line: expected the name of a variable, found 'A=1'"},
    {"nothing_to_set", "env set", "1:1 sandbox-line: 'env' takes set NAME=VALUE, unset NAME or clear"},
    {"to_clear_a_variable", "env clear A", "1:11 sandbox-line: 'env clear' stands alone, found 'A'"},
    {"a_relative_directory", "chdir srv", "1:7 sandbox-line: expected a path that begins with /, found 'srv'"},
    {"no_tracer", "ptracer 0", "1:9 sandbox-line: expected a process number, any or none, found '0'"},
    {"no_cpus", "affinity 3-1", "1:10 sandbox-line: expected a list of CPUs, such as 0-3,8, found '3-1'"},
    {"an_unknown_personality", "personality addr-no-randomise",
     "1:13 sandbox-line: expected a name of setarch(8), found 'addr-no-randomise' | did you mean "
     "'addr-no-randomize'?"},
    {"an_unknown_module", "exec_context smack:x",
     "1:14 sandbox-line: expected selinux:CONTEXT or apparmor:PROFILE, found 'smack:x'"},
    {"include_without_files", "include \"x\"",
     "1:10 cannot-include: no files can be read here, so 'dir/x' cannot be included"},
    {"include_of_standard_input", "include -",
     "1:9 cannot-include: a policy cannot include standard input | a file of that name is written './-'"},
    {"include_of_nothing", "include", "1:1 syntax: 'include' needs a file | write 'include \"common.cordon\"'"},
};

INSTANTIATE_TEST_SUITE_P(Each, CordonErrors, ::testing::ValuesIn(kMistakes),
                         [](const auto& row) { return row.param.name; });

TEST(CordonErrors, nesting_is_bounded) {
  std::string deep_condition = "allow f(" + std::string(100000, '(') + "x == 1" + std::string(100000, ')') + ")";
  EXPECT_EQ(errors_of(deep_condition, {}), "1:265 too-deep: nested deeper than 256 levels");
  std::string deep_value = "allow f(x == " + std::string(100000, '~') + "1)";
  EXPECT_EQ(errors_of(deep_value, {}), "1:269 too-deep: nested deeper than 256 levels");
  std::string deep_not = "allow f(" + std::string(100000, '!') + "x == 1)";
  EXPECT_EQ(errors_of(deep_not, {}), "1:265 too-deep: nested deeper than 256 levels");
}

TEST(CordonErrors, names_cannot_nest_or_grow_without_bound) {
  std::string chain = "let A0 = 1\n", bomb = "let A0 = {1}\n";
  for (int i = 1; i < 300; ++i) chain += "let A" + std::to_string(i) + " = ~A" + std::to_string(i - 1) + "\n";
  for (int i = 1; i < 40; ++i)
    bomb += "let A" + std::to_string(i) + " = {A" + std::to_string(i - 1) + ", A" + std::to_string(i - 1) + "}\n";
  EXPECT_NE(errors_of(chain, {}).find("too-deep: "), std::string::npos);
  EXPECT_NE(errors_of(bomb, {}).find("too-large: the names of this policy expand to more than 1000000 values"),
            std::string::npos);
}

TEST(CordonErrors, are_collected_up_to_two_hundred) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "alow read\n";
  EXPECT_EQ(read_cordon(text, "a", {}).error().size(), 200u);
}

TEST(CordonErrors, name_the_place_of_the_earlier_definition) {
  Result<Policy> policy = read_cordon("default allow\ndefault log", "a", {});
  ASSERT_FALSE(policy);
  const Diagnostic& error = *policy.error().begin();
  ASSERT_EQ(error.notes.size(), 1u);
  EXPECT_EQ(error.notes[0].place.line, 1u);
  EXPECT_EQ(error.notes[0].message, "it stands here already");
}

TEST(CordonInclude, puts_the_rules_in_place_and_takes_paths_from_the_including_file) {
  ReadOptions options = with_files(
      {{"dir/sub/a.cordon", "log write\ninclude b.cordon"}, {"dir/sub/b.cordon", "let F = {1}\ntrap close"}});
  Result<Policy> policy =
      read_cordon("allow read\ninclude \"sub/a.cordon\"\nallow dup(fildes in F)", "dir/app.cordon", options);
  ASSERT_TRUE(policy);
  ASSERT_EQ(policy->rules.size(), 4u);
  EXPECT_EQ(policy->rules[2].target.name, "close");
  Place place = policy->sources.locate(policy->rules[2].span);
  EXPECT_EQ(place.file, "dir/sub/b.cordon");
  EXPECT_EQ(place.line, 2u);
}

TEST(CordonInclude, reports_what_is_wrong_where_it_is) {
  ReadOptions options = with_files({{"dir/a", "include a"},
                                    {"dir/../dir/./sub/../c", "include ../dir/c"},
                                    {"dir/h", "default allow"},
                                    {"dir/bad", "alow x"},
                                    {"/abs", "\xff"}});
  EXPECT_EQ(
      errors_of("allow x\ninclude none", options),
      "2:9 cannot-include: cannot include 'dir/none': cannot open 'dir/none': No such file or directory (ENOENT)");
  EXPECT_EQ(errors_of("include a", options), "1:9 include-cycle: 'dir/a' includes itself");
  EXPECT_EQ(errors_of("include ../dir/./sub/../c", options),
            "1:9 include-cycle: 'dir/../dir/./sub/../../dir/c' includes itself");
  EXPECT_EQ(errors_of("include ../dir/app.cordon", options),
            "1:9 include-cycle: 'dir/../dir/app.cordon' includes itself");
  EXPECT_EQ(errors_of("include h", options),
            "1:1 header-in-include: 'default' may not stand in an included file | move it to 'dir/app.cordon'");
  EXPECT_EQ(errors_of("\n\ninclude bad", options),
            "1:1 unknown-keyword: no statement begins with 'alow' | did you mean 'allow'?");
  EXPECT_EQ(errors_of("include /abs", options), "1:1 not-text: invalid UTF-8: byte 0xff | save the file as UTF-8");
}

TEST(CordonInclude, is_bounded_in_depth_and_count) {
  ReadOptions options;
  options.read_file = [](const std::string& path) -> Result<std::string> {
    return "include " + path.substr(path.rfind('/') + 1) + "x\ninclude " + path.substr(path.rfind('/') + 1) + "y";
  };
  EXPECT_NE(errors_of("include a", options).find("includes are nested deeper than 16"), std::string::npos);
  auto wide = options.read_file;
  options.read_file = [wide](const std::string& path) {
    return path.size() > 16 ? Result<std::string>("log read") : wide(path);
  };
  EXPECT_NE(errors_of("include a", options).find("more than 1000 includes"), std::string::npos);
}

TEST(CordonInclude, never_reads_standard_input) {
  ReadOptions options;
  std::vector<std::string> asked;
  options.read_file = [&asked](const std::string& path) -> Result<std::string> {
    asked.push_back(path);
    return std::string("log read");
  };
  for (const char* name : {"app.cordon", "dir/app.cordon", "-"})
    EXPECT_FALSE(read_cordon("include \"-\"", name, options)) << name;
  EXPECT_TRUE(asked.empty());
  EXPECT_TRUE(read_cordon("include ./-", "app.cordon", options));
  EXPECT_EQ(asked, std::vector<std::string>{"./-"});
}

}  // namespace
}  // namespace cordon::formats
