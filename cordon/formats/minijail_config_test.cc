// What minijail0's options become, one by one.
#include "cordon/formats/minijail_config.h"

#include <gtest/gtest.h>

#include <ostream>

#include "cordon/formats/minijail_entries.h"

namespace cordon::formats {
namespace {

constexpr const char* kFirst = "% minijail-config-file v0\n";

// The lines, or what is wrong: "LINE: message | hint".
std::string read(const std::string& text) {
  ReadOptions options;
  options.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "./p") return std::string("read: 1\nwrite: return 5\n");
    Diagnostic problem;
    problem.message = "not there";
    return problem;
  };
  const PolicyReading reading = read_minijail_config(text, "app.conf", options);
  std::string told;
  if (!reading.policy) {
    for (const Diagnostic& problem : reading.policy.error())
      told += std::to_string(problem.place.line) + ": " + problem.message +
              (problem.hint.empty() ? "" : " | " + problem.hint) + "\n";
    return told;
  }
  for (const SandboxLine& line : reading.policy->sandbox.lines) {
    told += line.subject;
    for (const std::string& word : line.words) told += " " + word;
    told += "\n";
  }
  for (const Diagnostic& warning : reading.policy.warnings()) told += "warning " + warning.code + "\n";
  return told;
}

struct Row {
  const char* name;
  const char* options;
  const char* lines;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Options : public ::testing::TestWithParam<Row> {};

TEST_P(Options, BecomeLines) { EXPECT_EQ(read(kFirst + std::string(GetParam().options)), GetParam().lines); }

INSTANTIATE_TEST_SUITE_P(
    Minijail, Options,
    ::testing::Values(
        Row{"users", "u = nobody\ng=5\nadd-suppl-group = a\nadd-suppl-group = 7",
            "uid nobody\ngid 5\ngroups a\ngroups 7\n"},
        Row{"a_mask_of_capabilities", "c = 0x21\nambient", "caps keep chown kill\ncaps ambient chown kill\n"},
        Row{"capabilities_by_name", "ambient\nc = cap_chown,CAP_KILL=eip",
            "caps keep chown kill\ncaps ambient chown kill\n"},
        Row{"no_capabilities", "c = 0", "caps keep\n"},
        Row{"environment", "env-reset\nenv-add = A=b = c", "env clear\nenv set A=b = c\n"},
        Row{"limits", "R = RLIMIT_NOFILE,1024,512\nR = 4,unlimited,unlimited\nR = RLIMIT_AS,0x10,20",
            "limit nofile 512\nlimit core unlimited\nlimit as 16\n"},
        Row{"namespaces", "l\nN\ne\nuts", "unshare ipc\nunshare cgroup\nunshare net\nunshare uts\n"},
        Row{"a_pid_namespace_has_its_proc", "p\nr",
            "unshare pid\nunshare mount\nmount proc\nunshare mount\nwarning minijail-config-differs\n"},
        Row{"a_user_namespace_has_a_pid_namespace", "U",
            "unshare user\nunshare pid\nunshare mount\nmount proc\nwarning minijail-config-differs\n"},
        Row{"mounts", "v\nb = /a\nbind-mount = /a,/b,1\nb = /a,,0\nmount-dev\nK = private\nP = /r",
            "unshare mount\nmount read /a at /a\nmount write /a at /b\nmount read /a at /a\nunshare mount\nmount dev\n"
            "unshare mount\nmount root /r\n"},
        Row{"files", "fs-path-rx = /a\nfs-path-ro = /b", "files exec /a\nfiles read /b\n"},
        Row{"files_to_write", "fs-path-rw = /a",
            "files read /a\nfiles write_file /a\nfiles truncate /a\nfiles remove_file /a\nfiles remove_dir /a\n"
            "files make_reg /a\nfiles make_dir /a\n"},
        Row{"what_says_nothing_about_the_command",
            "n\nL\nB = 0\nT = static\nlogging = syslog\nno-new-sessions\n # c\n\n", ""},
        Row{"lines_that_go_on", "env-add = A=\\\nb\n# no \\\n u = x\nu = \\\n y", "env set A= b\nuid y\n"},
        Row{"what_no_line_says", "t = 1M\nz\nm = 0 0 1\ne = /n\nuts = h",
            "2: no line of a policy says 't' | --mount-tmp /tmp, which has no limit of its own and lets programs there "
            "be executed; --cgroup-memory limits it\n"
            "3: no line of a policy says 'z' | signals are passed on to the command\n"
            "4: no line of a policy says 'm' | U here, and --uid-map IN:OUT:N on the command line\n"
            "5: no line of a policy enters a namespace | --ns-of PID:net on the command line\n"
            "6: no line of a policy says a hostname | uts here, and --hostname NAME on the command line\n"},
        Row{"what_is_no_option", "envadd = x\nuid = 5\n= 5\nu =\n9",
            "2: minijail0 has no option 'envadd' | did you mean 'env-add'?\n"
            "3: minijail0 has no option 'uid'\n"
            "4: expected an option of minijail0, or `option = value`\n"
            "5: expected an option of minijail0, or `option = value`\n"
            "6: minijail0 has no option '9'\n"},
        Row{"wrong_values",
            "n = 1\nu\nR = NOFILE,1,1\nR = RLIMIT_AS,010,1\nc = zork\nc = ffffffffffffffff\nenv-add = A",
            "2: 'n' takes no value\n3: 'u' needs a value\n"
            "4: a limit is TYPE,SOFT,HARD | such as RLIMIT_NOFILE,1024,1024\n"
            "5: a limit is TYPE,SOFT,HARD | such as RLIMIT_NOFILE,1024,1024\n"
            "6: capabilities are a hexadecimal mask, or names as 'cap_chown,cap_kill=ep'\n"
            "7: capabilities are a hexadecimal mask, or names as 'cap_chown,cap_kill=ep'\n"
            "8: 'env-add' takes NAME=VALUE\n"},
        Row{"wrong_mounts", "b = /a,/b,2\nb = a\nP = r\nK = shared\nK\nv",
            "2: a bind mount is SOURCE[,PLACE[,1]], of paths that begin with /\n"
            "3: a bind mount is SOURCE[,PLACE[,1]], of paths that begin with /\n"
            "4: 'P' takes a path that begins with /\n"
            "5: the command's mounts are private, whatever the host's are | K = private, or leave it out\n"
            "6: the command's mounts are private, whatever the host's are | K = private, or leave it out\n"},
        Row{"mounts_without_a_namespace", "b = /a",
            "2: bind mounts need a mount namespace, as minijail0 has it | v, P or p\n"},
        Row{"ambient_alone", "ambient", "2: 'ambient' needs the capabilities that c names\n"},
        Row{"two_policies", "S = ./p\nS = ./p", "3: 'S' stands twice\n"},
        Row{"a_policy_that_is_not_there", "\nS = ./q", "3: not there\n"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Config, HoldsTheRulesOfItsPolicy) {
  ReadOptions options;
  options.read_file = [](const std::string&) { return Result<std::string>(std::string("read: 1\n")); };
  const PolicyReading with = read_minijail_config(std::string(kFirst) + "S = p\nL", "app.conf", options);
  ASSERT_TRUE(with.policy);
  EXPECT_EQ(with.policy->rules.size(), 1u);
  EXPECT_EQ(with.policy->start, StartPoint::entry);
  EXPECT_EQ(with.policy->filter_flags, 2u);
  EXPECT_EQ(with.policy->default_action.action.kind, ActionKind::kill_thread);
  const PolicyReading without = read_minijail_config(std::string(kFirst) + "n", "app.conf", options);
  ASSERT_TRUE(without.policy);
  EXPECT_EQ(without.policy->default_action.action.kind, ActionKind::allow);
  EXPECT_EQ(without.policy->bad_arch.action.kind, ActionKind::allow);
}

TEST(Config, BeginsWithItsFirstLine) {
  EXPECT_TRUE(is_minijail_config("% minijail-config-file v1\n"));
  EXPECT_FALSE(is_minijail_config("# % minijail-config-file v0\n"));
  EXPECT_EQ(read("% minijail-config-file v1\nn\n"),
            "1: the first line of a configuration file is `% minijail-config-file v0`\n");
  EXPECT_EQ(read("% minijail-config-file v0"),
            "1: the first line of a configuration file is `% minijail-config-file v0`\n");
}

}  // namespace
}  // namespace cordon::formats
