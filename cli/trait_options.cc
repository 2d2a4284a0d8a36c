#include "cli/trait_options.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>

#include "cli/output.h"
#include "cordon/abi/personalities.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr uint64_t kAnyTracer = ~uint64_t{0};

std::string quoted(const std::string& text) { return "'" + base::printable(text) + "'"; }

std::optional<unsigned> number_of(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_one = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return is_one ? std::optional(number) : std::nullopt;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool is_line(const PlacedText& said) { return !said.place.file.starts_with("--"); }
Place place_of(const PlacedText& said) { return is_line(said) ? said.place : Place(); }

Result<Done> set_ptracer(const PlacedText& said, bool may_lack, ProcessSetup& setup) {
  const std::string& text = said.text;
  const auto number = number_of(text);
  if (text != "any" && text != "none" && (!number || *number == 0 || *number > INT32_MAX))
    return misuse_of(said, "--ptracer", "takes a process number, any or none, not " + quoted(text), {});
  if (number && kill(static_cast<pid_t>(*number), 0) != 0 && errno == ESRCH)
    return system_error("name process " + text + " as tracer", ESRCH);
  if (access("/proc/sys/kernel/yama", F_OK) == 0) {
    setup.ptracer = number ? *number : text == "any" ? kAnyTracer : 0;
    return Done{};
  }
  Diagnostics problems;
  const std::string message = "this kernel has no Yama, which " +
                              std::string(is_line(said) ? "the line" : "--ptracer") +
                              " speaks to: who may trace is not restricted by it";
  if (!may_lack) {
    problems.error("yama-lacking", place_of(said), message, "--best-effort ptracer runs the command without it");
    return problems;
  }
  problems.warning("yama-lacking", place_of(said), message);
  return {Done{}, std::move(problems)};
}

// The kernel leaves out what is not there without a word.
Result<Done> set_cpus(const PlacedText& said, ProcessSetup& setup) {
  const std::string& text = said.text;
  const auto cpus = policy::read_cpus(text);
  if (!cpus) return misuse_of(said, "--affinity", "takes a list of CPUs, not " + quoted(text), "such as 0-3,8");
  const std::string online = text_of("/sys/devices/system/cpu/online");
  if (const auto there = policy::read_cpus(online))
    for (size_t cpu = 0; cpu < cpus->size() * 64; ++cpu) {
      const bool is_there = cpu / 64 < there->size() && ((*there)[cpu / 64] >> (cpu % 64) & 1) != 0;
      if (((*cpus)[cpu / 64] >> (cpu % 64) & 1) != 0 && !is_there)
        return misuse_of(said, "--affinity", "names CPU " + std::to_string(cpu) + ", which is not online",
                         online + " are");
    }
  setup.cpus = *cpus;
  return Done{};
}

Result<Done> set_personality(const PlacedText& said, ProcessSetup& setup) {
  const std::string& text = said.text;
  uint32_t bits = 0;
  for (const std::string& name : split(text)) {
    const auto known = abi::find_personality(name);
    if (!known) {
      std::vector<std::string_view> names;
      for (const abi::Personality& personality : abi::kPersonalities) names.push_back(personality.name);
      const std::string near = base::did_you_mean(name, names);
      return misuse_of(said, "--personality", "knows no " + quoted(name),
                       near.empty() ? "the names are setarch(8)'s" : near);
    }
    bits |= *known;
  }
  setup.personality = bits;
  return Done{};
}

bool has_selinux() { return access("/sys/fs/selinux/enforce", F_OK) == 0; }
bool has_apparmor() { return text_of("/sys/module/apparmor/parameters/enabled") == "Y"; }

// AppArmor's own file came with 5.8; before, both share one.
Result<Done> set_context(const PlacedText& said, ProcessSetup& setup) {
  const std::string& text = said.text;
  const size_t colon = text.find(':');
  const std::string module = text.substr(0, colon);
  const std::string label = colon == std::string::npos ? "" : text.substr(colon + 1);
  if ((module != "selinux" && module != "apparmor") || label.empty() || label.find('\0') != std::string::npos)
    return misuse_of(said, "--exec-context", "takes selinux:CONTEXT or apparmor:PROFILE, not " + quoted(text), {});
  const bool is_selinux = module == "selinux";
  if (is_selinux ? !has_selinux() : !has_apparmor()) {
    Diagnostics problems;
    problems.error("lsm-lacking", place_of(said),
                   std::string("this kernel has no ") + (is_selinux ? "SELinux" : "AppArmor") + " at work, which " +
                       (is_line(said) ? "the line" : "--exec-context") + " speaks to",
                   "leave it out, or enable it: /sys/kernel/security/lsm lists what is");
    return problems;
  }
  const bool has_own_file = access("/proc/thread-self/attr/apparmor/exec", F_OK) == 0;
  if (is_selinux)
    setup.context = ExecContext{"/proc/thread-self/attr/exec", label};
  else
    setup.context = ExecContext{has_own_file ? "/proc/thread-self/attr/apparmor/exec" : "/proc/thread-self/attr/exec",
                                "exec " + label};
  return Done{};
}

}  // namespace

void add_trait_options(CommandLine& app, SetupOptions& options) {
  app.add_option("--ptracer", options.ptracer,
                 "who beside its ancestors may trace the command, under Yama: PID, any, none")
      ->type_name("WHO");
  app.add_option("--affinity", options.cpus, "the CPUs it may run on, as 0-3,8")->type_name("CPUS");
  app.add_option("--personality", options.personality, "as setarch(8) names them: linux32, addr-no-randomize, ...")
      ->type_name("LIST");
  app.add_option("--exec-context", options.context,
                 "what a security module runs it as: selinux:CONTEXT or apparmor:PROFILE")
      ->type_name("CONTEXT");
}

Result<Done> set_traits(const ProcessLines& lines, bool may_lack_ptracer, ProcessSetup& setup) {
  Diagnostics problems;
  const auto apply = [&](const Result<Done>& done) { problems.append(done.diagnostics()); };
  if (lines.ptracer) apply(set_ptracer(*lines.ptracer, may_lack_ptracer, setup));
  if (lines.affinity) apply(set_cpus(*lines.affinity, setup));
  if (lines.personality) apply(set_personality(*lines.personality, setup));
  if (lines.context) apply(set_context(*lines.context, setup));
  if (problems.has_errors()) return problems;
  return {Done{}, std::move(problems)};
}

bool names_ptracer(const ProcessSetup& setup) {
  return setup.ptracer && *setup.ptracer != 0 && *setup.ptracer != kAnyTracer;
}

}  // namespace cordon::cli
