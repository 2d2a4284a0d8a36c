// What is foretold of Landlock, against what the kernel answers.
#include <errno.h>
#include <stdlib.h>

#include <filesystem>

#include "cordon/abi/landlock.h"
#include "cordon/abi/syscalls.h"
#include "cordon/formats/read.h"
#include "cordon/sandbox/landlock.h"
#include "cordon/sandbox/landlock_forecast.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

std::string reach() { return CORDON_VICTIM_DIR "/sandbox_reach"; }

// Every call that the forecast knows is asked about, but the exec that starts the victim.
bpf::Program asking_filter() {
  std::vector<bpf::Insn> insns{{bpf::kLdAbs, 0, 0, bpf::kOffsetNr}};
  for (std::string_view name : sandbox::landlock_calls()) {
    if (name.starts_with("exec")) continue;
    const auto number = abi::number_of(name, abi::native_arch());
    if (!number) continue;
    insns.push_back({bpf::kJeqK, 0, 1, *number});
    insns.push_back({bpf::kRetK, 0, 0, kNotify});
  }
  insns.push_back({bpf::kRetK, 0, 0, kAllow});
  return *bpf::Program::create(std::move(insns));
}

Result<Confinement> confinement_of(const std::string& text) {
  CORDON_TRY(read, formats::read_text(text, "p.cordon", formats::SourceFormat::cordon, {}));
  const std::vector<PlacedLine> lines = policy::placed_lines(std::get<Policy>(read.content));
  return policy::confine({&lines, 1});
}

class Room {
 public:
  Room() {
    char name[] = "/tmp/cordon-forecast-XXXXXX";
    path_ = mkdtemp(name);
    for (const char* directory : {"/inner", "/hollow"}) std::filesystem::create_directory(path_ + directory);
    for (const char* file : {"/file", "/inner/file"}) std::ofstream(path_ + file) << "text";
    std::filesystem::create_symlink("inner/file", path_ + "/link");
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

struct Reached {
  std::string output;
  std::optional<sandbox::LandlockRefusal> refusal;
};

Reached reach_for(const std::string& policy, const std::string& way, const std::string& object) {
  const Room room;
  auto confinement = confinement_of(room.in(policy) + "\nfiles exec " + reach());
  EXPECT_TRUE(confinement);
  auto rulesets = sandbox::make_rulesets(*confinement, {});
  EXPECT_TRUE(rulesets);
  if (!rulesets) return {};
  const sandbox::LandlockForecast forecast(*confinement, sandbox::landlock_abi());
  LaunchSpec spec;
  spec.argv = {reach(), way, room.in(object)};
  for (const Fd& ruleset : *rulesets) spec.rulesets.push_back(ruleset.get());
  spec.filters.push_back({asking_filter(), 0});
  spec.listener = true;
  Reached reached;
  CapturedOutput output;
  auto launched = sandbox::launch(spec);
  EXPECT_TRUE(launched);
  if (!launched) return reached;
  Supervision supervision;
  supervision.calls.answer = [](const Notification&) { return Response::later(); };
  supervision.calls.take_over = [&](const Notification& notification, Listener& listener) {
    if (!reached.refusal) reached.refusal = forecast.refusal_of(notification, listener);
    return Response::run();
  };
  EXPECT_TRUE(sandbox::supervise(std::move(*launched), supervision));
  reached.output = output.take();
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return reached;
}

struct WayRow {
  const char* way;
  const char* object;
};

constexpr WayRow kWays[] = {{"read", "@/file"},
                            {"read", "@/link"},
                            {"read", "@/../etc/passwd"},
                            {"read", "@/none"},
                            {"list", "@"},
                            {"list", "@/inner"},
                            {"write", "@/file"},
                            {"write", "@/inner/file"},
                            {"make", "@/new"},
                            {"make", "@/file"},
                            {"make", "@/inner/new"},
                            {"rewrite", "@/file"},
                            {"rewrite", "@/new"},
                            {"rewrite", "@/link"},
                            {"temporary", "@"},
                            {"look", "@/file"},
                            {"empty", "@/file"},
                            {"remove", "@/file"},
                            {"remove", "@/none"},
                            {"mkdir", "@/d"},
                            {"mkdir", "@/inner/d/"},
                            {"rmdir", "@/hollow"},
                            {"pipe", "@/pipe"},
                            {"node", "@/null"},
                            {"symlink", "@/s"},
                            {"socket", "@/socket"},
                            {"rename", "@/file"},
                            {"rename", "@/hollow"},
                            {"move", "@/file"},
                            {"move", "@/hollow"},
                            {"link", "@/file"},
                            {"bind", "45571"},
                            {"bind", "45572"},
                            {"connect", "1"},
                            {"connect", "2"},
                            {"read", "/proc/self/status"}};

class Forecast : public ::testing::TestWithParam<const char*> {};

TEST_P(Forecast, SaysNoWhereTheKernelDoes) {
  if (sandbox::landlock_abi() < 5) GTEST_SKIP() << "this kernel's Landlock is older than ABI 5";
  for (const WayRow& row : kWays) {
    const Reached reached = reach_for(GetParam(), row.way, row.object);
    const bool is_refused = reached.output == "errno " + std::to_string(EACCES) + "\n" ||
                            reached.output == "errno " + std::to_string(EXDEV) + "\n";
    EXPECT_EQ(reached.refusal.has_value(), is_refused) << row.way << " " << row.object << ": " << reached.output;
    if (reached.refusal && is_refused) {
      EXPECT_EQ(reached.output, "errno " + std::to_string(reached.refusal->error) + "\n")
          << row.way << " " << row.object;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Landlock, Forecast,
                         ::testing::Values("files read @", "files write @", "files create @",
                                           "files read @/link\nfiles write @/inner", "files write @/file",
                                           "files read_file @ read_dir @/inner", "files make_char @ make_fifo @ read /",
                                           "files write @ refer /",
                                           "files make_dir @ make_reg @ remove_file @ remove_dir @",
                                           "files read /tmp\nnet bind 45571", "net none", "net connect 1\nscope signal",
                                           "files read /proc /etc"));

// In the words a policy needs.
TEST(Forecast, NamesTheRightAndThePlace) {
  if (sandbox::landlock_abi() < 5) GTEST_SKIP() << "this kernel's Landlock is older than ABI 5";
  const Reached file = reach_for("allow read\nfiles read @/inner", "rewrite", "@/link");
  ASSERT_TRUE(file.refusal);
  EXPECT_EQ(file.refusal->rights, abi::landlock::kWriteFile | abi::landlock::kTruncate);
  EXPECT_TRUE(file.refusal->path.ends_with("/inner/file")) << file.refusal->path;
  EXPECT_EQ(file.refusal->place.line, 2u);
  const Reached port = reach_for("net bind 45571", "bind", "45572");
  ASSERT_TRUE(port.refusal);
  EXPECT_TRUE(port.refusal->is_of_net);
  EXPECT_EQ(port.refusal->port, 45572);
}

}  // namespace
}  // namespace cordon::testing
