#include "cordon/formats/oci.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cordon/base/render.h"

namespace cordon::formats {
namespace {

ReadOptions for_x86_64() {
  ReadOptions options;
  options.arch = Arch::x86_64;
  return options;
}

// "1:3 error code: message" for each diagnostic, joined by newlines.
std::string told(const Diagnostics& found) {
  static constexpr const char* kSeverities[] = {"note", "warning", "error"};
  std::string lines;
  for (const Diagnostic& item : found) {
    if (!lines.empty()) lines += "\n";
    lines += std::to_string(item.place.line) + ":" + std::to_string(item.place.column) + " " +
             kSeverities[static_cast<size_t>(item.severity)] + " " + item.code + ": " + item.message;
  }
  return lines;
}

std::string show(const Value& value) {
  EXPECT_EQ(value.kind, Value::Kind::number);
  return std::to_string(value.number);
}

std::string show(const Condition& condition) {
  static constexpr const char* kOps[] = {"==", "!=", "<", "<=", ">", ">=", "in"};
  if (condition.kind == Condition::Kind::all) {
    std::string text;
    for (const Condition& part : condition.operands) text += (text.empty() ? "" : " && ") + show(part);
    return text;
  }
  if (condition.is_always()) return "";
  const ArgTest& test = condition.test;
  EXPECT_TRUE(test.operand.raw);
  std::string text = "a" + std::to_string(test.operand.slot);
  if (!test.mask.empty()) text += "&" + show(test.mask[0]);
  return text + kOps[static_cast<size_t>(test.op)] + show(test.values[0].low);
}

// "socket[a0==1] allow; …"
std::string show(const std::vector<Rule>& rules) {
  std::string text;
  for (const Rule& rule : rules) {
    if (!text.empty()) text += "; ";
    if (rule.target.kind == Target::Kind::numbers)
      text += std::to_string(rule.target.first) + ".." + std::to_string(rule.target.last) + "@" +
              std::string(abi::name(*rule.target.arch));
    else
      text += rule.target.name;
    if (std::string condition = show(rule.condition); !condition.empty()) text += "[" + condition + "]";
    text += " " + std::string(policy::keyword(rule.action.kind));
    if (rule.action.data != 0) text += " " + std::to_string(rule.action.data);
  }
  return text;
}

std::string profile(const std::string& entries, const std::string& top = "\"defaultAction\": \"SCMP_ACT_KILL\"") {
  return "{" + top + ", \"syscalls\": [" + entries + "]}";
}

std::string entry(const std::string& names, const std::string& action, const std::string& more = "") {
  return "{\"names\": [" + names + "], \"action\": \"SCMP_ACT_" + action + "\"" + (more.empty() ? "" : ", " + more) +
         "}";
}

std::string arg(int index, const std::string& op, const std::string& value, const std::string& two = "0") {
  return "{\"index\": " + std::to_string(index) + ", \"value\": " + value + ", \"valueTwo\": " + two +
         ", \"op\": \"SCMP_CMP_" + op + "\"}";
}

std::string args(const std::string& list) { return "\"args\": [" + list + "]"; }

std::string codes(const Diagnostics& found) {
  std::string text;
  for (const Diagnostic& item : found) text += (text.empty() ? "" : " ") + item.code;
  return text;
}

constexpr std::string_view kBroken = R"({
    "defaultAction": "SCMP_ACT_ALLOW",
    "architectures": [
        "SCMP_ARCH_X86_64",
        "SCMP_ARCH_X86",
        "SCMP_ARCH_X32"
    ],
    "syscalls": [
        {
            "name": "mkdir",
            "action": "SCMP_ACT_ERRNO",
            "args": []
        }
        {
            "name": "chmod",
            "action": "SCMP_ACT_ERRNO",
            "args": []
        },
        {
            "name": "chown",
            "action": "SCMP_ACT_ERRNO",
            "args": []
        },
    ]
})";

TEST(Oci, ReportsBothFaultsOfABrokenProfileInOneRun) {
  Result<Policy> policy = read_oci(kBroken, "default.json", for_x86_64());
  ASSERT_FALSE(policy);
  EXPECT_EQ(told(policy.error()),
            "13:10 error json-syntax: expected ',' between array elements\n"
            "23:10 error json-syntax: trailing comma before ']'");
  EXPECT_EQ(policy.error().begin()->hint, "add a comma here");
  EXPECT_EQ(policy.error().begin()->place.file, "default.json");
}

TEST(Oci, ReadsABrokenProfileLenientlyWithItsOldKey) {
  ReadOptions options = for_x86_64();
  options.lenient = true;
  Result<Policy> policy = read_oci(kBroken, "default.json", options);
  ASSERT_TRUE(policy);
  EXPECT_EQ(show(policy->rules), "mkdir errno 1; chmod errno 1; chown errno 1");
  EXPECT_EQ(policy->arches, (std::vector<Arch>{Arch::x86_64, Arch::i386, Arch::x32}));
  EXPECT_EQ(codes(policy.warnings()), "json-syntax json-syntax old-key old-key old-key");
}

TEST(Oci, ReportsWrongWordsBesideACertainSyntaxFault) {
  Result<Policy> policy = read_oci("{\"defaultAction\": \"SCMP_ACT_ALOW\",}", "f", for_x86_64());
  ASSERT_FALSE(policy);
  EXPECT_EQ(codes(policy.error()), "json-syntax unknown-action");
}

struct MeaningRow {
  const char* name;
  std::string entries;
  const char* rules;
  const char* codes;
};

TEST(Oci, GivesEntriesTheMeaningOfLibseccomp) {
  const MeaningRow rows[] = {
      {"names of an entry", entry("\"read\", \"write\"", "ALLOW"), "read allow; write allow", ""},
      {"the first of two unconditional rules counts", entry("\"read\"", "ALLOW") + "," + entry("\"read\"", "ERRNO"),
       "read allow", "dropped-rule"},
      {"an unconditional repeat is silent", entry("\"read\"", "ALLOW") + "," + entry("\"read\"", "ALLOW"), "read allow",
       ""},
      {"a condition before an unconditional rule",
       entry("\"read\"", "ERRNO", args(arg(0, "EQ", "1"))) + "," + entry("\"read\"", "ALLOW"), "read allow",
       "dropped-rule"},
      {"a condition after an unconditional rule",
       entry("\"read\"", "ALLOW") + "," + entry("\"read\"", "ERRNO", args(arg(0, "EQ", "1"))), "read allow",
       "dropped-rule"},
      {"conditions of an entry are joined by and",
       entry("\"socket\"", "ALLOW", args(arg(0, "EQ", "1") + "," + arg(1, "NE", "2"))), "socket[a0==1 && a1!=2] allow",
       ""},
      {"an argument tested twice splits the entry",
       entry("\"mkdir\"", "ERRNO", args(arg(1, "GT", "1") + "," + arg(1, "LT", "5"))),
       "mkdir[a1>1] errno 1; mkdir[a1<5] errno 1", "or-of-conditions"},
      {"all conditions of a split entry are split",
       entry("\"mkdir\"", "ERRNO", args(arg(0, "EQ", "7") + "," + arg(1, "GE", "1") + "," + arg(1, "LE", "5"))),
       "mkdir[a0==7] errno 1; mkdir[a1>=1] errno 1; mkdir[a1<=5] errno 1", "or-of-conditions"},
      {"the mask is value, the datum valueTwo", entry("\"clone\"", "ALLOW", args(arg(0, "MASKED_EQ", "12", "7"))),
       "clone[a0&12==4] allow", ""},
      {"the largest datum of > first",
       entry("\"read\"", "ALLOW", args(arg(0, "GT", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "GE", "9"))),
       "read[a0>=9] errno 1; read[a0>5] allow", "overlapping-conditions"},
      {"the smallest datum of < first",
       entry("\"read\"", "ALLOW", args(arg(0, "LE", "9"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "LT", "5"))),
       "read[a0<5] errno 1; read[a0<=9] allow", "overlapping-conditions"},
      {"> before >= of the same datum",
       entry("\"read\"", "ALLOW", args(arg(0, "GE", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "GT", "5"))),
       "read[a0>5] errno 1; read[a0>=5] allow", "overlapping-conditions"},
      {"equality before others",
       entry("\"read\"", "ALLOW", args(arg(0, "NE", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "EQ", "7"))),
       "read[a0==7] errno 1; read[a0!=5] allow", "overlapping-conditions"},
      {"different arguments keep the order of the file",
       entry("\"read\"", "ALLOW", args(arg(2, "GT", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "EQ", "7"))),
       "read[a2>5] allow; read[a0==7] errno 1", "overlapping-conditions"},
      {"conditions that exclude each other do not warn",
       entry("\"read\"", "ALLOW", args(arg(0, "LT", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "GE", "5"))),
       "read[a0<5] allow; read[a0>=5] errno 1", ""},
      {"masks that exclude each other do not warn",
       entry("\"read\"", "ALLOW", args(arg(0, "MASKED_EQ", "3", "1"))) + "," +
           entry("\"read\"", "ERRNO", args(arg(0, "MASKED_EQ", "3", "2"))),
       "read[a0&3==1] allow; read[a0&3==2] errno 1", ""},
      {"overlaps of one action do not warn",
       entry("\"read\"", "ALLOW", args(arg(0, "LT", "5"))) + "," + entry("\"read\"", "ALLOW", args(arg(0, "LT", "9"))),
       "read[a0<5] allow; read[a0<9] allow", ""},
      {"of equal conditions the first counts",
       entry("\"read\"", "ALLOW", args(arg(0, "EQ", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "EQ", "5"))),
       "read[a0==5] allow", "dropped-rule"},
      {"order of the tests does not make conditions different",
       entry("\"read\"", "ALLOW", args(arg(0, "EQ", "5") + "," + arg(1, "EQ", "6"))) + "," +
           entry("\"read\"", "ALLOW", args(arg(1, "EQ", "6") + "," + arg(0, "EQ", "5"))),
       "read[a0==5 && a1==6] allow", ""},
      {"the default action makes no rule", entry("\"read\"", "KILL_THREAD"), "", "default-rule"},
      {"the default action drops its conditions before others are judged",
       entry("\"read\"", "KILL", args(arg(0, "EQ", "1"))) + "," + entry("\"read\"", "ALLOW"), "read allow",
       "default-rule"},
      {"no names, no rule", entry("", "ALLOW"), "", "no-names"},
      {"every action",
       entry("\"a\"", "KILL_PROCESS") + "," + entry("\"b\"", "TRAP") + "," + entry("\"c\"", "TRACE") + "," +
           entry("\"d\"", "LOG") + "," + entry("\"e\"", "NOTIFY") + "," +
           entry("\"f\"", "ERRNO", "\"errnoRet\": 4095") + "," + entry("\"g\"", "TRACE", "\"errnoRet\": 65535") + "," +
           entry("\"h\"", "ERRNO", "\"errnoRet\": 0"),
       "a kill_process; b trap; c trace 1; d log; e notify; f errno 4095; g trace 65535; h errno", ""},
      {"errno by name wins", entry("\"read\"", "ERRNO", "\"errnoRet\": 1, \"errno\": \"ENOSYS\""), "read errno 38", ""},
      {"errno on an action without one", entry("\"read\"", "ALLOW", "\"errnoRet\": 1"), "read allow", "errno-unused"},
      {"keys without regard to case", "{\"NAMES\": [\"read\"], \"Action\": \"SCMP_ACT_ALLOW\"}", "read allow",
       "key-case key-case"},
      {"the last of repeated keys",
       "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_KILL\", \"Action\": \"SCMP_ACT_ALLOW\"}", "read allow",
       "key-case duplicate-key"},
      {"letters that are an s or a k to Go", "{\"name\u017f\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}",
       "read allow", "key-case"},
      {"unknown key near a known one", entry("\"read\"", "ALLOW", "\"arg\": []"), "read allow", "unknown-key"},
      {"null counts as absent", entry("\"read\"", "ALLOW", "\"args\": null, \"comment\": null, \"includes\": null"),
       "read allow", ""},
      {"largest datum", entry("\"read\"", "ALLOW", args(arg(5, "EQ", "18446744073709551615"))),
       "read[a5==18446744073709551615] allow", ""},
      {"valueTwo where it counts for nothing", entry("\"read\"", "ALLOW", args(arg(0, "EQ", "1", "2"))),
       "read[a0==1] allow", "value-two-unused"},
      {"notify of write", entry("\"write\"", "NOTIFY"), "write notify", "notify-hangs"},
  };
  for (const MeaningRow& row : rows) {
    Result<Policy> policy = read_oci(profile(row.entries), "f", for_x86_64());
    ASSERT_TRUE(policy) << row.name << "\n" << told(policy.error());
    EXPECT_EQ(show(policy->rules), row.rules) << row.name;
    EXPECT_EQ(codes(policy.warnings()), row.codes) << row.name;
    EXPECT_EQ(policy->bad_arch.action, (Action{ActionKind::kill_thread, 0})) << row.name;
    EXPECT_EQ(policy->format, PolicyFormat::oci);
  }
}

TEST(Oci, KnowsThatDifferentValuesOfOneArgumentCannotMeet) {
  std::string lookup;
  for (int i = 0; i < 100; ++i)
    lookup +=
        (i == 0 ? "" : ",") + entry("\"ioctl\"", i % 2 == 0 ? "ALLOW" : "LOG", args(arg(1, "EQ", std::to_string(i))));
  EXPECT_EQ(codes(read_oci(profile(lookup), "f", for_x86_64()).diagnostics()), "");
  lookup += "," + entry("\"ioctl\"", "LOG", args(arg(2, "EQ", "0")));
  EXPECT_EQ(codes(read_oci(profile(lookup), "f", for_x86_64()).diagnostics()), "overlapping-conditions");
}

TEST(Oci, PointsAtBothPlacesOfADroppedRule) {
  Result<Policy> policy =
      read_oci(profile(entry("\"read\"", "ALLOW") + "," + entry("\"read\"", "ERRNO")), "f", for_x86_64());
  ASSERT_TRUE(policy);
  const Diagnostic& dropped = *policy.warnings().begin();
  EXPECT_EQ(dropped.place.column, 109u);
  ASSERT_EQ(dropped.notes.size(), 1u);
  EXPECT_EQ(dropped.notes[0].place.column, 61u);
}

struct ErrorRow {
  const char* name;
  std::string text;
  const char* expected;
};

TEST(Oci, RefusesWhatIsWrongAtItsPlace) {
  const ErrorRow rows[] = {
      {"no object", "[]", "1:1 error oci-profile: a profile must be a JSON object, not an array"},
      {"empty file", "", "1:1 error json-syntax: the file holds no JSON value"},
      {"another object", "{}", "1:1 error oci-profile: no 'defaultAction': this object is not a seccomp profile"},
      {"unknown default", "{\"defaultAction\": \"SCMP_ACT_ALOW\"}",
       "1:20 error unknown-action: unknown action 'SCMP_ACT_ALOW'"},
      {"type of the default", "{\"defaultAction\": 1}",
       "1:19 error json-type: 'defaultAction' must be a string, not a number"},
      {"type of syscalls", "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": {}}",
       "1:48 error json-type: 'syscalls' must be an array, not an object"},
      {"type of an entry", profile("1"),
       "1:49 error json-type: an element of 'syscalls' must be an object, not a number"},
      {"name and names", profile("{\"name\": \"a\", \"names\": [\"b\"], \"action\": \"SCMP_ACT_ALLOW\"}"),
       "1:50 error oci-profile: 'name' and 'names' exclude each other"},
      {"no names", profile("{\"action\": \"SCMP_ACT_ALLOW\"}"),
       "1:49 error oci-profile: a syscalls entry needs 'names'"},
      {"no action", profile("{\"names\": [\"a\"]}"), "1:49 error oci-profile: a syscalls entry needs an 'action'"},
      {"empty name", profile(entry("\"\"", "ALLOW")), "1:60 error unknown-syscall: an empty system call name"},
      {"argument 6", profile(entry("\"a\"", "ALLOW", args(arg(6, "EQ", "1")))),
       "1:113 error unknown-argument: there is no argument 6: a system call has arguments 0 to 5"},
      {"negative value", profile(entry("\"a\"", "ALLOW", args(arg(0, "EQ", "-1")))),
       "1:125 error json-number: 'value' cannot be negative: -1"},
      {"fraction", profile(entry("\"a\"", "ALLOW", args(arg(0, "EQ", "1.5")))),
       "1:125 error json-number: 'value' must be a whole number without an exponent, not 1.5"},
      {"exponent", profile(entry("\"a\"", "ALLOW", args(arg(0, "EQ", "1e3")))),
       "1:125 error json-number: 'value' must be a whole number without an exponent, not 1e3"},
      {"too large", profile(entry("\"a\"", "ALLOW", args(arg(0, "EQ", "18446744073709551616")))),
       "1:125 error json-number: 'value' is out of range: 18446744073709551616, at most 18446744073709551615"},
      {"unknown op", profile(entry("\"a\"", "ALLOW", args(arg(0, "EQUAL", "1")))),
       "1:150 error unknown-op: unknown comparison 'SCMP_CMP_EQUAL'"},
      {"errno out of range", profile(entry("\"a\"", "ERRNO", "\"errnoRet\": 4096")),
       "1:106 error json-number: 'errnoRet' is out of range: 4096, at most 4095"},
      {"trace data out of range", profile(entry("\"a\"", "TRACE", "\"errnoRet\": 65536")),
       "1:106 error json-number: 'errnoRet' is out of range: 65536, at most 65535"},
      {"unknown errno", profile(entry("\"a\"", "ERRNO", "\"errno\": \"EPERMM\"")),
       "1:104 error unknown-errno: unknown errno 'EPERMM'"},
      {"unknown arch", profile("", "\"defaultAction\": \"SCMP_ACT_KILL\", \"architectures\": [\"x86_64\"]"),
       "1:55 error unknown-arch: unknown architecture 'x86_64'"},
      {"unknown flag", profile("", "\"defaultAction\": \"SCMP_ACT_KILL\", \"flags\": [\"LOG\"]"),
       "1:47 error unknown-flag: unknown flag 'LOG'"},
      {"architectures and archMap",
       profile("",
               "\"defaultAction\": \"SCMP_ACT_KILL\", \"architectures\": [\"SCMP_ARCH_ARM\"], \"archMap\": "
               "[{\"architecture\": \"SCMP_ARCH_ARM\"}]"),
       "1:72 error oci-profile: 'architectures' and 'archMap' exclude each other"},
      {"a list twice", profile("{\"names\": [\"read\"], \"names\": [\"write\"], \"action\": \"SCMP_ACT_ALLOW\"}"),
       "1:69 error duplicate-key: key 'names' occurs twice, and readers disagree on what then counts"},
      {"an object twice",
       profile(entry("\"read\"", "ALLOW", "\"includes\": {\"caps\": [\"CAP_BPF\"]}, \"INCLUDES\": {}")),
       "1:132 note key-case: key 'INCLUDES' is read as 'includes' by Docker, Podman and runc, and ignored by crun\n"
       "1:132 error duplicate-key: key 'includes' occurs twice, and readers disagree on what then counts"},
      {"a value and null", profile("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"action\": null}"),
       "1:97 error duplicate-key: key 'action' occurs twice, and readers disagree on what then counts\n"
       "1:49 error oci-profile: a syscalls entry needs an 'action'"},
      {"a repeated key of a config", "{\"linux\": {}, \"linux\": {\"seccomp\": null}}",
       "1:15 error duplicate-key: key 'linux' occurs twice, and readers disagree on what then counts\n"
       "1:15 error no-filter: this OCI configuration has no linux.seccomp: its container runs without a filter"},
      {"config without a filter", "{\"ociVersion\": \"1.0\", \"linux\": {}}",
       "1:23 error no-filter: this OCI configuration has no linux.seccomp: its container runs without a filter"},
  };
  for (const ErrorRow& row : rows) {
    Result<Policy> policy = read_oci(row.text, "f", for_x86_64());
    ASSERT_FALSE(policy) << row.name;
    EXPECT_EQ(told(policy.error()), row.expected) << row.name;
  }
}

TEST(Oci, RefusesEveryOtherFormOfMinKernel) {
  for (const char* text :
       {"", "4", "4.", ".8", "4.8.1", "4.256", "256.1", "0.0", " 4.8", "4.8 ", "v4.8", "+4.8", "-4.8"}) {
    std::string written =
        profile(entry("\"a\"", "ALLOW", "\"includes\": {\"minKernel\": \"" + std::string(text) + "\"}"));
    Result<Policy> policy = read_oci(written, "f", for_x86_64());
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(codes(policy.error()), "bad-kernel-version") << text;
  }
}

struct FilterRow {
  const char* name;
  const char* filter;
  std::vector<std::string> caps;
  std::optional<KernelVersion> kernel;
  Arch arch;
  bool is_kept;
};

TEST(Oci, JudgesIncludesAndExcludesForTheMachine) {
  const FilterRow rows[] = {
      {"host included", "\"includes\": {\"arches\": [\"amd64\"]}", {}, {}, Arch::x86_64, true},
      {"x32 is never a host", "\"includes\": {\"arches\": [\"x32\"]}", {}, {}, Arch::x86_64, false},
      {"i386 is x86", "\"includes\": {\"arches\": [\"x86\"]}", {}, {}, Arch::i386, true},
      {"host excluded", "\"excludes\": {\"arches\": [\"arm64\", \"s390x\"]}", {}, {}, Arch::arm64, false},
      {"another excluded", "\"excludes\": {\"arches\": [\"s390x\"]}", {}, {}, Arch::arm64, true},
      {"all capabilities held",
       "\"includes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}",
       {"CAP_BPF", "chown"},
       {},
       Arch::x86_64,
       true},
      {"one capability not held",
       "\"includes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}",
       {"CAP_BPF"},
       {},
       Arch::x86_64,
       false},
      {"any capability excludes",
       "\"excludes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}",
       {"CAP_CHOWN"},
       {},
       Arch::x86_64,
       false},
      {"excludes come first",
       "\"includes\": {\"caps\": [\"CAP_BPF\"]}, \"excludes\": {\"caps\": [\"CAP_BPF\"]}",
       {"CAP_BPF"},
       {},
       Arch::x86_64,
       false},
      {"kernel old enough", "\"includes\": {\"minKernel\": \"4.8\"}", {}, KernelVersion{4, 8}, Arch::x86_64, true},
      {"kernel too old", "\"includes\": {\"minKernel\": \"4.8\"}", {}, KernelVersion{4, 7}, Arch::x86_64, false},
      {"kernel unknown is the newest", "\"includes\": {\"minKernel\": \"99.0\"}", {}, {}, Arch::x86_64, true},
      {"kernel excluded", "\"excludes\": {\"minKernel\": \"4.8\"}", {}, KernelVersion{6, 1}, Arch::x86_64, false},
      {"older kernel not excluded",
       "\"excludes\": {\"minKernel\": \"4.8\"}",
       {},
       KernelVersion{4, 4},
       Arch::x86_64,
       true},
      {"empty filters hold", "\"includes\": {}, \"excludes\": {}", {}, {}, Arch::x86_64, true},
  };
  for (const FilterRow& row : rows) {
    ReadOptions options;
    options.arch = row.arch;
    options.capabilities = row.caps;
    options.kernel = row.kernel;
    Result<Policy> policy = read_oci(profile(entry("\"read\"", "ALLOW", row.filter)), "f", options);
    ASSERT_TRUE(policy) << row.name << told(policy.error());
    EXPECT_EQ(policy->rules.size(), row.is_kept ? 1u : 0u) << row.name;
  }
}

TEST(Oci, TakesDockersDefaultCapabilitiesWhereNoneAreGiven) {
  auto rules = [](const char* capability) {
    std::string more = "\"includes\": {\"caps\": [\"" + std::string(capability) + "\"]}";
    return read_oci(profile(entry("\"read\"", "ALLOW", more)), "f", for_x86_64())->rules.size();
  };
  EXPECT_EQ(rules("CAP_SYS_CHROOT"), 1u);
  EXPECT_EQ(rules("CAP_SYS_ADMIN"), 0u);
}

TEST(Oci, TakesSubArchitecturesOnRequestOnly) {
  std::string text = profile("",
                             "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"archMap\": [{\"architecture\": "
                             "\"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}, "
                             "{\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": null}]");
  ReadOptions options = for_x86_64();
  Result<Policy> alone = read_oci(text, "f", options);
  EXPECT_EQ(alone->arches, (std::vector<Arch>{Arch::x86_64}));
  EXPECT_EQ(codes(alone.warnings()), "sub-arches");
  options.sub_arches = true;
  EXPECT_EQ(read_oci(text, "f", options)->arches, (std::vector<Arch>{Arch::x86_64, Arch::i386, Arch::x32}));
  options.arch = Arch::riscv64;
  EXPECT_EQ(read_oci(text, "f", options)->arches, (std::vector<Arch>{Arch::riscv64}));
}

TEST(Oci, AlwaysFiltersTheNativeAbi) {
  std::string text = profile("", "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"]");
  EXPECT_EQ(read_oci(text, "f", for_x86_64())->arches, (std::vector<Arch>{Arch::x86_64, Arch::i386}));
}

TEST(Oci, ReadsFlagsAndDefaults) {
  std::string top =
      "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1, \"defaultErrno\": \"ENOSYS\", \"flags\": "
      "[\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_LOG\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\", "
      "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"], \"listenerPath\": \"/run/x\"";
  Result<Policy> policy = read_oci(profile("", top), "f", for_x86_64());
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(policy->filter_flags, 0x26u);
  EXPECT_EQ(policy->default_action.action, (Action{ActionKind::errno_, 38}));
  EXPECT_EQ(codes(policy.warnings()), "listener-path");
}

TEST(Oci, FindsTheProfileInsideAConfig) {
  std::string inner = profile(entry("\"read\"", "ALLOW", "\"excludes\": {\"caps\": [\"CAP_CHOWN\"]}"));
  Result<Policy> policy =
      read_oci("{\"ociVersion\": \"1.0\", \"linux\": {\"seccomp\": " + inner + "}}", "f", for_x86_64());
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(show(policy->rules), "read allow");
  EXPECT_EQ(codes(policy.warnings()), "docker-key");
}

TEST(Oci, FindsTheProfileInsideAConfigWithoutRegardToCase) {
  std::string text = "{\"Linux\": {\"SECCOMP\": " + profile(entry("\"read\"", "ALLOW")) + "}, \"mounts\": []}";
  Result<Policy> policy = read_oci(text, "f", for_x86_64());
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(show(policy->rules), "read allow");
  EXPECT_EQ(codes(policy.warnings()), "key-case key-case");
}

TEST(Oci, TurnsAnEmptyDefaultActionIntoNoFilterWithAWarning) {
  Result<Policy> policy = read_oci("{\"defaultAction\": \"\"}", "f", for_x86_64());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->default_action.action.kind, ActionKind::allow);
  EXPECT_EQ(policy->bad_arch.action.kind, ActionKind::allow);
  EXPECT_EQ(codes(policy.warnings()), "no-filter");
}

TEST(Oci, LeavesUnknownNamesToBeResolvedUnlessLikeRunc) {
  std::string text = profile(entry("\"read\", \"no_such_call\"", "ALLOW"));
  ReadOptions options = for_x86_64();
  EXPECT_EQ(show(read_oci(text, "f", options)->rules), "read allow; no_such_call allow");
  options.like_runc = true;
  Result<Policy> policy = read_oci(text, "f", options);
  EXPECT_EQ(show(policy->rules), "read allow");  // the highest number is 0: runc adds no stub
  EXPECT_EQ(codes(policy.warnings()), "unknown-syscall");
  EXPECT_TRUE(policy->allow_unsafe_multiplexed);
}

TEST(Oci, AddsTheStubOfRuncOnRequest) {
  ReadOptions options = for_x86_64();
  options.like_runc = true;
  auto rules = [&](const std::string& default_action, const std::string& arches) {
    std::string top = "\"defaultAction\": \"SCMP_ACT_" + default_action + "\", \"architectures\": [" + arches + "]";
    return show(read_oci(profile(entry("\"openat2\"", "LOG"), top), "f", options)->rules);
  };
  EXPECT_EQ(rules("ERRNO", ""), "438..4294967295@x86_64 errno 38; openat2 log");
  EXPECT_EQ(rules("KILL", "\"SCMP_ARCH_X32\""),
            "438..1073741823@x86_64 errno 38; 1073742262..4294967295@x32 errno 38; openat2 log");
  EXPECT_EQ(rules("ALLOW", ""), "openat2 log");
  EXPECT_EQ(rules("TRACE", ""), "openat2 log");
  EXPECT_EQ(rules("ERRNO", "\"SCMP_ARCH_S390X\""),
            "438..4294967295@x86_64 errno 38; 0..0@s390x errno 38; 438..4294967295@s390x errno 38; openat2 log");
}

TEST(Oci, RefusesProfilesThatMultiplyIntoTooManyRules) {
  std::string names, tests;
  for (int i = 0; i < 500; ++i) {
    names += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + "\"";
    tests += (i == 0 ? "" : ",") + arg(0, "EQ", std::to_string(i));
  }
  Result<Policy> policy = read_oci(profile(entry(names, "ALLOW", args(tests))), "f", for_x86_64());
  ASSERT_FALSE(policy);
  EXPECT_EQ(codes(policy.error()), "or-of-conditions too-many-rules");
}

TEST(Oci, ReadsPodmansDefaultProfile) {
  static constexpr const char* kPath = "/usr/share/containers/seccomp.json";
  std::ifstream file(kPath);
  if (!file) GTEST_SKIP() << kPath << " is not here: install golang-github-containers-common";
  std::stringstream text;
  text << file.rdbuf();
  Result<Policy> policy = read_oci(text.str(), kPath, for_x86_64());
  ASSERT_TRUE(policy) << render(policy.error(), {});
  EXPECT_EQ(policy->default_action.action, (Action{ActionKind::errno_, 38}));
  // The profile answers setns with EPERM and allows it: libseccomp keeps what comes first.
  for (const Diagnostic& item : policy.warnings())
    EXPECT_TRUE(item.severity == Severity::note || item.code == "dropped-rule") << item.message;
  EXPECT_GT(policy->rules.size(), 300u);
}

}  // namespace
}  // namespace cordon::formats
