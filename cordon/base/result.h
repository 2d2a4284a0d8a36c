// A value, or the diagnostics that say why there is none.
//
//   Result<Policy> policy = formats::read_policy(text, options);
//   if (!policy) return render(policy.error());
//   use(*policy); show(policy.warnings());
//
// It has std::expected's interface (which g++ 12 offers only to C++23 consumers) and may carry warnings
// beside a value. CORDON_TRY passes errors up.
#pragma once

#include <optional>
#include <utility>

#include "cordon/base/assert.h"
#include "cordon/base/diagnostic.h"

namespace cordon {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(T value, Diagnostics warnings) : value_(std::move(value)), diagnostics_(std::move(warnings)) {
    CORDON_ASSERT(!diagnostics_.has_errors(), "a value comes with warnings only");
  }
  Result(Diagnostics errors) : diagnostics_(std::move(errors)) {
    CORDON_ASSERT(diagnostics_.has_errors(), "a failure says why");
  }
  Result(Diagnostic error) {
    diagnostics_.add(std::move(error));
    CORDON_ASSERT(diagnostics_.has_errors(), "a failure says why");
  }

  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &value(); }
  template <class U>
  T value_or(U&& other) const& {
    return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
  }

  const Diagnostics& error() const {
    CORDON_ASSERT(!value_, "only a failure has an error");
    return diagnostics_;
  }
  // Warnings and notes beside a value; the whole story of a failure.
  const Diagnostics& diagnostics() const { return diagnostics_; }
  const Diagnostics& warnings() const { return diagnostics_; }

 private:
  T& checked() {
    CORDON_ASSERT(value_, "a value is taken only where there is one");
    return *value_;
  }

  std::optional<T> value_;
  Diagnostics diagnostics_;
};

// For work that has nothing to give but success.
struct Done {};

}  // namespace cordon

// CORDON_TRY(name, expression): name is the value, or the enclosing function returns the diagnostics.
// Warnings beside the value are dropped: use it where the callee has none to give.
#define CORDON_TRY(name, expression)                                       \
  auto name##_result = (expression);                                       \
  if (!name##_result) return ::cordon::Diagnostics(name##_result.error()); \
  auto& name = *name##_result
