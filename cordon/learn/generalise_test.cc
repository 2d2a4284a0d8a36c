#include "cordon/learn/generalise.h"

#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/observe/interest.h"

namespace cordon::learn {
namespace {

std::string text_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::number: return base::hex(value.number);
    case Value::Kind::name: return value.name;
    case Value::Kind::complement: return "~(" + text_of(value.operands[0]) + ")";
    case Value::Kind::negate: return "-" + text_of(value.operands[0]);
    case Value::Kind::any_of: break;
  }
  std::string text;
  for (const Value& operand : value.operands) text += (text.empty() ? "" : "|") + text_of(operand);
  return text;
}

std::string text_of(const Condition& condition) {
  if (condition.kind == Condition::Kind::always) return "always";
  if (condition.kind == Condition::Kind::test) {
    const ArgTest& test = condition.test;
    std::string text = test.operand.name;
    if (!test.mask.empty()) text += " & " + text_of(test.mask[0]);
    if (test.op == CompareOp::eq) return text + " == " + text_of(test.values[0].low);
    text += " in {";
    for (size_t i = 0; i < test.values.size(); ++i) text += (i == 0 ? "" : ", ") + text_of(test.values[i].low);
    return text + "}";
  }
  std::string text;
  for (const Condition& operand : condition.operands) {
    if (!text.empty()) text += condition.kind == Condition::Kind::all ? " && " : " || ";
    text += operand.kind == Condition::Kind::all ? "(" + text_of(operand) + ")" : text_of(operand);
  }
  return text;
}

using Values = std::array<uint64_t, kMaxWatched>;

CallProfile profile_of(std::string_view name, Arch arch, const std::vector<Values>& values) {
  CallProfile call;
  call.arch = arch;
  call.nr = abi::number_of(name, arch).value_or(0);
  const WatchedCall known = observe::watched_arguments(arch, call.nr);
  for (const WatchedArgument& watched : known.arguments()) {
    call.slots.push_back(watched.slot);
  }
  for (const Values& row : values) call.values.push_back({row, 1, 1});
  call.count = values.size();
  return call;
}

struct Row {
  const char* name;
  const char* syscall;
  Arch arch;
  std::vector<Values> values;
  const char* expected;
};

TEST(Generalise, SaysWhatTheValuesHaveInCommon) {
  const Row rows[] = {
      {"one command", "ioctl", Arch::x86_64, {{0x5401}}, "cmd == TCGETS"},
      {"two commands", "ioctl", Arch::x86_64, {{0x5401}, {0x5413}}, "cmd in {TCGETS, TIOCGWINSZ}"},
      {"a number without a name", "ioctl", Arch::x86_64, {{0xdeadbeef}}, "cmd == 0xdeadbeef"},
      {"constants of another ABI", "ioctl", Arch::ppc64le, {{0x402c7413}}, "cmd == TCGETS"},
      {"no watched argument", "read", Arch::x86_64, {}, "always"},
      {"unions of flags",
       "mmap",
       Arch::x86_64,
       {{1, 2}, {3, 0x22}},
       "prot in {PROT_READ, PROT_READ|PROT_WRITE} && flags in {MAP_PRIVATE, MAP_PRIVATE|MAP_ANONYMOUS}"},
      {"zero flags", "mprotect", Arch::x86_64, {{0}, {1}}, "prot in {PROT_NONE, PROT_READ}"},
      {"no flags at all", "pipe2", Arch::x86_64, {{0}}, "flags == 0x0"},
      {"a flag twice listed", "pipe2", Arch::x86_64, {{0x80000}}, "flags == O_CLOEXEC"},
      {"reading", "openat", Arch::x86_64, {{0x80000}}, "flags == O_RDONLY|O_CLOEXEC"},
      {"creating", "openat", Arch::x86_64, {{0x241}}, "flags == O_WRONLY|O_CREAT|O_TRUNC"},
      {"the directory flag of arm64", "openat", Arch::arm64, {{0x4000}}, "flags == O_RDONLY|O_DIRECTORY"},
      {"many unions become their bits, the access mode a set",
       "openat",
       Arch::x86_64,
       {{0}, {0x80000}, {0x41}, {0x241}, {0x442}},
       "flags & ~(O_ACCMODE|O_CREAT|O_TRUNC|O_APPEND|O_CLOEXEC) == 0x0 && flags & O_ACCMODE in {O_RDONLY, O_WRONLY, "
       "O_RDWR}"},
      {"many unions without a sub-field",
       "mprotect",
       Arch::x86_64,
       {{0}, {1}, {3}, {5}, {4}},
       "prot & ~(PROT_READ|PROT_WRITE|PROT_EXEC) == 0x0"},
      {"a wait at a lock allows every wait and wake",
       "futex",
       Arch::x86_64,
       {{0x80}},
       "op & ~(FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME) in {FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, "
       "FUTEX_WAKE_BITSET}"},
      {"another futex operation allows itself",
       "futex",
       Arch::x86_64,
       {{0x84}},
       "op & ~(FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME) == FUTEX_CMP_REQUEUE"},
      {"a fork",
       "clone",
       Arch::x86_64,
       {{0x1200011}},
       "clone_flags == SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID"},
      {"sockets whose type goes with their family",
       "socket",
       Arch::x86_64,
       {{1, 0x80801, 0}, {16, 3, 0}},
       "(family == AF_UNIX && type == SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC && protocol == 0x0) || "
       "(family == AF_NETLINK && type == SOCK_RAW && protocol == 0x0)"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    GeneralisedCall general = generalise(profile_of(row.syscall, row.arch, row.values));
    std::string text = text_of(general.condition);
    EXPECT_EQ(text, row.expected);
  }
}

TEST(Generalise, JoinsFamiliesThatAreUsedInTheSameWay) {
  GeneralisedCall general = generalise(profile_of("socket", Arch::x86_64, {{2, 1, 0}, {10, 1, 0}}));
  EXPECT_EQ(text_of(general.condition), "family in {AF_INET, AF_INET6} && type == SOCK_STREAM && protocol == 0x0");
}

TEST(Generalise, KeepsOptionsAtTheirLevels) {
  GeneralisedCall general = generalise(profile_of("setsockopt", Arch::x86_64, {{1, 2}, {1, 3}, {6, 1}}));
  std::string text = text_of(general.condition);
  EXPECT_TRUE(text.starts_with("(level == SOL_SOCKET && optname in {SO_REUSEADDR, SO_TYPE}) || (level == ")) << text;
  EXPECT_TRUE(text.ends_with("optname == TCP_NODELAY)")) << text;
}

TEST(Generalise, SaysNothingAboutTooManyValues) {
  CallProfile call = profile_of("ioctl", Arch::x86_64, {});
  call.slots.clear();
  call.too_many_values = true;
  GeneralisedCall general = generalise(call);
  EXPECT_TRUE(general.condition.is_always());
  EXPECT_EQ(general.reasons, std::vector<std::string>{"cmd: too many values, so not restricted"});
}

TEST(Generalise, GivesAReasonForEachArgument) {
  GeneralisedCall general = generalise(profile_of("mmap", Arch::x86_64, {{1, 2}, {3, 2}}));
  EXPECT_EQ(general.reasons, (std::vector<std::string>{"prot: 2 values seen", "flags: 1 value seen"}));
}

TEST(Generalise, SaysNothingAboutAnArgumentItDoesNotKnow) {
  CallProfile call = profile_of("read", Arch::x86_64, {{3}});
  call.slots = {0};
  EXPECT_TRUE(generalise(call).condition.is_always());
}

}  // namespace
}  // namespace cordon::learn
