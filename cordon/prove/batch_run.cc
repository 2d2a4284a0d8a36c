#include "cordon/prove/batch_run.h"

#include <bit>
#include <cstring>

#include "cordon/policy/action.h"
#include "cordon/prove/opcodes.h"

namespace cordon::prove {
namespace {

using Values = std::array<uint32_t, Batch::kSize>;

uint32_t part_of(const diagram::Point& words, const WordBits& bits) {
  const uint32_t part = words[bits.word] & bits.mask;
  return bits.shift >= 0 ? part >> bits.shift : part << -bits.shift;
}

// Bit i: the predicate of the two values i.
template <class Predicate>
uint64_t where(const Values& a, const Values& b, Predicate predicate) {
  std::array<uint8_t, Batch::kSize> holds;
  for (size_t i = 0; i < Batch::kSize; ++i) holds[i] = predicate(a[i], b[i]) ? 1 : 0;
  uint64_t result = 0;
  for (size_t byte = 0; byte < Batch::kSize / 8; ++byte) {
    uint64_t eight = 0;
    std::memcpy(&eight, &holds[8 * byte], 8);
    // Gathers the lowest bit of each byte; which end of the word is first depends on the machine.
    if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
    result |= (eight * 0x0102040810204080u >> 56) << 8 * byte;
  }
  return result;
}

}  // namespace

BatchRun::BatchRun(const Execution& execution)
    : execution_(execution), values_(execution.expressions().size()), answers_(execution.steps().size()) {
  const Expressions& pool = execution.expressions();
  for (Expression e = 0; e < pool.size(); ++e)
    if (pool[e].is_constant()) values_[e].fill(pool[e].constant);
}

const std::vector<uint64_t>& BatchRun::answers(const Batch& batch) {
  const Expressions& pool = execution_.expressions();
  for (Expression e = 0; e < pool.size(); ++e)
    if (!pool[e].is_constant()) evaluate(e, batch);
  returns_.clear();
  const uint64_t in_batch = batch.count == Batch::kSize ? UINT64_MAX : (uint64_t{1} << batch.count) - 1;
  const uint64_t want_zero = where(batch.answers, batch.answers, [](uint32_t a, uint32_t) { return a == 0; });
  auto answer_of = [&](uint32_t step) { return step == Step::kReturnZero ? want_zero : answers_[step]; };
  const std::vector<Step>& steps = execution_.steps();
  for (uint32_t pc = execution_.insn_count(); pc-- > 0;)
    for (uint32_t index : execution_.steps_at(pc)) {
      const Step& step = steps[index];
      if (step.kind == Step::Kind::go) answers_[index] = answer_of(step.yes);
      if (step.kind == Step::Kind::ret) answers_[index] = returned(step.value, batch);
      if (step.kind != Step::Kind::branch) continue;
      const uint64_t holds = holds_for(step.test);
      answers_[index] = (holds & answer_of(step.yes)) | (~holds & answer_of(step.no));
    }
  for (uint64_t& answers : answers_) answers &= in_batch;
  return answers_;
}

void BatchRun::evaluate(Expression e, const Batch& batch) {
  const Expressions::Entry& entry = execution_.expressions()[e];
  for (size_t i = 0; i < Batch::kSize; ++i)
    values_[e][i] = entry.bits ? part_of(batch.calls[i], *entry.bits)
                               : compute(entry.op, values_[entry.left][i], values_[entry.right][i]);
}

// Programs have few different values to return.
uint64_t BatchRun::returned(Expression result, const Batch& batch) {
  const auto [known, is_new] = returns_.try_emplace(result, 0);
  if (is_new)
    known->second = where(values_[result], batch.answers,
                          [](uint32_t a, uint32_t b) { return policy::to_ret(policy::from_ret(a)) == b; });
  return known->second;
}

uint64_t BatchRun::holds_for(const Test& test) const {
  const Values &left = values_[test.left], &right = values_[test.right];
  switch (test.relation) {
    case Relation::eq: return where(left, right, [](uint32_t a, uint32_t b) { return a == b; });
    case Relation::gt: return where(left, right, [](uint32_t a, uint32_t b) { return a > b; });
    case Relation::ge: return where(left, right, [](uint32_t a, uint32_t b) { return a >= b; });
    case Relation::set: return where(left, right, [](uint32_t a, uint32_t b) { return (a & b) != 0; });
  }
  return 0;
}

}  // namespace cordon::prove
