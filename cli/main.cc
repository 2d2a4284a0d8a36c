#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_status.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "run a command under a policy, and explain what is denied", run_main},
    {"serve", "keep a sandbox ready that only forks, for run --via", serve_main},
    {"learn", "run a command, record its system calls, write the tightest policy", learn_main},
    {"check", "parse and lint policies: dead and contradicting rules, open doors", check_main},
    {"test", "what would happen to a call, and by which rule", test_main},
    {"diff", "what one policy allows that another does not", diff_main},
    {"prove", "prove that one policy is within another, or equals it", prove_main},
    {"show", "look at a policy: table, assembly, cost", show_main},
    {"compile", "compile a policy to a BPF filter", compile_main},
    {"convert", "any policy, a filter too, in another format", convert_main},
    {"disasm", "disassemble a filter", disasm_main},
    {"asm", "assemble a filter, from disasm's text or by hand", asm_main},
    {"syscalls", "numbers, arguments and history of system calls", syscalls_main},
    {"list", "builtin policies, groups, constants, architectures", list_main},
    {"doctor", "what this kernel and machine offer, and what is missing for what", doctor_main},
};

std::string help() {
  std::string text =
      "cordon confines programs by their system calls.\n\n"
      "usage: cordon VERB [options]\n\n";
  for (const Verb& verb : kVerbs) {
    std::string line = "  " + std::string(verb.name);
    line.resize(12, ' ');
    text += line + std::string(verb.summary) + "\n";
  }
  text +=
      "\n`cordon VERB --help` tells a verb's options and shows examples; `cordon --version` the version.\n\n"
      "examples:\n"
      "  cordon learn -o ls.cordon -- ls -l     record what ls needs\n"
      "  cordon run -p ls.cordon -- ls -l       run it under that policy\n"
      "  cordon test ls.cordon 'mkdir()'        ask what would happen to a call\n";
  return text;
}

int unknown_verb(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  for (std::string_view option : {"--help", "--version"}) names.push_back(option);
  std::string hint = base::did_you_mean(word, names);
  if (hint.empty()) hint = "`cordon --help` names the verbs";
  Diagnostics problem;
  problem.error(
      "usage", {},
      "there is no " + std::string(word.starts_with('-') ? "option" : "verb") + " '" + base::printable(word) + "'",
      std::move(hint));
  print_diagnostics(problem, {});
  return kUsage;
}

int help_of(char* word) {
  char help_option[] = "--help";
  char* arguments[] = {word, help_option, nullptr};
  for (const Verb& verb : kVerbs)
    if (verb.name == word) return verb.main(2, arguments);
  return unknown_verb(word);
}

// A descriptor that is closed would become the next file cordon opens, and messages would be written into it. The one
// for standard output takes nothing: a result that goes nowhere is told as an error.
void open_missing_standard_descriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF)
      ::open("/dev/null", (fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

// Told without taking any memory. A file that is being written is out of sight until it is whole.
[[noreturn]] void end_without_memory(int status) {
  constexpr std::string_view kText = "cordon: error: there is not enough memory [system]\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(status);
}

void tell_the_end_of_memory(std::string_view verb) {
  const bool has_command = verb == "run" || verb == "learn";
  std::set_new_handler(has_command ? [] { end_without_memory(kOwnFailure); } : [] { end_without_memory(kRefused); });
}

int main(int argc, char** argv) {
  open_missing_standard_descriptors();
  if (argc < 2) {
    print_error(help());
    return kUsage;
  }
  std::string_view word = argv[1];
  tell_the_end_of_memory(word);
  if (word == "help" && argc > 2) return help_of(argv[2]);
  if (word == "--help" || word == "-h" || word == "help") return finish_output(help(), kDone);
  if (word == "--version" || word == "version") return finish_output("cordon " CORDON_VERSION "\n", kDone);
  for (const Verb& verb : kVerbs)
    if (verb.name == word) return verb.main(argc - 1, argv + 1);
  return unknown_verb(word);
}

}  // namespace
}  // namespace cordon::cli

int main(int argc, char** argv) { return cordon::cli::main(argc, argv); }
