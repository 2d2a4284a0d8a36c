// Compares two functions by the prover and by the naive engine, and holds the one against the other.
//
//   Agreement agreement({.prover = {}, .naive = {}});
//   agreement.judge(&policy, std::span<const bpf::Program>(&program, 1));   // fails the test where they disagree
//   agreement.counts().expect_enough("policies", {.equal = 10, .gave_up_one_in = 5});
#pragma once

#include <cstdint>
#include <functional>

#include "cordon/prove/compare.h"
#include "tests/engines/generate.h"
#include "tests/prover/naive_engine.h"

namespace cordon::engines {

struct AgreementOptions {
  prove::CompareOptions prover;
  NaiveLimits naive;
  unsigned probes = 2'000;  // calls tried where only the prover has a verdict, and that is "equal"
};

// How much must have been decided, so that a test does not pass for want of verdicts.
struct Enough {
  unsigned equal = 0, differ = 0;  // at least so many
  unsigned gave_up_one_in;         // the naive engine on no more than one pair in so many
};

struct AgreementCounts {
  unsigned pairs = 0;
  unsigned equal = 0, differ = 0;  // both say so
  unsigned naive_gave_up = 0, undecided = 0;
  unsigned only_naive = 0;  // the naive engine decided what the prover did not

  void expect_enough(const char* what, const Enough& enough) const;  // prints them too
};

class Agreement {
 public:
  explicit Agreement(const AgreementOptions& options) : options_(options) {}

  void judge(const prove::Meaning& left, const prove::Meaning& right);
  const AgreementCounts& counts() const { return counts_; }

 private:
  void check_witnesses(const prove::Meaning& left, const prove::Meaning& right, const prove::Comparison& result);

  AgreementOptions options_;
  AgreementCounts counts_;
};

// Asks for the answers to calls on the bounds of a policy's conditions; the first that policy::evaluate does not give
// fails the test.
void assert_as_evaluated(const ResolvedPolicy& policy, Random& random,
                         const std::function<uint32_t(const bpf::Input&)>& ret_at);

// Whether the calls of prove::probe are answered alike; the first that is not fails the test.
void expect_alike_on_calls(const prove::Meaning& left, const prove::Meaning& right, unsigned count, Endian endian);

}  // namespace cordon::engines
