#include "cli/setup_options.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "cli/output.h"
#include "cli/trait_options.h"
#include "cli/user_database.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

std::string quoted(const std::string& text) { return "'" + base::printable(text) + "'"; }

// The last number means "no change" to the kernel.
std::optional<uint32_t> id_number(const std::string& text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && number != UINT32_MAX;
  return is_number ? std::optional(number) : std::nullopt;
}

struct User {
  uid_t uid = 0;
  std::optional<gid_t> gid;  // none: the user database does not know this number
};

bool is_option(const PlacedText& said) { return said.place.file.empty() || said.place.file.starts_with("--"); }

// What stands in a policy is told there.
Diagnostics placed(const PlacedText& said, const Diagnostics& problems) {
  if (is_option(said)) return problems;
  Diagnostics told;
  for (Diagnostic problem : problems) {
    problem.place = said.place;
    problem.code = "sandbox-line";
    told.add(std::move(problem));
  }
  return told;
}

Result<User> find_user(const PlacedText& said) {
  const std::string& text = said.text;
  const auto number = id_number(text);
  if (const auto known = number ? user_numbered(*number) : user_called(text)) return User{known->uid, known->gid};
  if (number) return User{*number, std::nullopt};
  return placed(said, usage_error("no user is called " + quoted(text), "a name of the user database, or a number"));
}

Result<gid_t> find_group(const PlacedText& said, const std::string& text) {
  if (const auto number = id_number(text)) return *number;
  if (const auto known = group_called(text)) return *known;
  return placed(said, usage_error("no group is called " + quoted(text), "a name of the group database, or a number"));
}

// Groups nobody asked for are not left to the command: they are the launcher's, and may be root's.
Result<std::optional<ProcessIdentity>> identity_of(const ProcessLines& lines) {
  std::optional<ProcessIdentity> identity;
  if (!lines.uid && !lines.gid && !lines.groups) return identity;
  identity = ProcessIdentity{.uid = geteuid(), .gid = getegid(), .groups = {}};
  if (lines.uid) {
    CORDON_TRY(user, find_user(*lines.uid));
    if (!user.gid && !lines.gid)
      return placed(*lines.uid,
                    usage_error("the user database does not know " + quoted(lines.uid->text) + ", nor its group",
                                is_option(*lines.uid) ? "say it: --gid " + lines.uid->text
                                                      : "say it: add the line `gid " + lines.uid->text + "`"));
    identity->uid = user.uid;
    identity->gid = user.gid.value_or(0);
  }
  if (lines.gid) {
    CORDON_TRY(gid, find_group(*lines.gid, lines.gid->text));
    identity->gid = gid;
  }
  const std::string list = lines.groups ? lines.groups->text : "none";
  for (size_t at = 0; list != "none" && at <= list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    CORDON_TRY(group, find_group(*lines.groups, list.substr(at, end - at)));
    identity->groups.push_back(group);
    at = end + 1;
  }
  return identity;
}

bool is_entry_of(const std::string& entry, const std::string& name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

void remove(std::vector<std::string>& environment, const std::string& name) {
  std::erase_if(environment, [&](const std::string& entry) { return is_entry_of(entry, name); });
}

Result<std::optional<std::vector<std::string>>> environment_of(const ProcessLines& lines) {
  std::optional<std::vector<std::string>> made;
  if (!lines.has_environment()) return made;
  made.emplace();
  if (!lines.clears_environment)
    for (char** entry = environ; *entry != nullptr; ++entry) made->emplace_back(*entry);
  for (const PlacedText& said : lines.unset) {
    const std::string& name = said.text;
    if (name.empty() || name.find('=') != std::string::npos)
      return usage_error("--unset-env takes the name of a variable, not " + quoted(name), {});
    remove(*made, name);
  }
  for (const PlacedText& said : lines.set) {
    const std::string& entry = said.text;
    const size_t end = entry.find('=');
    if (end == 0 || end == std::string::npos)
      return usage_error("--env takes NAME=VALUE, not " + quoted(entry), "--unset-env takes a variable away");
    remove(*made, entry.substr(0, end));
    made->push_back(entry);
  }
  return made;
}

// Of several of one name the last, as a shell has it; one that is set is not taken away before.
std::vector<std::string> last_of_each(const std::vector<std::string>& entries) {
  std::vector<std::string> last;
  for (const std::string& entry : entries) {
    remove(last, entry.substr(0, entry.find('=')));
    last.push_back(entry);
  }
  return last;
}

}  // namespace

void add_setup_options(CommandLine& app, SetupOptions& options) {
  app.add_option("--uid", options.uid, "the user to run as; its group, no other groups and no capabilities go with it")
      ->type_name("USER");
  app.add_option("--gid", options.gid, "the group to run as (default: the user's)")->type_name("GROUP");
  app.add_option("--groups", options.groups,
                 "supplementary groups, as 27,audio; or none, the default with --uid or --gid")
      ->type_name("LIST");
  app.add_option("--chdir", options.directory, "the directory to run in")->type_name("DIR");
  app.add_option("--umask", options.umask, "which permissions new files do not get, as 027")->type_name("OCTAL");
  add_trait_options(app, options);
}

void add_environment_options(CommandLine& app, SetupOptions& options) {
  const auto add_list = [&app](const char* name, std::vector<std::string>& list, const char* type, const char* help) {
    app.add_option(name, list, help)->type_name(type);
  };
  add_list("--env", options.environment, "NAME=VALUE", "set a variable of the command's environment");
  add_list("--unset-env", options.unset, "NAME", "take a variable away");
  app.add_flag("--clear-env", options.clear_environment, "begin with an empty environment");
}

Diagnostics misuse_of(const PlacedText& said, const char* option, const std::string& message, std::string hint) {
  return placed(said,
                usage_error((is_option(said) ? std::string(option) + " " : "the line ") + message, std::move(hint)));
}

std::vector<PlacedLine> lines_of(const SetupOptions& options) {
  std::vector<PlacedLine> lines;
  const auto add = [&](const char* subject, const char* option, std::vector<std::string> words) {
    Place place;
    place.file = std::string(option) + " " + base::printable(words.back());
    lines.push_back({subject, std::move(words), {std::move(place)}});
  };
  const auto add_one = [&](const char* subject, const char* option, const std::optional<std::string>& value) {
    if (value) add(subject, option, {*value});
  };
  add_one("uid", "--uid", options.uid);
  add_one("gid", "--gid", options.gid);
  add_one("groups", "--groups", options.groups);
  add_one("chdir", "--chdir", options.directory);
  add_one("ptracer", "--ptracer", options.ptracer);
  add_one("affinity", "--affinity", options.cpus);
  add_one("personality", "--personality", options.personality);
  add_one("exec_context", "--exec-context", options.context);
  if (options.clear_environment) add("env", "--clear-env", {"clear"});
  const std::vector<std::string> set = last_of_each(options.environment);
  for (const std::string& name : options.unset) {
    const bool is_set =
        std::any_of(set.begin(), set.end(), [&](const std::string& one) { return is_entry_of(one, name); });
    if (!is_set) add("env", "--unset-env", {"unset", name});
  }
  for (const std::string& entry : set) add("env", "--env", {"set", entry});
  return lines;
}

Result<ProcessSetup> setup_of(const ProcessLines& lines) {
  ProcessSetup setup;
  CORDON_TRY(identity, identity_of(lines));
  CORDON_TRY(environment, environment_of(lines));
  setup.identity = std::move(identity);
  setup.environment = std::move(environment);
  if (lines.directory) setup.directory = lines.directory->text;
  return setup;
}

Result<std::optional<mode_t>> mask_of(const SetupOptions& options) {
  if (!options.umask) return std::optional<mode_t>();
  unsigned mask = 0;
  const char* last = options.umask->data() + options.umask->size();
  const auto [end, error] = std::from_chars(options.umask->data(), last, mask, 8);
  if (error != std::errc() || end != last || mask > 0777)
    return usage_error("--umask takes an octal number up to 777, not " + quoted(*options.umask), {});
  return std::optional(static_cast<mode_t>(mask));
}

}  // namespace cordon::cli
