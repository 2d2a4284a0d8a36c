// How much may be made of a policy before it is refused.
//
//   Budget budget(1000);
//   if (!budget.take(condition_weight)) return too_large();
//
// A few lines can ask for more than any machine holds (lists that multiply); every loop that input can square
// takes from a budget. Once exceeded it stays so.
#pragma once

#include <cstdint>

namespace cordon::policy {

class Budget {
 public:
  constexpr explicit Budget(uint64_t limit) : left_(limit) {}

  constexpr bool take(uint64_t amount) {
    is_exceeded_ = is_exceeded_ || amount > left_;
    if (!is_exceeded_) left_ -= amount;
    return !is_exceeded_;
  }
  constexpr bool is_exceeded() const { return is_exceeded_; }
  constexpr uint64_t left() const { return is_exceeded_ ? 0 : left_; }

 private:
  uint64_t left_;
  bool is_exceeded_ = false;
};

}  // namespace cordon::policy
