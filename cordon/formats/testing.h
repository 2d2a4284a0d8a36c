// How the tests of the readers say what they found: diagnostics and rules as one line each; and the files they read.
//
//   EXPECT_EQ(show(policy->rules), "socket[a0==1] allow; open errno EPERM");
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/base/diagnostic.h"
#include "cordon/formats/read.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/testing.h"

namespace cordon::formats::testing {

// "1:3 error code: message" for each diagnostic, joined by newlines.
inline std::string told(const Diagnostics& found) {
  static constexpr const char* kSeverities[] = {"note", "warning", "error"};
  std::string lines;
  for (const Diagnostic& item : found) {
    if (!lines.empty()) lines += "\n";
    lines += std::to_string(item.place.line) + ":" + std::to_string(item.place.column) + " " +
             kSeverities[static_cast<size_t>(item.severity)] + " " + item.code + ": " + item.message;
  }
  return lines;
}

using policy::testing::codes;

// Values, conditions and rules in a short notation: "socket[a0==1] allow; open errno EPERM".
inline std::string show(const Value& value) {
  std::string text;
  switch (value.kind) {
    case Value::Kind::number: return std::to_string(value.number);
    case Value::Kind::name: return value.name;
    case Value::Kind::complement: return "~" + show(value.operands[0]);
    case Value::Kind::negate: return "-" + show(value.operands[0]);
    case Value::Kind::any_of:
      for (const Value& part : value.operands) text += (text.empty() ? "(" : "|") + show(part);
      return text + ")";
  }
  return text;
}

inline std::string show(const Condition& condition) {
  static constexpr const char* kOps[] = {"==", "!=", "<", "<=", ">", ">=", "in"};
  if (condition.is_always()) return "";
  if (condition.kind != Condition::Kind::test) {
    std::string text;
    std::string_view joint = condition.kind == Condition::Kind::all ? " && " : " || ";
    for (const Condition& part : condition.operands) text += (text.empty() ? "" : std::string(joint)) + show(part);
    return text;
  }
  const ArgTest& test = condition.test;
  EXPECT_TRUE(test.operand.raw);
  std::string text = "a" + std::to_string(test.operand.slot);
  if (!test.mask.empty()) text += "&" + show(test.mask[0]);
  return text + kOps[static_cast<size_t>(test.op)] + show(test.values[0].low);
}

inline std::string show(const std::vector<Rule>& rules) {
  std::string text;
  for (const Rule& rule : rules) {
    if (!text.empty()) text += "; ";
    if (rule.target.kind == Target::Kind::numbers)
      text += std::to_string(rule.target.first) + ".." + std::to_string(rule.target.last) + "@" +
              std::string(abi::name(*rule.target.arch));
    else
      text += rule.target.name;
    if (std::string condition = show(rule.condition); !condition.empty()) text += "[" + condition + "]";
    text += " " + std::string(policy::keyword(rule.action.kind));
    if (!rule.errno_name.empty())
      text += " " + rule.errno_name;
    else if (rule.action.data != 0)
      text += " " + std::to_string(rule.action.data);
  }
  return text;
}

// Reads these files, and no others.
inline ReadOptions with_files(std::map<std::string, std::string> files) {
  ReadOptions options;
  options.read_file = [files = std::move(files)](const std::string& path) -> Result<std::string> {
    auto at = files.find(path);
    if (at != files.end()) return at->second;
    return system_error("open '" + path + "'", 2);
  };
  return options;
}

}  // namespace cordon::formats::testing
