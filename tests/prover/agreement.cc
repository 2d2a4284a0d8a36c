#include "tests/prover/agreement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "cordon/bpf/simulate.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/probe.h"

namespace cordon::engines {
namespace {

using prove::Comparison;
using prove::Meaning;
using prove::Verdict;

// Asked of evaluate and simulate themselves: prove::answer belongs to what is tested.
Action answer_of(const Meaning& meaning, const Call& call, Endian endian) {
  if (auto* policy = std::get_if<const ResolvedPolicy*>(&meaning)) return policy::evaluate(**policy, call).action;
  const auto programs = std::get<std::span<const bpf::Program>>(meaning);
  return policy::from_ret(bpf::simulate_stack(programs, input_of(call), endian));
}

Verdict verdict_of(const NaiveComparison& naive) {
  if (naive.is_looser && naive.is_tighter) return Verdict::incomparable;
  if (naive.is_looser) return Verdict::looser;
  if (naive.is_tighter) return Verdict::tighter;
  return naive.is_other_data ? Verdict::same_strictness : Verdict::equal;
}

}  // namespace

void AgreementCounts::expect_enough(const char* what, const Enough& enough) const {
  std::printf("%s: %u pairs, %u equal, %u differ; the naive engine gave up on %u, the prover on %u (on %u alone)\n",
              what, pairs, equal, differ, naive_gave_up, undecided, only_naive);
  EXPECT_GE(equal, enough.equal) << what;
  EXPECT_GE(differ, enough.differ) << what;
  EXPECT_LE(naive_gave_up, pairs / enough.gave_up_one_in) << what;
}

void assert_as_evaluated(const ResolvedPolicy& policy, Random& random,
                         const std::function<uint32_t(const bpf::Input&)>& ret_at) {
  for (const Call& call : some_calls(boundary_calls(policy, random), 200, random))
    ASSERT_EQ(ret_at(input_of(call)), policy::to_ret(policy::evaluate(policy, call).action)) << text_of(call);
}

void expect_alike_on_calls(const Meaning& left, const Meaning& right, unsigned count, Endian endian) {
  prove::probe(left, right, count, [&](const Call& call) {
    const bool is_alike = answer_of(left, call, endian) == answer_of(right, call, endian);
    EXPECT_TRUE(is_alike) << "judged equal, but not on " << text_of(call);
    return is_alike;
  });
}

void Agreement::check_witnesses(const Meaning& left, const Meaning& right, const Comparison& result) {
  const Endian endian = options_.prover.encode.endian;
  for (const auto* witness : {&result.looser, &result.tighter, &result.data}) {
    if (!*witness) continue;
    const auto& [call, left_answer, right_answer] = **witness;
    EXPECT_EQ(left_answer, answer_of(left, call, endian)) << text_of(call);
    EXPECT_EQ(right_answer, answer_of(right, call, endian)) << text_of(call);
    EXPECT_NE(left_answer, right_answer) << text_of(call);
    EXPECT_EQ(witness == &result.data, left_answer.kind == right_answer.kind) << text_of(call);
    EXPECT_EQ(witness == &result.looser, right_answer.kind > left_answer.kind) << text_of(call);
  }
}

void Agreement::judge(const Meaning& left, const Meaning& right) {
  ++counts_.pairs;
  const Comparison result = prove::compare(left, right, options_.prover);
  const NaiveComparison naive = naive_compare(left, right, options_.naive);
  check_witnesses(left, right, result);
  if (naive.gave_up) ++counts_.naive_gave_up;
  if (result.verdict == Verdict::undecided) ++counts_.undecided;
  // A pair of witnesses from calls that were tried is a verdict, though not all of it was proved.
  const bool is_proved = !result.undecided;
  if (is_proved) {
    EXPECT_EQ(result.looser.has_value(), result.verdict == Verdict::looser || result.verdict == Verdict::incomparable);
    EXPECT_EQ(result.tighter.has_value(),
              result.verdict == Verdict::tighter || result.verdict == Verdict::incomparable);
  }
  if (!naive.gave_up) {
    if (is_proved) {
      EXPECT_EQ(prove::name(result.verdict), prove::name(verdict_of(naive)));
      EXPECT_EQ(result.data.has_value(), naive.is_other_data);
      ++(naive.is_equal() ? counts_.equal : counts_.differ);
    } else {
      ++counts_.only_naive;
      EXPECT_TRUE(naive.is_looser || !result.looser);
      EXPECT_TRUE(naive.is_tighter || !result.tighter);
      EXPECT_TRUE(naive.is_other_data || !result.data);
    }
  } else if (result.verdict == Verdict::equal) {
    expect_alike_on_calls(left, right, options_.probes, options_.prover.encode.endian);
  }
}

}  // namespace cordon::engines
