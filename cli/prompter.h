// Asks the person at the terminal about calls, in a process of its own: it speaks a handler's protocol with cordon.
//
// A read of the terminal stops whoever is not in its foreground group, and to take the terminal would stop the command.
// So this process joins the group that has it for as long as it asks, which changes nothing for that group, and leaves
// it again. It ignores what the terminal sends.
#pragma once

#include <string>

#include "cli/notify_protocol.h"
#include "cordon/base/result.h"

namespace cordon::cli {

struct PrompterOptions {
  std::string rules_path;  // where "always" and "never" are written; empty: they hold for this run
};

// An error where there is no terminal, or the file cannot be written to.
Result<Done> check_prompter(const PrompterOptions& options);

// A request with what is shown, and the rule that would allow the call. With the newline.
std::string question_line(const HandlerRequest& request);

// Answers what comes on standard input until that ends. The status to end with.
int run_prompter(const PrompterOptions& options);

}  // namespace cordon::cli
