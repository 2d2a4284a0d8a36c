// What a command can reach under the lines about files, net and scope, and what it is told where it cannot even start.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "cordon/formats/read.h"
#include "cordon/sandbox/exec_grants.h"
#include "cordon/sandbox/landlock.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

constexpr int kNewestAbi = 6;  // what the rows below need

std::string reach() { return CORDON_VICTIM_DIR "/sandbox_reach"; }

// A directory with a file, an empty directory and a link to the file.
class Room {
 public:
  Room() {
    char name[] = "/tmp/cordon-landlock-XXXXXX";
    path_ = mkdtemp(name);
    std::ofstream(path_ + "/file") << "text";
    std::filesystem::create_directory(path_ + "/inner");
    std::filesystem::create_symlink(path_ + "/file", path_ + "/link");
    std::filesystem::create_directory(path_ + "/other");
    std::ofstream(path_ + "/other/file") << "text";
  }
  ~Room() { std::filesystem::remove_all(path_); }

  // Every '@' in a text is this directory.
  std::string in(std::string text) const {
    for (size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + path_.size()))
      text.replace(at, 1, path_);
    return text;
  }

 private:
  std::string path_;
};

Result<Confinement> confinement_of(const std::vector<std::string>& policies) {
  std::vector<std::vector<PlacedLine>> sources;
  for (const std::string& text : policies) {
    CORDON_TRY(read, formats::read_text(text, "p.cordon", formats::SourceFormat::cordon, {}));
    sources.push_back(policy::placed_lines(std::get<Policy>(read.content)));
  }
  return policy::confine(sources);
}

// Code and place of the first error; empty if there is none.
std::string ruleset_problem(const std::string& policy) {
  auto confinement = confinement_of({policy});
  if (!confinement) return "unreadable";
  auto rulesets = sandbox::make_rulesets(*confinement, {});
  if (rulesets) return "";
  const Diagnostic& problem = *rulesets.error().begin();
  return problem.code + " at " + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) +
         ": " + problem.message;
}

struct ReachRow {
  const char* name;
  std::vector<std::string> policies;  // '@' is the room; reach itself is granted by each
  std::vector<std::string> ways;
  std::string output;
};

void PrintTo(const ReachRow& row, std::ostream* out) { *out << row.name; }

class Reach : public ::testing::TestWithParam<ReachRow> {};

Seen run_reaching(const ReachRow& row, const Room& room, StartPoint start) {
  std::vector<std::string> policies;
  for (const std::string& text : row.policies) {
    const bool has_files = text.find("files") != std::string::npos;
    policies.push_back(room.in(text) + (has_files ? "\nfiles exec " + reach() : ""));
  }
  auto confinement = confinement_of(policies);
  EXPECT_TRUE(confinement);
  auto rulesets = sandbox::make_rulesets(*confinement, {});
  EXPECT_TRUE(rulesets);
  if (!rulesets) return {};
  std::vector<std::string> argv{reach()};
  for (const std::string& way : row.ways) argv.push_back(room.in(way));
  LaunchSpec spec = spec_for(argv, kDenied, kErrno | 13);
  for (const Fd& ruleset : *rulesets) spec.rulesets.push_back(ruleset.get());
  spec.start = start;
  return run(spec);
}

TEST_P(Reach, IsWhatTheLinesGrant) {
  if (sandbox::landlock_abi() < kNewestAbi) GTEST_SKIP() << "this kernel has no Landlock of ABI " << kNewestAbi;
  for (StartPoint start : {StartPoint::before_exec, StartPoint::exec}) {
    const Room room;
    const Seen seen = run_reaching(GetParam(), room, start);
    EXPECT_EQ(seen.failure, "");
    EXPECT_EQ(seen.output, GetParam().output) << "start " << static_cast<int>(start);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Landlock, Reach,
    ::testing::Values(
        ReachRow{"a_file_and_no_other",
                 {"files read /etc/passwd"},
                 {"read", "/etc/passwd", "read", "/etc/shadow", "write", "/etc/passwd", "list", "/etc"},
                 "ok\nerrno 13\nerrno 13\nerrno 13\n"},
        ReachRow{
            "reading_a_directory",
            {"files read @"},
            {"list", "@", "read", "@/file", "write", "@/file", "make", "@/new", "remove", "@/file", "empty", "@/file"},
            "ok\nok\nerrno 13\nerrno 13\nerrno 13\nerrno 13\n"},
        ReachRow{
            "a_link_grants_what_it_leads_to", {"files read @/link"}, {"read", "@/file", "list", "@"}, "ok\nerrno 13\n"},
        ReachRow{"writing",
                 {"files write @"},
                 {"write", "@/file", "make", "@/new", "empty", "@/file", "mkdir", "@/d", "remove", "@/file", "exec",
                  "@/new", "node", "@/null"},
                 "ok\nok\nok\nok\nok\nerrno 13\nerrno 13\n"},
        ReachRow{"making_entries_only",
                 {"files create @/inner"},
                 {"mkdir", "@/inner/d", "read", "@/file", "list", "@/inner", "mkdir", "@/d"},
                 "ok\nerrno 13\nerrno 13\nerrno 13\n"},
        ReachRow{"single_rights",
                 {
                     "files read_file @",
                 },
                 {"read", "@/file", "list", "@", "write", "@/file"},
                 "ok\nerrno 13\nerrno 13\n"},
        ReachRow{"devices_take_no_commands_from_readers",
                 {"files read /dev/zero"},
                 {"read", "/dev/zero", "device", "/dev/zero"},
                 "ok\nerrno 13\n"},
        ReachRow{"devices_take_commands_by_a_right_of_their_own",
                 {"files read /dev/zero ioctl_dev /dev/zero"},
                 {"device", "/dev/zero"},
                 "errno 25\n"},
        ReachRow{"two_policies_grant_what_both_do",
                 {"files write @", "files read @/inner @/file"},
                 {"read", "@/file", "write", "@/file", "read", "@/other/file", "list", "@/inner"},
                 "ok\nerrno 13\nerrno 13\nok\n"},
        ReachRow{"files_of_one_policy_and_ports_of_another",
                 {"files read @", "net bind 45555"},
                 {"read", "@/file", "bind", "45555", "bind", "45556"},
                 "ok\nok\nerrno 13\n"},
        ReachRow{"binding_leaves_connecting", {"net bind 45555"}, {"bind", "45555", "connect", "1"}, "ok\nerrno 111\n"},
        ReachRow{"connecting_leaves_binding",
                 {"net connect 1"},
                 {"connect", "1", "connect", "2", "bind", "45557"},
                 "errno 111\nerrno 13\nok\n"},
        ReachRow{"no_net", {"net none"}, {"bind", "45558", "connect", "1"}, "errno 13\nerrno 13\n"},
        ReachRow{"no_signals_to_others", {"scope signal"}, {"signal", std::to_string(getpid())}, "errno 1\n"},
        ReachRow{"signals_without_a_scope", {"scope abstract_unix"}, {"signal", std::to_string(getpid())}, "ok\n"}),
    [](const auto& row) { return std::string(row.param.name); });

// An abstract socket of this process.
TEST(LandlockScope, KeepsFromAbstractSocketsOfOthers) {
  if (sandbox::landlock_abi() < kNewestAbi) GTEST_SKIP() << "this kernel's Landlock has no scopes";
  const std::string name = "cordon-test-" + std::to_string(getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const Fd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listening.get(), 1), 0);
  const Room room;
  ReachRow row{"", {"scope signal"}, {"abstract", name}, ""};
  EXPECT_EQ(run_reaching(row, room, StartPoint::before_exec).output, "ok\n");
  row.policies = {"scope abstract_unix"};
  EXPECT_EQ(run_reaching(row, room, StartPoint::before_exec).output, "errno 1\n");
}

TEST(Rulesets, StayWithTheirMaker) {
  if (sandbox::landlock_abi() < 1) GTEST_SKIP() << "this kernel has no Landlock";
  auto confinement = confinement_of({"files read /\nfiles exec /"});
  auto rulesets = sandbox::make_rulesets(*confinement, {});
  ASSERT_TRUE(rulesets);
  LaunchSpec spec = spec_for({victim(), "fds"}, kDenied, kErrno | 13);
  const std::string without = run(spec).output;
  for (const Fd& ruleset : *rulesets) spec.rulesets.push_back(ruleset.get());
  ASSERT_EQ(spec.rulesets.size(), 1u);
  EXPECT_EQ(run(spec).output, without);
}

TEST(Rulesets, AreErrorsAtTheWordThatCannotBeGranted) {
  if (sandbox::landlock_abi() < 3) GTEST_SKIP() << "this kernel's Landlock is older";
  EXPECT_EQ(ruleset_problem("allow read\nfiles read /etc /none/such").substr(0, 41),
            "system at 2:17: cannot grant '/none/such'");
  EXPECT_EQ(ruleset_problem("files create /etc/passwd").substr(0, 54),
            "files-path at 1:14: 'files create' is about directorie");
  EXPECT_NE(ruleset_problem("files read /proc/self/status").find("cordon's own directory"), std::string::npos);
  EXPECT_EQ(ruleset_problem("files read /proc/1/status /proc"), "");
}

TEST(Rulesets, OfAKernelThatLacksARightAreMadeOnlyIfThatIsAskedFor) {
  if (sandbox::landlock_abi() < 3 || sandbox::landlock_abi() > 8) GTEST_SKIP() << "no right is missing here";
  auto confinement = confinement_of({"files resolve_unix /run"});
  auto strict = sandbox::make_rulesets(*confinement, {});
  ASSERT_FALSE(strict);
  EXPECT_EQ(strict.error().begin()->code, "landlock-lacking");
  auto lenient = sandbox::make_rulesets(*confinement, {.best_effort = true});
  ASSERT_TRUE(lenient);
  EXPECT_EQ(lenient->size(), 1u);
  EXPECT_EQ(lenient.warnings().size(), 1u);
}

// In a child: a filter that says what a kernel without Landlock says.
TEST(Rulesets, WithoutLandlockAreAnErrorThatTellsWhy) {
  auto confinement = confinement_of({"files read /etc"});
  EXPECT_EQ(in_child([&] {
              if (!install_here(filter_for(444, kErrno | EOPNOTSUPP))) return 1;
              auto strict = sandbox::make_rulesets(*confinement, {});
              if (strict || strict.error().begin()->hint.find("lsm=") == std::string::npos) return 2;
              auto lenient = sandbox::make_rulesets(*confinement, {.best_effort = true});
              return lenient && lenient->empty() && lenient.warnings().size() == 1 ? 0 : 3;
            }),
            0);
}

// A ruleset that cannot be entered keeps the command from running.
TEST(Rulesets, ThatAreNoneKeepTheCommandFromRunning) {
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 13);
  spec.rulesets = {null.get()};
  Seen seen = run(spec);
  EXPECT_EQ(seen.failure, "system");
  EXPECT_EQ(seen.output, "");
}

TEST(Rulesets, BeyondSixteenAreRefusedWithTheCure) {
  if (sandbox::landlock_abi() < 1) GTEST_SKIP() << "this kernel has no Landlock";
  auto confinement = confinement_of(std::vector<std::string>(17, "files read /\nfiles exec /"));
  auto rulesets = sandbox::make_rulesets(*confinement, {});
  ASSERT_TRUE(rulesets);
  LaunchSpec spec = spec_for(denied_call(), kDenied, kErrno | 13);
  for (const Fd& ruleset : *rulesets) spec.rulesets.push_back(ruleset.get());
  Seen seen = run(spec);
  EXPECT_NE(seen.hint.find("16 layers"), std::string::npos) << seen.hint;
  EXPECT_EQ(seen.output, "");
}

std::string exec_problem(const std::string& lines, const std::string& program) {
  auto confinement = confinement_of({lines});
  auto problem = sandbox::missing_exec_grant(*confinement, program);
  return problem ? problem->hint : "";
}

TEST(ExecGrants, TellOfTheProgramAndItsLoader) {
  EXPECT_EQ(exec_problem("net none", victim()), "");
  EXPECT_EQ(exec_problem("files exec /", victim()), "");
  EXPECT_EQ(exec_problem("files exec " + static_victim(), static_victim()), "");
  EXPECT_EQ(exec_problem("files read /", static_victim()), "add the line `files exec " + static_victim() + "`");
  const std::string of_dynamic = exec_problem("files exec " + victim(), victim());
  EXPECT_NE(of_dynamic.find("/ld-linux"), std::string::npos) << of_dynamic;
  EXPECT_EQ(of_dynamic.find(victim()), std::string::npos) << of_dynamic;
}

TEST(ExecGrants, AgreeWithTheKernel) {
  if (sandbox::landlock_abi() < 3) GTEST_SKIP() << "this kernel's Landlock is older";
  const Room room;
  const std::string script = room.in("@/script");
  std::ofstream(script) << "#!" << static_victim() << " exit\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  std::filesystem::create_symlink(static_victim(), room.in("@/named"));
  for (const std::string& program : {victim(), static_victim(), script, room.in("@/named")})
    for (const std::string& lines :
         {room.in("files exec @"), std::string("files exec " CORDON_VICTIM_DIR), std::string("files exec /"),
          room.in("files exec " CORDON_VICTIM_DIR " @"), room.in("files execute " CORDON_VICTIM_DIR " @\nfiles read /"),
          std::string("files exec /usr /lib64 " CORDON_VICTIM_DIR)}) {
      auto confinement = confinement_of({lines});
      auto rulesets = sandbox::make_rulesets(*confinement, {});
      ASSERT_TRUE(rulesets);
      LaunchSpec spec = spec_for({program, "exit", "0"}, kDenied, kErrno | 13);
      for (const Fd& ruleset : *rulesets) spec.rulesets.push_back(ruleset.get());
      EXPECT_EQ(run(spec).failure.empty(), !sandbox::missing_exec_grant(*confinement, program)) << program << "\n"
                                                                                                << lines;
    }
}

}  // namespace
}  // namespace cordon::testing
