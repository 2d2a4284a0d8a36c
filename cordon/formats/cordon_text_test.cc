#include "cordon/formats/cordon_text.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cordon/base/render.h"
#include "fuzz/same_policy.h"

namespace cordon::formats {
namespace {

struct Written {
  const char* name;
  const char* text;
  const char* canonical;  // without the line "default   kill_process"
};

void PrintTo(const Written& row, std::ostream* out) { *out << row.name; }

std::string without_default(const std::string& text) {
  constexpr std::string_view kDefault = "default   kill_process\n";
  std::string rest = text.starts_with(kDefault) ? text.substr(kDefault.size()) : text;
  return rest.starts_with('\n') ? rest.substr(1) : rest;
}

class CordonTextReads : public testing::TestWithParam<Written> {};

TEST_P(CordonTextReads, as_the_canonical_text_says) {
  Result<Policy> policy = read_cordon(GetParam().text, "app.cordon", {});
  ASSERT_TRUE(policy) << render(policy.error(), {});
  std::string written = write_cordon(*policy);
  EXPECT_EQ(without_default(written), GetParam().canonical);
  Result<Policy> again = read_cordon(written, "again", {});
  ASSERT_TRUE(again) << written << render(again.error(), {});
  EXPECT_TRUE(same(*policy, *again)) << written;
}

const Written kStatements[] = {
    {"several_targets_are_several_rules", "allow read write", "allow     read write\n"},
    {"semicolons_end_statements", "allow read; log write;", "allow     read\nlog       write\n"},
    {"comments_end_lines", "allow read #x\n#y", "allow     read  # x\n\n# y\n"},
    {"an_indented_line_continues", "allow read\n  write\n\tclose", "allow     read write close\n"},
    {"a_comment_between_does_not_end_a_statement", "allow read\n# more\n  write", "# more\nallow     read write\n"},
    {"a_blank_line_between_does_not_end_a_statement", "allow read\n\n  write", "allow     read write\n"},
    {"an_indented_comment_begins_nothing", "allow read\n  # end\nlog write",
     "allow     read\n\n# end\nlog       write\n"},
    {"an_indented_first_line_is_a_statement", "  allow read\n", "allow     read\n"},
    {"a_wholly_indented_text_is_read_line_by_line", "  allow read\n    write\n  log close\n",
     "allow     read write\nlog       close\n"},
    {"newlines_in_parentheses_continue", "allow socket(\nfamily == AF_UNIX,\n\ntype == 1 # why\n)",
     "allow     socket(family == AF_UNIX, type == 1)  # why\n"},
    {"newlines_in_braces_continue", "let T = {\nTCGETS,\nTCSETS\n}\nallow ioctl(cmd in T)",
     "allow     ioctl(cmd in {TCGETS, TCSETS})\n"},
    {"carriage_returns_are_blanks", "allow read\r\nlog write\r\n", "allow     read\nlog       write\n"},
    {"a_byte_order_mark_is_skipped",
     "\xef\xbb\xbf"
     "allow read",
     "allow     read\n"},
    {"every_action", "allow a; log b; notify c; trace d; errno EPERM e; trap f; kill_thread g; kill_process h",
     "allow     a\nlog       b\nnotify    c\ntrace     d\nerrno EPERM  e\ntrap      f\nkill_thread g\nkill_process "
     "h\n"},
    {"action_data", "trace 5 a; trace 65535 b; trap 7 c; trap 0 d; errno 4095 e; errno 0x10 f",
     "trace 5   a\ntrace 65535  b\ntrap 7    c\ntrap      d\nerrno 4095  e\nerrno 16  f\n"},
    {"deny_is_the_default_said_aloud", "deny read\ndefault errno EPERM",
     "default   errno EPERM\n\nerrno EPERM  read\n"},
    {"deny_holds_for_badarch_and_unknown", "badarch deny; unknown deny; since 6.1; default trap 3",
     "default   trap 3\nbadarch   trap 3\nsince     6.1\nunknown   trap 3\n"},
    {"targets_of_every_kind",
     "allow read@i386 @file-read @net-client@arm64 syscall_451 syscall_1000..0xffffffff * *@x32 "
     "syscall_0x10..syscall_20@x32",
     "allow     read@i386 @file-read @net-client@arm64 syscall_451 syscall_1000..0xffffffff * *@x32\nallow     "
     "syscall_16..20@x32\n"},
    {"conditions_go_with_calls_numbers_and_every",
     "allow read(fd == 0) read@i386 (fd == 1) syscall_9(arg0 == 1) *(ip > 4)",
     "allow     read(fd == 0)\nallow     read@i386(fd == 1)\nallow     syscall_9(arg0 == 1)\nallow     *(ip > 4)\n"},
    {"aliases_of_architectures_are_read", "arch amd64 SCMP_ARCH_X86; allow read",
     "arch      x86_64 i386\ndefault   kill_process\n\nallow     read\n"},
    {"headers_may_stand_anywhere", "allow read; since 5.10; policy web; default errno 1",
     "policy    \"web\"\ndefault   errno 1\nsince     5.10\nunknown   errno ENOSYS\n\nallow     read\n"},
    {"names_are_quoted", "policy \"a \\\"b\\\" \\\\ # ; c\"; allow read",
     "policy    \"a \\\"b\\\" \\\\ # ; c\"\ndefault   kill_process\n\nallow     read\n"},
    {"a_policy_of_headers_alone_is_fine", "default allow", "default   allow\n"},
};

const Written kConditions[] = {
    {"every_comparison", "allow f(a == 1, b != 2, c < 3, d <= 4, e > 5, g >= 6)",
     "allow     f(a == 1, b != 2, c < 3, d <= 4, e > 5, g >= 6)\n"},
    {"slots_ip_and_raw", "allow f(arg0 == 1 && ip == 2 && raw(arg5) == 3 && raw(fd) == 4)",
     "allow     f(arg0 == 1, ip == 2, raw(arg5) == 3, raw(fd) == 4)\n"},
    {"sets_and_ranges", "allow f(a in {1, X, 4..9, A|B..0xffff}, b in 1..2, c in {7}, d in X)",
     "allow     f(a in {1, X, 4..9, (A|B)..0xffff}, b in 1..2, c in {7}, d in {X})\n"},
    {"a_trailing_comma_in_a_set", "allow f(a in {1, 2,})", "allow     f(a in {1, 2})\n"},
    {"masks_bind_tighter_than_comparisons", "allow f(a & M == V, b & (A|B) != 0, c & ~7 in {1, 2}, d & -1 in 1..2)",
     "allow     f(a & M == V, b & (A|B) != 0, c & ~7 in {1, 2}, d & -1 in 1..2)\n"},
    {"the_parentheses_of_c_round_a_mask", "allow f((a & M) == V, (b) < 1)", "allow     f(a & M == V, b < 1)\n"},
    {"comma_binds_loosest", "allow f(a == 1, b == 2 || c == 3)", "allow     f(a == 1, (b == 2 || c == 3))\n"},
    {"and_within_or", "allow f((a == 1 && b == 2) || c == 3)", "allow     f((a == 1 && b == 2) || c == 3)\n"},
    {"comma_within_parentheses", "allow f((a == 1, b == 2) || c == 3)", "allow     f((a == 1 && b == 2) || c == 3)\n"},
    {"not", "allow f(!a == 1, !(b == 2 || c == 3), !!d == 4)",
     "allow     f(!(a == 1), !(b == 2 || c == 3), !(!(d == 4)))\n"},
    {"numbers_of_every_base", "allow f(a == 10, b == 0x1F, c == 0o17, d == 017, e == 0, g == 18446744073709551615)",
     "allow     f(a == 10, b == 31, c == 15, d == 15, e == 0, g == 0xffffffffffffffff)\n"},
    {"unions_complements_and_minus", "allow f(a == A|B|3, b == ~A, c == -1, d == ~(A|~B)|-2, e == --1)",
     "allow     f(a == A|B|3, b == ~A, c == -1, d == ~(A|~B)|-2, e == --1)\n"},
    {"parentheses_group_unions", "allow f(a == (A|B)|C, b == (((A))))", "allow     f(a == (A|B)|C, b == A)\n"},
    {"let_gives_a_value_a_name", "let M = A|B; let N = ~M; allow f(a & M == N, b in {M, 1..N})",
     "allow     f(a & (A|B) == ~(A|B), b in {A|B, 1..~(A|B)})\n"},
    {"let_gives_a_set_a_name", "let S = {1, 2..3}; let T = {S, X}; allow f(a in T, b in {0, S})",
     "allow     f(a in {1, 2..3, X}, b in {0, 1, 2..3})\n"},
};

const Written kSandbox[] = {
    {"files_with_several_verbs", "files read /usr \"/a b\" exec ./x\nfiles read_dir /x",
     "files     read /usr \"/a b\"\nfiles     exec ./x\nfiles     read_dir /x\n"},
    {"net_with_several_verbs", "net bind 80 443   connect 5432", "net       bind 80 443\nnet       connect 5432\n"},
    {"net_none", "net none", "net       none\n"},
    {"caps", "caps keep net_bind_service CAP_KILL; caps keep",
     "caps      keep net_bind_service CAP_KILL\ncaps      keep\n"},
    {"users", "uid nobody; gid 65534\ngroups 27 audio; groups none",
     "uid       nobody\ngid       65534\ngroups    27 audio\ngroups    none\n"},
    {"environments", "env set A=1 \"B=b c\" unset=x\nenv unset LD_PRELOAD; env clear",
     "env       set A=1 \"B=b c\" unset=x\nenv       unset LD_PRELOAD\nenv       clear\n"},
    {"what_a_process_is", "chdir \"/a b\"; ptracer any; affinity 0-3,8; personality linux32 addr-no-randomize",
     "chdir     \"/a b\"\nptracer   any\naffinity  0-3,8\npersonality linux32 addr-no-randomize\n"},
    {"security_contexts", "exec_context apparmor:app//child", "exec_context apparmor:app//child\n"},
    {"cgroups", "cgroup memory 512M; cgroup pids 64; cgroup cpu 1.5",
     "cgroup    memory 512M\ncgroup    pids 64\ncgroup    cpu 1.5\n"},
    {"limits", "limit nofile 1024; limit core unlimited", "limit     nofile 1024\nlimit     core unlimited\n"},
    {"scopes", "scope signal abstract_unix", "scope     signal abstract_unix\n"},
    {"a_hash_in_a_quoted_path", "files read \"/a#b\" # c", "# c\n\nfiles     read \"/a#b\"\n"},
};

std::string row_name(const testing::TestParamInfo<Written>& row) { return row.param.name; }
INSTANTIATE_TEST_SUITE_P(Statements, CordonTextReads, testing::ValuesIn(kStatements), row_name);
INSTANTIATE_TEST_SUITE_P(Conditions, CordonTextReads, testing::ValuesIn(kConditions), row_name);
INSTANTIATE_TEST_SUITE_P(Sandbox, CordonTextReads, testing::ValuesIn(kSandbox), row_name);

TEST(CordonText, a_target_s_span_is_what_was_written) {
  Result<Policy> policy = read_cordon("allow read\n  openat(flags\n == 0)", "a", {});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->sources.text(policy->rules[1].span), "openat(flags\n == 0)");
  EXPECT_EQ(policy->sources.locate(policy->rules[1].span).line, 2u);
}

TEST(CordonText, errno_names_carry_the_number_of_their_architecture) {
  Result<Policy> policy = read_cordon("arch mips; errno ENOSYS a b@x86_64", "a", {});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->rules[0].action, (Action{ActionKind::errno_, 89}));
  EXPECT_EQ(policy->rules[1].action, (Action{ActionKind::errno_, 38}));
  EXPECT_EQ(policy->rules[1].errno_name, "ENOSYS");
}

TEST(CordonText, errno_zero_is_read_and_left_to_resolve_to_warn_of) {
  Result<Policy> policy = read_cordon("errno 0 read", "a", {});
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy.warnings().empty());
  EXPECT_EQ(policy->rules[0].action, (Action{ActionKind::errno_, 0}));
}

TEST(CordonText, plain_rules_fold_onto_lines_of_a_hundred_columns) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "allow call_number_" + std::to_string(i) + "\n";
  Result<Policy> policy = read_cordon(text, "a", {});
  ASSERT_TRUE(policy);
  std::string written = write_cordon(*policy);
  size_t longest = 0;
  for (size_t at = 0; at < written.size();) {
    size_t end = written.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LE(longest, 100u);
  EXPECT_GT(longest, 80u);
}

TEST(CordonText, comments_stay_where_they_were_and_are_aligned) {
  constexpr std::string_view kText =
      "# head\n# of the file\n\npolicy    \"x\"\ndefault   errno EPERM\n\n# reading\nallow     read pread64\n"
      "allow     openat(flags == 0)  # only to read\nallow     close               # always\n\n# the end\n\nfiles     "
      "read /\n";
  Result<Policy> policy = read_cordon(kText, "a", {});
  ASSERT_TRUE(policy);
  EXPECT_EQ(write_cordon(*policy), kText);
}

TEST(CordonText, a_comment_with_a_line_break_cannot_become_a_rule) {
  Policy policy;
  policy.rules.push_back({{ActionKind::log, 0}, {Target::Kind::name, "read", 0, 0, {}}, {}, {}, "one\nallow *", {}});
  Result<Policy> again = read_cordon(write_cordon(policy), "a", {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rules.size(), 1u);
}

// Small policies of every shape, from a counter: the same ones each time.
class PolicyMaker {
 public:
  explicit PolicyMaker(uint64_t seed) : state_(seed * 2 + 1) {}

  Policy make() {
    Policy policy;
    if (pick(2)) policy.name = "name \"" + std::to_string(pick(9)) + "\"";
    if (pick(2)) policy.arches = {Arch::x86_64, Arch::arm64};
    policy.default_action.action = action();
    if (policy.default_action.action.kind == ActionKind::errno_) policy.default_action.action.data = 1;
    for (unsigned i = pick(6); i > 0; --i) policy.rules.push_back(rule());
    for (unsigned i = pick(3); i > 0; --i) policy.comments.push_back({i > 1 ? PolicyComment::kHead : pick(9), "note"});
    for (PolicyComment& comment : policy.comments)
      if (comment.before_rule != PolicyComment::kHead)
        comment.before_rule = std::min(comment.before_rule, policy.rules.size());
    if (pick(2)) policy.sandbox.lines.push_back({"files", {"read", "/a b", "/c\"d"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"unshare", {"user", "mount", "pid"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"mount", {"root", "read"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"mount", {"write", "/a b", "at", "/c:d", "/at"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"mount", {"proc"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"env", {"set", "A=b c", "B=#;\""}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"cgroup", {"memory", "512M"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"groups", {"27", "audio"}, {}});
    if (pick(2)) policy.sandbox.lines.push_back({"affinity", {"0-3,8"}, {}});
    return policy;
  }

 private:
  unsigned pick(unsigned count) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<unsigned>(state_ >> 33) % count;
  }

  Action action() {
    auto kind = static_cast<ActionKind>(pick(8));
    bool has_data = kind == ActionKind::errno_ || kind == ActionKind::trap || kind == ActionKind::trace;
    return {kind, static_cast<uint16_t>(has_data ? 1 + pick(4095) : 0)};
  }

  Rule rule() {
    Rule made;
    made.action = action();
    made.target.kind = static_cast<Target::Kind>(pick(4));
    if (made.target.kind == Target::Kind::name) made.target.name = "call" + std::to_string(pick(5));
    if (made.target.kind == Target::Kind::group) made.target.name = "file-read";
    if (made.target.kind == Target::Kind::numbers)
      made.target.first = pick(1000), made.target.last = made.target.first + pick(2) * 5000;
    if (pick(4) == 0) made.target.arch = Arch::i386;
    if (made.target.kind != Target::Kind::group && pick(2)) made.condition = condition(3);
    if (pick(4) == 0) made.comment = "seen " + std::to_string(pick(100)) + " times";
    return made;
  }

  Condition condition(unsigned depth) {
    Condition made;
    unsigned kind = depth == 0 ? 0 : pick(4);
    if (kind == 0) {
      made.kind = Condition::Kind::test;
      made.test = test();
      return made;
    }
    made.kind = kind == 1 ? Condition::Kind::all : kind == 2 ? Condition::Kind::any : Condition::Kind::none;
    for (unsigned i = made.kind == Condition::Kind::none ? 1 : 2 + pick(2); i > 0; --i)
      made.operands.push_back(condition(depth - 1));
    return made;
  }

  ArgTest test() {
    ArgTest made;
    made.operand.kind = static_cast<Operand::Kind>(pick(3));
    if (made.operand.kind == Operand::Kind::named) made.operand.name = "flags";
    if (made.operand.kind == Operand::Kind::slot) made.operand.slot = static_cast<uint8_t>(pick(6));
    made.operand.raw = pick(3) == 0;
    if (pick(2)) made.mask.push_back(value(2));
    made.op = static_cast<CompareOp>(pick(7));
    for (unsigned i = made.op == CompareOp::in ? 1 + pick(3) : 1; i > 0; --i) {
      made.values.push_back({value(2), {}});
      if (made.op == CompareOp::in && pick(2)) made.values.back().high.push_back({Value::Kind::name, 0, "TOP", {}, {}});
    }
    return made;
  }

  Value value(unsigned depth) {
    auto kind = static_cast<Value::Kind>(pick(depth == 0 ? 2 : 5));
    if (kind == Value::Kind::number) return {kind, uint64_t{pick(10000)} << pick(40), {}, {}, {}};
    if (kind == Value::Kind::name) return {kind, 0, "NAME" + std::to_string(pick(3)), {}, {}};
    Value made{kind, 0, {}, {}, {}};
    for (unsigned i = kind == Value::Kind::any_of ? 2 + pick(2) : 1; i > 0; --i)
      made.operands.push_back(value(depth - 1));
    return made;
  }

  uint64_t state_;
};

TEST(CordonText, generated_policies_read_back_as_they_were_written) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Policy policy = PolicyMaker(seed).make();
    std::string written = write_cordon(policy);
    Result<Policy> again = read_cordon(written, "a", {});
    ASSERT_TRUE(again) << written << render(again.error(), {});
    ASSERT_TRUE(same(policy, *again)) << written << write_cordon(*again);
  }
}

}  // namespace
}  // namespace cordon::formats
