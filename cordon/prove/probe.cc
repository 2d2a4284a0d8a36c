#include "cordon/prove/probe.h"

#include <algorithm>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/prove/sample.h"

namespace cordon::prove {
namespace {

constexpr size_t kMaxValues = 4096;

struct Values {
  void add(uint64_t value) {
    if (all.size() >= kMaxValues) return;
    all.push_back(value);
    all.push_back(value - 1);
    all.push_back(value + 1);
  }
  void add(const ResolvedCondition& condition) {
    for (const Interval& interval : condition.test.allowed) add(interval.first), add(interval.last);
    for (const ResolvedCondition& operand : condition.operands) add(operand);
  }
  void add(const Meaning& meaning) {
    if (auto* policy = std::get_if<const ResolvedPolicy*>(&meaning)) {
      for (const ArchTable& table : (*policy)->arches) {
        arches.push_back(table.audit_arch);
        for (const Segment& segment : table.segments) {
          add(segment.first);
          for (const Clause& clause : segment.clauses) add(clause.condition);
        }
      }
      return;
    }
    for (const bpf::Program& program : std::get<std::span<const bpf::Program>>(meaning))
      for (const bpf::Insn& insn : program.insns()) {
        add(insn.k);
        if (insn.code == bpf::kJeqK && abi_known(insn.k)) arches.push_back(insn.k);
      }
  }
  static bool abi_known(uint32_t audit_arch) {
    return std::any_of(abi::arches().begin(), abi::arches().end(),
                       [&](const abi::ArchInfo& arch) { return arch.audit_arch == audit_arch; });
  }

  std::vector<uint64_t> all{0, 1, UINT64_MAX, uint64_t{1} << 31, uint64_t{1} << 32};
  std::vector<uint32_t> arches{abi::info(Arch::x86_64).audit_arch};
};

// Calls that meet each condition, and that just miss it. False: `visit` has enough.
bool try_conditions(const ResolvedPolicy& policy, unsigned most, Random& random,
                    const std::function<bool(const Call&)>& visit) {
  unsigned tried = 0;
  for (const ArchTable& table : policy.arches)
    for (const Segment& segment : table.segments)
      for (const Clause& clause : segment.clauses) {
        if (tried++ >= most) return true;
        Call call = call_for(table, segment.first, clause.condition, random);
        if (!visit(call)) return false;
        miss_one(clause.condition, call, random);
        if (!visit(call)) return false;
      }
  return true;
}

}  // namespace

void probe(const Meaning& left, const Meaning& right, unsigned count, const std::function<bool(const Call&)>& visit) {
  Values values;
  values.add(left);
  values.add(right);
  Random random;
  for (const Meaning* meaning : {&left, &right})
    if (auto* policy = std::get_if<const ResolvedPolicy*>(meaning))
      if (!try_conditions(**policy, count / 4, random, visit)) return;
  auto value = [&] {
    switch (random.below(8)) {
      case 0: return random.bits();
      case 1: return random.bits() & 0xffffffff;
      // Another value's low half under this one's: what comparisons by halves get wrong.
      case 2: return values.all[random.below(values.all.size())] << 32 | random.bits() >> 40;
      case 3:
        return values.all[random.below(values.all.size())] << 32 |
               (values.all[random.below(values.all.size())] & 0xffffffff);
      default: return values.all[random.below(values.all.size())];
    }
  };
  for (unsigned i = 0; i < count; ++i) {
    Call call;
    call.audit_arch =
        random.below(16) == 0 ? static_cast<uint32_t>(value()) : values.arches[random.below(values.arches.size())];
    call.nr = static_cast<uint32_t>(value());
    call.instruction_pointer = value();
    for (uint64_t& argument : call.args) argument = value();
    if (call.audit_arch == abi::info(Arch::ppc).audit_arch || call.audit_arch == abi::info(Arch::sparc).audit_arch) {
      // The kernel shows no upper halves there.
      call.instruction_pointer &= 0xffffffff;
      for (uint64_t& argument : call.args) argument &= 0xffffffff;
    }
    if (!visit(call)) return;
  }
}

}  // namespace cordon::prove
