// How small filters for known profiles are. A number here is a promise: it may only fall.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "cordon/compile/compile.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"

namespace cordon {
namespace {

size_t size_of(const std::string& text, const std::vector<Arch>& arches, compiler::Optimize optimize) {
  Result<Policy> policy = formats::read_cordon(text, "policy", {});
  if (!policy) return SIZE_MAX;
  policy->arches = arches;
  Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
  if (!resolved) return SIZE_MAX;
  compiler::CompileOptions options;
  options.optimize = optimize;
  Result<Filter> filter = compiler::compile(*resolved, options);
  return filter ? filter->program.insns().size() : SIZE_MAX;
}

struct Promise {
  const char* name;
  std::vector<Arch> arches;
  compiler::Optimize optimize;
  size_t most;
};

void PrintTo(const Promise& promise, std::ostream* out) { *out << promise.name; }

class DockerDefault : public testing::TestWithParam<Promise> {};

TEST_P(DockerDefault, is_no_larger_than_promised) {
  const std::string text(formats::find_builtin("docker-default")->text);
  EXPECT_LE(size_of(text, GetParam().arches, GetParam().optimize), GetParam().most);
}

using compiler::Optimize;
INSTANTIATE_TEST_SUITE_P(
    Sizes, DockerDefault,
    testing::Values(Promise{"attach", {Arch::x86_64}, Optimize::attach, 65},
                    Promise{"size", {Arch::x86_64}, Optimize::size, 64},
                    Promise{"max", {Arch::x86_64}, Optimize::max, 57},
                    Promise{"attach_of_three", {Arch::x86_64, Arch::i386, Arch::x32}, Optimize::attach, 180},
                    Promise{"size_of_three", {Arch::x86_64, Arch::i386, Arch::x32}, Optimize::size, 178}),
    [](const auto& test) { return std::string(test.param.name); });

// The names systemd-analyze lists for a group, those of the groups in it too. None: it cannot be asked.
std::set<std::string> names_of(const std::string& group) {
  const std::string command = "systemd-analyze --no-pager syscall-filter " + group + " 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::set<std::string> names, groups;
  char line[256];
  while (std::fgets(line, sizeof line, pipe.get()) != nullptr) {
    std::string name(line);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(" \n") + 1);
    if (name.empty() || name[0] == '#' || name == group) continue;
    (name[0] == '@' ? groups : names).insert(name);
  }
  for (const std::string& inner : groups) names.merge(names_of(inner));
  return names;
}

TEST(SystemService, is_no_larger_than_promised) {
  const std::set<std::string> names = names_of("@system-service");
  if (names.empty()) GTEST_SKIP() << "systemd-analyze is not installed";
  std::string text = "default errno EPERM\nbadarch kill_process\n";
  for (const std::string& name : names) text += "allow " + name + "\n";
  EXPECT_LE(size_of(text, {Arch::x86_64}, Optimize::attach), 47u);
}

}  // namespace
}  // namespace cordon
