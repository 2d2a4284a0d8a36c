// The entrance of a cgroup: a descriptor to which whoever enters writes "0". Any other shows who writes, and when.
#include <fcntl.h>
#include <unistd.h>

#include "cordon/abi/namespaces.h"
#include "cordon/base/fd.h"
#include "cordon/sandbox/cgroup.h"
#include "cordon/sandbox/cgroup_tree.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  std::string written() const {
    char text[16];
    const ssize_t count = read(out.get(), text, sizeof text);
    return std::string(text, count > 0 ? static_cast<size_t>(count) : 0);
  }
  Fd out, in;
};

LaunchSpec spec_entering(int cgroup) {
  LaunchSpec spec = spec_for({victim(), "exit", "7"}, kDenied, kErrno | 13);
  spec.cgroup = cgroup;
  return spec;
}

TEST(CgroupEntrance, IsPassedOnceByWhatIsStarted) {
  for (const StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
    const Pipe pipe;
    LaunchSpec spec = spec_entering(pipe.in.get());
    spec.start = start;
    EXPECT_EQ(run(spec).status(), 7);
    EXPECT_EQ(pipe.written(), "0");
  }
}

// Of a pid namespace by who makes it, so that its first process is in the group too.
TEST(CgroupEntrance, IsPassedBeforeNamespacesAreMade) {
  if (geteuid() != 0) GTEST_SKIP() << "namespaces are made as root here";
  for (const uint64_t kinds : {abi::kPidNamespace, abi::kPidNamespace | abi::kCgroupNamespace, abi::kCgroupNamespace}) {
    const Pipe pipe;
    LaunchSpec spec = spec_entering(pipe.in.get());
    spec.setup.namespaces.made = kinds;
    EXPECT_EQ(run(spec).status(), 7) << kinds;
    EXPECT_EQ(pipe.written(), "0") << kinds;
  }
}

TEST(CgroupEntrance, ThatIsShutKeepsTheCommandFromRunning) {
  const Fd shut(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const uint64_t kinds : {uint64_t{0}, uint64_t{abi::kPidNamespace}}) {
    if (kinds != 0 && geteuid() != 0) continue;
    LaunchSpec spec = spec_entering(shut.get());
    spec.argv = {victim(), "fds"};
    spec.setup.namespaces.made = kinds;
    const Seen seen = run(spec);
    EXPECT_EQ(seen.failure, "system") << kinds;
    EXPECT_EQ(seen.output, "") << kinds;
  }
}

TEST(Cgroup, IsMadeOrRefusedWithTheReason) {
  CgroupLimits limits;
  limits.pids = 64;
  limits.place.file = "p.cordon";
  const sandbox::CgroupPlace place = sandbox::find_cgroup_place(limits.controllers());
  const Result<sandbox::Cgroup> made = sandbox::Cgroup::make(limits);
  EXPECT_EQ(static_cast<bool>(made), place.problem.empty());
  if (made) {
    EXPECT_EQ(sandbox::cgroup_text(made->path() + "/pids.max"), "64");
    return;
  }
  EXPECT_EQ(made.error().begin()->code, "cgroup-lacking");
  EXPECT_EQ(made.error().begin()->place.file, "p.cordon");
  EXPECT_NE(made.error().begin()->message.find(place.problem), std::string::npos);
  EXPECT_NE(made.error().begin()->hint.find("--best-effort cgroup"), std::string::npos);
}

}  // namespace
}  // namespace cordon::testing
