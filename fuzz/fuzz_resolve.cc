// Any policy: what is resolved is a partition that always has an answer, the compiled program answers as the
// reference meaning does where values begin and end, and a policy stacked on itself means the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <vector>

#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/lint.h"
#include "cordon/policy/resolve.h"

namespace cordon {
namespace {

constexpr size_t kMaxPoints = 4;
constexpr size_t kMaxCalls = 256;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_partition(const ArchTable& table) {
  uint64_t next = 0;
  for (const Segment& segment : table.segments) {
    require(segment.first == next && segment.last >= segment.first);
    require(!segment.clauses.empty() && segment.clauses.back().condition.is_always());
    next = uint64_t{segment.last} + 1;
  }
  require(next == uint64_t{1} << 32);
}

// Adds calls that change one operand of the last: to where a test's values begin and end, and beside them.
void add_points(const ResolvedCondition& condition, std::vector<Call>& calls) {
  for (const ResolvedCondition& operand : condition.operands) add_points(operand, calls);
  if (condition.kind != ResolvedCondition::Kind::test) return;
  const ResolvedTest& test = condition.test;
  for (size_t i = 0; i < test.allowed.size() && i < kMaxPoints; ++i) {
    const Interval& interval = test.allowed[i];
    for (uint64_t value : {interval.first, interval.last, interval.first - 1, interval.last + 1}) {
      if (calls.size() >= kMaxCalls) return;
      Call call = calls.back();
      uint64_t& place =
          test.operand == ResolvedTest::kInstructionPointer ? call.instruction_pointer : call.args[test.operand];
      place = (place & ~test.mask) | (value & test.mask);
      calls.push_back(call);
    }
  }
}

std::vector<Call> calls_to(const ArchTable& table, const Segment& segment) {
  std::vector<Call> calls;
  for (uint32_t number : {segment.first, segment.last}) {
    Call call;
    call.nr = number;
    call.audit_arch = table.audit_arch;
    calls.push_back(call);
    for (const Clause& clause : segment.clauses) add_points(clause.condition, calls);
  }
  return calls;
}

void require_same(const ResolvedPolicy& policy, const ResolvedPolicy* twice, const Filter* filter, const Call& call) {
  const Action action = policy::evaluate(policy, call).action;
  if (twice != nullptr) require(policy::evaluate(*twice, call).action == action);
  if (filter == nullptr) return;
  bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
  std::copy(call.args.begin(), call.args.end(), std::begin(input.args));
  require(policy::from_ret(bpf::simulate(filter->program, input, filter->endian).ret) == action);
}

}  // namespace
}  // namespace cordon

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cordon;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto policy = formats::read_cordon(text, "input.cordon", {});
  if (!policy) return 0;
  auto resolved = policy::resolve(*policy, {});
  if (!resolved) return 0;
  policy::lint(*policy, *resolved);
  const std::vector<ResolvedPolicy> stack(2, *resolved);
  auto twice = policy::combine(stack);
  auto filter = compiler::compile(*resolved, {});
  for (const ArchTable& table : resolved->arches) {
    require_partition(table);
    for (const Segment& segment : table.segments)
      for (const Call& call : calls_to(table, segment))
        require_same(*resolved, twice ? &*twice : nullptr, filter ? &*filter : nullptr, call);
  }
  if (twice)
    for (const ArchTable& table : twice->arches) require_partition(table);
  return 0;
}
