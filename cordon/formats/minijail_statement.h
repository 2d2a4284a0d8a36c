// One statement of a minijail policy: "read: arg0 == 0; return EBADF", as it is written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/formats/minijail_tokens.h"
#include "cordon/policy/condition.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

struct MinijailName {
  std::string text;
  Span span;
};

struct MinijailAction {
  NamedAction action;
  bool is_return = false;  // written as `return X`
  bool is_block = false;   // a bare `return`: what a call gets that is not named
  Span span;
};

// [condition] [;] [action]; one of the two at least.
struct MinijailFilter {
  std::optional<Condition> condition;
  std::optional<MinijailAction> action;
  Span span;
};

struct MinijailStatement {
  std::vector<MinijailName> names;  // without those that an arch selector leaves out
  std::vector<MinijailFilter> filters;
  bool is_braced = false;  // the filters stand in braces
  Span span;
};

struct MinijailParseOptions {
  Arch arch = Arch::x86_64;
  bool c_dialect = false;
};

// No value where the line is wrong; the report says why.
std::optional<MinijailStatement> parse_minijail_statement(const MinijailLine& line, const MinijailParseOptions& options,
                                                          ProfileReporter& report);

// The words that are actions: "allow", "kill-process" …
std::optional<ActionKind> find_minijail_action(std::string_view word);

}  // namespace cordon::formats
