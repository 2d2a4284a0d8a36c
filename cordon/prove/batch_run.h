// Runs a program on many calls at once, from every step.
//
//   BatchRun run(execution);
//   Batch batch;                                   // up to 64 calls, each with the answer that is wanted
//   batch.add(call, answer);
//   run.answers(batch)[step]                       // bit i: from this step on call i gets that answer
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cordon/diagram/walk.h"
#include "cordon/prove/execution.h"

namespace cordon::prove {

struct Batch {
  static constexpr size_t kSize = 64;
  std::array<diagram::Point, kSize> calls{};
  std::array<uint32_t, kSize> answers{};
  size_t count = 0;

  // The call's bit.
  uint64_t add(const diagram::Point& call, uint64_t answer) {
    calls[count] = call;
    answers[count] = static_cast<uint32_t>(answer);
    return uint64_t{1} << count++;
  }
};

// Whole batches are computed even where they are not full: loops of a fixed length over arrays are what the C++
// compiler makes vector code of.
class BatchRun {
 public:
  explicit BatchRun(const Execution& execution);

  // For each step the calls (bit i for call i) that it answers as the batch says. Valid until the next batch.
  const std::vector<uint64_t>& answers(const Batch& batch);

 private:
  using Values = std::array<uint32_t, Batch::kSize>;

  void evaluate(Expression e, const Batch& batch);
  uint64_t returned(Expression result, const Batch& batch);
  uint64_t holds_for(const Test& test) const;

  const Execution& execution_;
  std::vector<Values> values_;
  std::vector<uint64_t> answers_;
  std::unordered_map<Expression, uint64_t> returns_;  // of this batch
};

}  // namespace cordon::prove
