#include "cordon/base/diagnostic.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cordon/base/result.h"

namespace cordon {
namespace {

TEST(Diagnostics, TellFindingsFromNotes) {
  Diagnostics diagnostics;
  EXPECT_TRUE(diagnostics.empty());
  diagnostics.note("n", {}, "note");
  EXPECT_FALSE(diagnostics.has_findings());
  diagnostics.warning("w", {}, "warning");
  EXPECT_TRUE(diagnostics.has_findings());
  EXPECT_FALSE(diagnostics.has_errors());
  Diagnostics more;
  more.error("e", {}, "error", "cure");
  diagnostics.append(more);
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_EQ(diagnostics.size(), 3u);
}

TEST(SystemError, NamesTheOperationTheReasonAndTheSymbol) {
  Diagnostic error = system_error("install the filter", EACCES, "set no_new_privs");
  EXPECT_EQ(error.message, "cannot install the filter: Permission denied (EACCES)");
  EXPECT_EQ(error.hint, "set no_new_privs");
  EXPECT_EQ(error.severity, Severity::error);
  EXPECT_EQ(system_error("read", 4000).message, "cannot read: unknown error (errno 4000)");
}

Result<int> half(int value) {
  if (value % 2 != 0) {
    Diagnostics errors;
    errors.error("odd", {}, "an odd number");
    return errors;
  }
  return value / 2;
}

Result<int> quarter(int value) {
  CORDON_TRY(first, half(value));
  return half(first);
}

TEST(Result, PassesValuesAndErrorsUp) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(12).value_or(9), 3);
  EXPECT_FALSE(quarter(6).has_value());
  EXPECT_EQ(quarter(6).value_or(9), 9);
  EXPECT_EQ(quarter(5).error().begin()->code, "odd");
}

TEST(Result, CarriesWarningsBesideItsValue) {
  Diagnostics warnings;
  warnings.warning("w", {}, "odd but allowed");
  Result<int> result(3, warnings);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result.warnings().size(), 1u);
}

TEST(ResultDeathTest, NeverMixesAValueAndAnError) {
  Diagnostics errors;
  errors.error("e", {}, "bad");
  EXPECT_DEATH(Result<int>(3, errors), "warnings only");
  EXPECT_DEATH((void)Result<int>(errors).value(), "internal error");
  EXPECT_DEATH((void)Result<int>(Diagnostics{}), "says why");
}

}  // namespace
}  // namespace cordon
