#include "cordon/formats/minijail.h"

#include <gtest/gtest.h>

#include <map>

#include "cordon/formats/testing.h"

namespace cordon::formats {

using namespace testing;  // NOLINT: builders only

namespace {

using Files = std::map<std::string, std::string>;

struct Dialect {
  bool c = false;
  Files files;
};

Result<Policy> read(std::string_view text, const Dialect& dialect = {}, std::string name = "dir/main.policy") {
  ReadOptions options;
  options.arch = Arch::x86_64;
  options.minijail_c_dialect = dialect.c;
  options.read_file = [&](const std::string& path) -> Result<std::string> {
    auto found = dialect.files.find(path);
    if (found == dialect.files.end()) return Diagnostic{Severity::error, "system", {}, "no such file", {}, {}};
    return found->second;
  };
  return read_minijail(text, std::move(name), options);
}

struct MeaningRow {
  const char* name;
  const char* text;
  const char* rules;
  const char* codes = "";
};

constexpr MeaningRow kBoth[] = {
    {"allow", "read: 1", "read allow"},
    {"blanks around the name", " \tread \t:\t1", "read allow"},
    {"errno by name", "read: return EBADF", "read errno EBADF"},
    {"errno by number", "read: return 38", "read errno 38"},
    {"errno in hexadecimal", "read: return 0x26", "read errno 38"},
    {"errno in octal", "read: return 046", "read errno 38"},
    {"bare return is the block action", "read: return", "read kill_thread"},
    {"condition", "read: arg0 == 5", "read[a0==5] allow"},
    {"every comparison", "a: arg0 != 1 && arg1 < 2 && arg2 <= 3 && arg3 > 4 && arg4 >= 5",
     "a[a0!=1 && a1<2 && a2<=3 && a3>4 && a4>=5] allow"},
    {"any bit", "open: arg1 & O_WRONLY", "open[a1&O_WRONLY!=0] allow"},
    {"no bit outside", "mmap: arg2 in 0x3", "mmap[a2&~3==0] allow"},
    {"no bit outside a complement", "mmap: arg2 in ~PROT_EXEC", "mmap[a2&~~PROT_EXEC==0] allow"},
    {"and binds tighter than or", "a: arg0 == 1 || arg1 == 2 && arg2 == 3", "a[a0==1 || a1==2 && a2==3] allow"},
    {"flags joined", "a: arg0 == O_RDWR|O_CLOEXEC", "a[a0==(O_RDWR|O_CLOEXEC)] allow"},
    {"parentheses", "a: arg0 == ~(A|B)", "a[a0==~(A|B)] allow"},
    {"negative", "a: arg0 == -1", "a[a0==-1] allow"},
    {"largest", "a: arg0 == 0xffffffffffffffff", "a[a0==18446744073709551615] allow"},
    {"smallest", "a: arg0 == -9223372036854775808", "a[a0==-9223372036854775808] allow"},
    {"octal", "a: arg0 == 0777", "a[a0==511] allow"},
    {"comment lines and blank lines", "# x\n\n  # y\nread: 1", "read allow"},
    {"continued line", "read: arg0 == 1 || \\\n arg0 == 2", "read[a0==1 || a0==2] allow"},
    {"continuation at the end of the file", "read: 1 \\", "read allow"},
    {"frequency", "@frequency ./x.freq\nread: 1", "read allow", "minijail-frequency"},
    {"argument with zeros", "a: arg05 == 1", "a[a5==1] allow"},
    {"second semicolon", "read: arg0 == 1; return; x", "read[a0==1] allow; read kill_thread", "minijail-syntax"},
    {"empty", "", ""},
};

TEST(Minijail, GivesLinesTheMeaningBothParsersShare) {
  for (bool c : {false, true}) {
    for (const MeaningRow& row : kBoth) {
      Result<Policy> policy = read(row.text, {.c = c, .files = {}});
      ASSERT_TRUE(policy) << row.name << "\n" << told(policy.error());
      EXPECT_EQ(show(policy->rules), row.rules) << row.name;
      EXPECT_EQ(codes(policy.warnings()), row.codes) << row.name;
      EXPECT_EQ(policy->default_action.action, (Action{ActionKind::kill_thread, 0})) << row.name;
      EXPECT_EQ(policy->bad_arch.action, (Action{ActionKind::kill_thread, 0})) << row.name;
      EXPECT_EQ(policy->start, StartPoint::entry) << row.name;
      EXPECT_EQ(policy->format, PolicyFormat::minijail) << row.name;
      EXPECT_EQ(policy->arches, std::vector<Arch>{Arch::x86_64}) << row.name;
    }
  }
}

TEST(Minijail, GivesLinesOfThePythonParserTheirMeaning) {
  const MeaningRow rows[] = {
      {"allow", "read: allow", "read allow"},
      {"every action", "a: kill-process\nb: kill-thread\nc: kill\nd: trap\ne: trace\nf: log\ng: user-notify",
       "a kill_process; b kill_thread; c kill_thread; d trap; e trace; f log; g notify"},
      {"several names", "{read, write}: 1", "read allow; write allow"},
      {"a call named kill", "{kill, tgkill}: 1", "kill allow; tgkill allow"},
      {"trailing comment", "read: 1 # x", "read allow"},
      {"trailing comment with a backslash", "read: 1 # x \\\nwrite: 1", "read allow; write allow"},
      {"no blanks", "read:arg0==1&&arg1==2", "read[a0==1 && a1==2] allow"},
      {"blanks in a value", "read: arg0 == A | B", "read[a0==(A|B)] allow"},
      {"nested parentheses", "read: arg0 == ~((A|~(B)))", "read[a0==~(A|~B)] allow"},
      {"several filters", "read: { arg0 == 1; return EBADF, arg0 == 2, return 9 }",
       "read[a0==1] errno EBADF; read[a0==2] allow; read errno 9"},
      {"condition and action word", "read: arg0 == 1; kill-process", "read[a0==1] kill_process"},
      {"statements for one call concatenate", "read: arg0 == 1\nwrite: 1\nread: arg0 == 2; trap\nread: return EPERM",
       "read[a0==1] allow; write allow; read[a0==2] trap; read errno EPERM"},
      {"selector that holds", "read[arch=arm,x86_64]: 1", "read allow"},
      {"selector that does not hold", "read[arch=arm64]: 1\nwrite: 1", "write allow"},
      {"two selectors", "read[arch=x86_64;arch=arm]: 1", ""},
      {"Windows lines", "read: 1\r\nwrite: arg0 == 1 || \\\r\n arg0 == 2\r\n",
       "read allow; write[a0==1 || a0==2] allow"},
  };
  for (const MeaningRow& row : rows) {
    Result<Policy> policy = read(row.text);
    ASSERT_TRUE(policy) << row.name << "\n" << told(policy.error());
    EXPECT_EQ(show(policy->rules), row.rules) << row.name;
    EXPECT_EQ(codes(policy.warnings()), row.codes) << row.name;
  }
}

TEST(Minijail, FollowsTheManPageWhereTheParsersDiffer) {
  Result<Policy> both = read("read: arg0 == 0; return EBADF");
  ASSERT_TRUE(both);
  EXPECT_EQ(show(both->rules), "read[a0==0] allow; read errno EBADF");
  EXPECT_EQ(codes(both.warnings()), "minijail-dialects-differ");
  Result<Policy> c = read("read: arg0 == 0; return EBADF", {.c = true, .files = {}});
  EXPECT_EQ(show(c->rules), "read[a0==0] allow; read errno EBADF");
  EXPECT_TRUE(c.warnings().empty());
}

TEST(Minijail, SkipsTheLineAfterAContinuedComment) {
  Result<Policy> both = read("# x \\\nread: 1\nwrite: 1");
  EXPECT_EQ(show(both->rules), "write allow");
  EXPECT_EQ(told(both.warnings()).substr(0, 36), "1:5 warning minijail-dialects-differ");
  EXPECT_EQ(show(read("# x \\\nread: 1\nwrite: 1", {.c = true, .files = {}})->rules), "write allow");
}

TEST(Minijail, ReadsDenylistsAsThePythonParserDoes) {
  Result<Policy> policy = read("@denylist\nmount: return EPERM\nread: arg0 == 1; return 5");
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(policy->default_action.action.kind, ActionKind::allow);
  EXPECT_EQ(policy->bad_arch.action, (Action{ActionKind::errno_, 1}));
  EXPECT_EQ(show(policy->rules), "mount errno EPERM; read[a0==1] errno 5");
  EXPECT_TRUE(policy.warnings().empty());
}

TEST(Minijail, TakesTheLastDefault) {
  Result<Policy> policy = read("@default trap\nread: return\n@default kill-process");
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(policy->default_action.action.kind, ActionKind::kill_process);
  EXPECT_EQ(show(policy->rules), "read kill_process");
}

struct ErrorRow {
  const char* name;
  std::string text;
  const char* expected;
};

TEST(Minijail, RefusesWhatIsWrongAtItsPlace) {
  const ErrorRow rows[] = {
      {"no colon", "read 1", "1:6 error minijail-syntax: expected ':' after the system call's name, found '1'"},
      {"no body", "read:",
       "1:6 error minijail-syntax: expected an action or an argument (arg0 to arg5), found the end of the line"},
      {"line numbers are physical", "a: 1 ||\\\n\nb: arg0 == 1 || \\\n  x",
       "1:6 error minijail-syntax: unexpected '||' at the end of the statement\n"
       "4:3 error minijail-syntax: expected an action or an argument (arg0 to arg5), found 'x'"},
      {"argument 6", "a: arg6 == 1",
       "1:4 error unknown-argument: there is no arg6: a system call has arg0 to arg5 (minijail reads past its data "
       "here, and the kernel refuses it)"},
      {"errno too large", "a: return 70000",
       "1:11 error errno-range: errno 70000 is out of range: libminijail would pass on its low 16 bits, 4464, which "
       "the kernel takes for 4095"},
      {"negative errno", "a: return -1", "1:11 error errno-range: invalid errno value -1"},
      {"unknown errno", "a: return EPERMM", "1:11 error unknown-errno: unknown errno 'EPERMM'"},
      {"returnx", "a: returnx EPERM",
       "1:4 error minijail-syntax: expected an action or an argument (arg0 to arg5), found 'returnx'"},
      {"unknown action", "a: arg0 == 1; deny", "1:15 error minijail-syntax: unknown action 'deny'"},
      {"number that is no action", "a: 2", "1:4 error minijail-syntax: unknown action '2'"},
      {"action and more", "a: 1; return 1", "1:5 error minijail-syntax: unexpected ';' after an action"},
      {"assignment", "a: arg0 = 1", "1:9 error minijail-syntax: expected a comparison after 'arg0', found '='"},
      {"no value", "a: arg0 ==", "1:11 error minijail-syntax: expected a constant, found the end of the line"},
      {"two complements", "a: arg0 == ~~1",
       "1:13 error minijail-syntax: '~~' is not taken: two complements undo each other"},
      {"open parenthesis", "a: arg0 == (1", "1:14 error minijail-syntax: expected ')', found the end of the line"},
      {"bad number", "a: arg0 == 0x", "1:12 error minijail-syntax: '0x' is not a number"},
      {"bad octal", "a: arg0 == 09", "1:12 error minijail-syntax: '09' is not a number"},
      {"overflow", "a: arg0 == 18446744073709551616",
       "1:12 error minijail-overflow: 18446744073709551616 does not fit an argument of x86_64: at most "
       "18446744073709551615"},
      {"underflow", "a: arg0 == -9223372036854775809",
       "1:12 error minijail-overflow: -9223372036854775809 does not fit an argument of x86_64: at least "
       "-9223372036854775808"},
      {"number for a name", "0: 1", "1:1 error minijail-syntax: a system call is named, not numbered"},
      {"group", "net@libc: 1",
       "1:1 error minijail-group: the group 'net@libc' is defined in minijail's constants.json, which is not part of a "
       "policy"},
      {"open brace of names", "{a, b", "1:1 error minijail-syntax: unclosed brace"},
      {"open brace of filters", "a: {arg0 == 1", "1:4 error minijail-syntax: unclosed brace"},
      {"bare return in braces", "a: {return}",
       "1:11 error minijail-syntax: expected an errno after 'return', found '}'"},
      {"wrong arch", "a[arch=amd64]: 1",
       "1:8 error unknown-arch: unknown architecture 'amd64': minijail would drop the line without a word"},
      {"wrong selector", "a[os=x]: 1", "1:3 error minijail-syntax: unknown selector 'os'"},
      {"blank after a backslash", "a: arg0 == 1 || \\ \n arg0 == 2",
       "1:17 error minijail-syntax: the backslash does not continue the line: it is not the last character\n"
       "2:2 error minijail-syntax: expected the name of a system call, found 'arg0'"},
      {"decided twice", "a: 1\na: 1", "2:1 error minijail-duplicate: 'a' already had an unconditional action applied"},
      {"decided by the else form", "a: arg0 == 1; return 1\na: 1",
       "1:15 warning minijail-dialects-differ: read as \"else return\", as the man page and minijail's C parser have "
       "it; "
       "its Python parser returns the errno where the condition holds\n"
       "2:1 error minijail-duplicate: 'a' already had an unconditional action applied"},
      {"unconditional filter not last", "a: {allow, arg0 == 1}",
       "1:1 error minijail-duplicate: 'a' already had an unconditional action applied"},
      {"permissive default", "@default allow",
       "1:10 error minijail-default: invalid permissive default action 'allow'"},
      {"unknown default", "@default deny", "1:10 error minijail-syntax: unknown default action 'deny'"},
      {"unknown directive", "@deny", "1:1 error minijail-syntax: unknown directive '@deny'"},
      {"allowing in a denylist", "@denylist\na: allow",
       "2:4 error minijail-denylist: invalid denylist policy: each call must be answered by 'return ERRNO'"},
      {"implicit relative path", "@include x",
       "1:10 error minijail-include: implicit relative path 'x' is not supported"},
      {"standard input", "@include -", "1:10 error minijail-include: implicit relative path '-' is not supported"},
      {"missing file", "@include ./x", "1:10 error minijail-include: cannot include 'dir/x': no such file"},
      {"several errors", "a 1\nb: 1\nc 2",
       "1:3 error minijail-syntax: expected ':' after the system call's name, found '1'\n"
       "3:3 error minijail-syntax: expected ':' after the system call's name, found '2'"},
      {"parentheses without end", "a: arg0 == " + std::string(100000, '('),
       "1:77 error minijail-syntax: parentheses are nested deeper than 64 levels"},
  };
  for (const ErrorRow& row : rows) {
    Result<Policy> policy = read(row.text);
    ASSERT_FALSE(policy) << row.name;
    EXPECT_EQ(told(policy.error()), row.expected) << row.name;
  }
}

TEST(Minijail, RefusesInTheCDialectWhatOnlyPythonTakes) {
  for (const char* text :
       {"read: allow", "read: log", "{read, write}: 1", "read: {arg0 == 1, return 1}", "read: 1 # x", "read: arg0==1",
        "read: arg0 ==1", "read: arg0 == A | B", "read: arg0 == (A |B)", "read: arg0\t== 1", "read[arch=x86_64]: 1",
        "@default kill", "@denylist", "read: arg0 == 1; kill"}) {
    EXPECT_TRUE(read(text).has_value() || std::string_view(text) == "@denylist") << text;
    Result<Policy> policy = read(text, {.c = true, .files = {}});
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().size(), 1u) << text << "\n" << told(policy.error());
  }
}

TEST(Minijail, NamesBothPlacesOfADuplicateInTheCDialect) {
  Result<Policy> policy = read("read: arg0 == 1\nread: arg0 == 2", {.c = true, .files = {}});
  ASSERT_FALSE(policy);
  EXPECT_EQ(told(policy.error()), "2:1 error minijail-duplicate: 'read' is redefined here");
  ASSERT_EQ(policy.error().begin()->notes.size(), 1u);
  EXPECT_EQ(policy.error().begin()->notes[0].place.line, 1u);
}

TEST(Minijail, IncludesFilesBesideTheIncludingOne) {
  Files files = {{"dir/sub/a.policy", "@include ./b.policy\nread: 1"},
                 {"dir/sub/b.policy", "write: 1"},
                 {"/abs.policy", "close: 1"},
                 {"./sub/a.policy", "open: 1"}};
  Result<Policy> policy = read("@include ./sub/a.policy\n@include /abs.policy", {.c = false, .files = files});
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(show(policy->rules), "write allow; read allow; close allow");
  EXPECT_EQ(policy->sources.name(policy->rules[0].span.source), "dir/sub/b.policy");
  EXPECT_EQ(show(read("@include ./sub/a.policy", {.c = true, .files = files})->rules), "open allow");
}

TEST(Minijail, BoundsIncludes) {
  Result<Policy> cycle = read("@include ./a", {.c = false, .files = {{"dir/a", "@include ./a"}}});
  EXPECT_EQ(told(cycle.error()), "1:10 error minijail-include: 'dir/a' includes itself");
  Result<Policy> roundabout = read("@include ./a", {.c = false, .files = {{"dir/a", "@include ./b/../a"}}});
  EXPECT_EQ(told(roundabout.error()), "1:10 error minijail-include: 'dir/b/../a' includes itself");
  Files chain;
  for (int i = 0; i < 12; ++i) chain["dir/" + std::to_string(i)] = "@include ./" + std::to_string(i + 1);
  Result<Policy> deep = read("@include ./0", {.c = false, .files = chain});
  EXPECT_EQ(told(deep.error()), "1:10 error minijail-include: includes are nested deeper than 10");
  Result<Policy> c = read("@include ./a", {.c = true, .files = {{"./a", "@include ./b"}, {"./b", ""}}});
  EXPECT_EQ(told(c.error()), "1:10 error minijail-include: includes are nested deeper than 1");
  std::string many;
  for (int i = 0; i < 300; ++i) many += "@include ./empty\n";
  EXPECT_FALSE(read(many, {.c = false, .files = {{"dir/empty", ""}}}));
  std::string big = "@include ./large\n@include ./large\n";
  Result<Policy> total = read(big, {.c = false, .files = {{"dir/large", std::string(size_t{9} << 20, '\n')}}});
  ASSERT_FALSE(total);
  EXPECT_EQ(told(total.error()), "2:10 error minijail-include: with 'dir/large' the policy is larger than 16 MiB");
}

}  // namespace
}  // namespace cordon::formats
