#include <gtest/gtest.h>

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "cordon/doctor/probe.h"
#include "cordon/doctor/report.h"
#include "cordon/doctor/trial.h"

namespace cordon::doctor {
namespace {

TEST(Trial, TellsSuccessRefusalAndDeathApart) {
  EXPECT_EQ(try_in_child([] { return 0; }), (Trial{Presence::yes, 0}));
  EXPECT_EQ(try_in_child([] { return EPERM; }), (Trial{Presence::no, EPERM}));
  EXPECT_EQ(try_in_child([] { return kCannotTry; }), (Trial{Presence::unknown, 0}));
  EXPECT_EQ(try_in_child([]() -> int { __builtin_trap(); }), (Trial{Presence::no, 0}));
}

TEST(Probe, ReadsAFieldOfTheStatus) {
  const std::string status = "Name:\tSeccomp: 7\nCapEff:\t000001ff\nSeccomp:\t2\nSeccomp_filters:\t3\n";
  EXPECT_EQ(status_field(status, "Seccomp"), "2");
  EXPECT_EQ(status_field(status, "Seccomp_filters"), "3");
  EXPECT_EQ(status_field(status, "Name"), "Seccomp: 7");
  EXPECT_EQ(status_field(status, "NoNewPrivs"), std::nullopt);
}

TEST(Probe, FindsTheChosenWord) {
  EXPECT_EQ(chosen_word("none [integrity] confidentiality"), "integrity");
  EXPECT_EQ(chosen_word("none"), std::nullopt);
  EXPECT_EQ(chosen_word("]["), std::nullopt);
}

TEST(Probe, KnowsWhichKernelsKeepTheBitmap) {
  struct Row {
    std::optional<KernelVersion> version;
    const char* machine;
    Presence expected;
  };
  const Row rows[] = {
      {KernelVersion{5, 10}, "x86_64", Presence::no},  {KernelVersion{5, 11}, "x86_64", Presence::yes},
      {KernelVersion{6, 1}, "aarch64", Presence::yes}, {KernelVersion{6, 1}, "mips64", Presence::no},
      {KernelVersion{6, 1}, "sparc64", Presence::no},  {std::nullopt, "x86_64", Presence::unknown},
  };
  for (const Row& row : rows)
    EXPECT_EQ(has_constant_allow_bitmap(row.version, row.machine), row.expected) << row.machine;
}

TEST(Probe, LeavesNothingBehind) {
  KernelFeatures before = probe();
  KernelFeatures after = probe();
  EXPECT_EQ(after.seccomp_mode, before.seccomp_mode);
  EXPECT_EQ(after.seccomp_filters, before.seccomp_filters);
  EXPECT_EQ(after.no_new_privs, before.no_new_privs);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Probe, AgreesWithItself) {
  KernelFeatures features = probe();
  ASSERT_TRUE(features.version);
  if (features.listener.presence == Presence::yes) {
    EXPECT_EQ(features.flags.listener, Presence::yes);
    EXPECT_EQ(features.actions.notify, Presence::yes);
    EXPECT_TRUE(features.notification_sizes);
  }
  if (features.sync_wake_up.presence == Presence::yes) {
    EXPECT_GE(*features.version, (KernelVersion{6, 6}));
  }
  if (features.landlock_abi) {
    EXPECT_GE(*features.landlock_abi, 1);
    EXPECT_EQ(features.landlock_error, 0);
  }
}

TEST(Report, KeysAreUnique) {
  std::set<std::string_view> keys;
  for (const FeatureRow& row : report({})) EXPECT_TRUE(keys.insert(row.key).second) << row.key;
}

TEST(Report, EveryLackOfSomethingNeededNamesACure) {
  for (const FeatureRow& row : report({})) {
    if (!row.needed_for.empty()) {
      EXPECT_FALSE(row.cure.empty()) << row.key;
    }
  }
}

TEST(Report, NamesOnlyWhatThisVersionHas) {
  for (const FeatureRow& row : report({})) {
    for (const char* absent : {"--via", "ebpf", "lsm", "--best-effort"})
      EXPECT_EQ(row.needed_for.find(absent), std::string::npos) << row.key << ": " << row.needed_for;
  }
}

TEST(Report, TellsWhatEachLandlockOffers) {
  for (const auto& [abi, offer] : {std::pair{2, "ABI 2"},
                                   {3, "ABI 3, files"},
                                   {7, "ABI 7, files, ioctl_dev, net (TCP), scope"},
                                   {10, "ABI 10, files, ioctl_dev, resolve_unix, net (TCP), net none (UDP), scope"}}) {
    KernelFeatures features;
    features.landlock_abi = abi;
    for (const FeatureRow& row : report(features))
      if (row.key == "landlock") {
        EXPECT_EQ(row.detail, offer);
      }
  }
}

TEST(Report, TextNamesTheCureOnlyWhereSomethingIsMissing) {
  FeatureRow there{"a", "first", Presence::yes, "3 of them", "work", "buy one", true};
  FeatureRow missing{"b", "second", Presence::no, "EPERM", "work", "buy one", false};
  FeatureRow unneeded{"c", "third", Presence::no, "", "", "", false};
  EXPECT_EQ(to_text({there, missing, unneeded}),
            "first                       yes      3 of them\n"
            "second                      no       EPERM\n"
            "                            missing for: work\n"
            "                            cure: buy one\n"
            "third                       no\n");
}

TEST(Report, SaysWhyAListenerIsRefused) {
  KernelFeatures features;
  features.listener = {Presence::no, EBUSY};
  for (const FeatureRow& row : report(features)) {
    if (row.key != "notify.listener") continue;
    EXPECT_EQ(row.detail, "EBUSY");
    EXPECT_NE(row.cure.find("outside"), std::string::npos);
  }
}

TEST(Report, JsonHasTheSameRows) {
  KernelFeatures features;
  features.release = "6.1.0";
  features.machine = "x86_64";
  FeatureRow row{"a.b", "first", Presence::no, "x", "work", "cure it", true};
  std::string json = to_json(features, {row});
  for (const char* part : {"\"cordon.doctor/1\"", "\"6.1.0\"", "\"a.b\"", "\"no\"", "\"cure it\""}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << json;
  }
}

}  // namespace
}  // namespace cordon::doctor
