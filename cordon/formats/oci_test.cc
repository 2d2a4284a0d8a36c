// What the entries of a Docker profile mean, and which are refused.
#include <gtest/gtest.h>

#include "cordon/formats/oci_testing.h"

namespace cordon::formats {

using namespace testing;  // NOLINT: builders only

namespace {

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
      {"> and >= of the same datum in the order of the file",
       entry("\"read\"", "ALLOW", args(arg(0, "GE", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "GT", "5"))),
       "read[a0>=5] allow; read[a0>5] errno 1", "overlapping-conditions"},
      {"equality before comparisons",
       entry("\"read\"", "ALLOW", args(arg(0, "LT", "9"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "EQ", "7"))),
       "read[a0==7] errno 1; read[a0<9] allow", "overlapping-conditions"},
      {"== and != by falling datum",
       entry("\"read\"", "ALLOW", args(arg(0, "EQ", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "NE", "7"))),
       "read[a0!=7] errno 1; read[a0==5] allow", "overlapping-conditions"},
      {"< before >",
       entry("\"read\"", "ALLOW", args(arg(0, "GT", "5"))) + "," + entry("\"read\"", "ERRNO", args(arg(0, "LT", "9"))),
       "read[a0<9] errno 1; read[a0>5] allow", "overlapping-conditions"},
      {"> at the place of the <= of its datum",
       entry("\"read\"", "ALLOW", args(arg(0, "LE", "2"))) + "," + entry("\"read\"", "ALLOW", args(arg(0, "LE", "4"))) +
           "," + entry("\"read\"", "ERRNO", args(arg(0, "GT", "2"))),
       "read[a0<=2] allow; read[a0>2] errno 1; read[a0<=4] allow", "overlapping-conditions"},
      {"masks as the first of them and of == was added",
       entry("\"read\"", "ALLOW", args(arg(0, "MASKED_EQ", "1", "1"))) + "," +
           entry("\"read\"", "ERRNO", args(arg(0, "EQ", "7"))),
       "read[a0&1==1] allow; read[a0==7] errno 1", "overlapping-conditions"},
      {"the last argument first",
       entry("\"read\"", "ERRNO", args(arg(0, "EQ", "7"))) + "," + entry("\"read\"", "ALLOW", args(arg(2, "GT", "5"))),
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
       "read[a0==5] allow", "refused-rule"},
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

TEST(Oci, WarnsOfAnUnknownKeyOnlyNearAKnownOne) {
  Result<Policy> policy =
      read_oci(profile(entry("\"read\"", "ALLOW", "\"arg\": [], \"colour\": 1")), "f", for_x86_64());
  ASSERT_TRUE(policy);
  EXPECT_EQ(told(policy.warnings()),
            "1:97 warning unknown-key: unknown key 'arg' in a syscalls entry is ignored\n"
            "1:108 note unknown-key: unknown key 'colour' in a syscalls entry is ignored");
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

}  // namespace
}  // namespace cordon::formats
