#include "cordon/prove/forward.h"

#include <array>
#include <map>
#include <utility>

#include "cordon/bpf/opcode.h"
#include "cordon/prove/bit_arithmetic.h"
#include "cordon/prove/opcodes.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;
using diagram::Word;

constexpr unsigned kA = 0, kX = 1, kFirstCell = 2, kRegisters = kFirstCell + bpf::kCellCount;

// The registers that are live, in the order of live_registers' bits.
struct State {
  Node reached = Manager::kFalse;
  std::array<Bits, kRegisters> registers{};
};

class Forward {
 public:
  Forward(Manager& manager, const bpf::Program& program, Leaves leaves)
      : manager_(manager),
        arithmetic_(manager),
        program_(program),
        leaves_(leaves),
        live_(live_registers(program)),
        result_(manager.leaf(0)) {}

  ProgramNode run() && {
    State start;
    start.reached = Manager::kTrue;
    arrive(0, start);
    // Jumps lead forward: all ways to an instruction are joined when it is reached.
    while (!waiting_.empty()) {
      const auto [pc, state] = std::move(*waiting_.begin());
      waiting_.erase(waiting_.begin());
      step(pc, state);
      if (manager_.exhausted()) return {Manager::kFalse, pc};
    }
    return {result_, std::nullopt};
  }

 private:
  void arrive(uint32_t pc, const State& state) {
    if (state.reached == Manager::kFalse) return;
    const auto [found, is_new] = waiting_.try_emplace(pc);
    State& joined = found->second;
    for (unsigned i = 0; i < kRegisters; ++i) {
      if ((live_[pc] >> i & 1) == 0) continue;
      joined.registers[i] =
          is_new ? state.registers[i] : arithmetic_.select(state.reached, state.registers[i], joined.registers[i]);
    }
    joined.reached = manager_.either(state.reached, joined.reached);
  }

  void answer(Node reached, Node answer) { result_ = manager_.choose(reached, answer, result_); }

  void step(uint32_t pc, State state) {
    const bpf::Insn& insn = program_[pc];
    if (insn.code == bpf::kRetK) return answer(state.reached, manager_.leaf(answer_of(insn.k, leaves_)));
    if (insn.code == bpf::kRetA) return answer(state.reached, answer_of(manager_, state.registers[kA], leaves_));
    if (insn.code == bpf::kJa) return arrive(pc + 1 + insn.k, state);
    const Bits operand = reads_x(insn.code) ? state.registers[kX] : BitArithmetic::constant(insn.k);
    if (class_of(insn.code) == kJump) {
      const Node holds = arithmetic_.holds(relation_of(insn.code), state.registers[kA], operand);
      const Node reached = state.reached;
      state.reached = manager_.both(holds, reached);
      arrive(pc + 1 + insn.jt, state);
      state.reached = manager_.choose(holds, Manager::kFalse, reached);
      return arrive(pc + 1 + insn.jf, state);
    }
    if (insn.code == bpf::kDivX) {
      const Node is_zero = arithmetic_.holds(Relation::eq, operand, BitArithmetic::constant(0));
      answer(manager_.both(is_zero, state.reached), manager_.leaf(answer_of(0, leaves_)));
      state.reached = manager_.choose(is_zero, Manager::kFalse, state.reached);
    }
    compute(insn, operand, live_[pc + 1], state);
    arrive(pc + 1, state);
  }

  // What nothing reads later is not computed.
  void compute(const bpf::Insn& insn, const Bits& operand, uint32_t live, State& state) {
    auto& registers = state.registers;
    switch (insn.code) {
      case bpf::kLdAbs: registers[kA] = arithmetic_.word({static_cast<Word>(insn.k / 4), UINT32_MAX, 0}); return;
      case bpf::kLdLen: registers[kA] = BitArithmetic::constant(bpf::kDataSize); return;
      case bpf::kLdxLen: registers[kX] = BitArithmetic::constant(bpf::kDataSize); return;
      case bpf::kLdImm: registers[kA] = BitArithmetic::constant(insn.k); return;
      case bpf::kLdxImm: registers[kX] = BitArithmetic::constant(insn.k); return;
      case bpf::kLdMem: registers[kA] = registers[kFirstCell + insn.k]; return;
      case bpf::kLdxMem: registers[kX] = registers[kFirstCell + insn.k]; return;
      case bpf::kSt: registers[kFirstCell + insn.k] = registers[kA]; return;
      case bpf::kStx: registers[kFirstCell + insn.k] = registers[kX]; return;
      case bpf::kTax: registers[kX] = registers[kA]; return;
      case bpf::kTxa: registers[kA] = registers[kX]; return;
      default: break;
    }
    if ((live & kLiveA) == 0) return;
    if (const auto op = operator_of(insn.code))
      registers[kA] = arithmetic_.make(*op, registers[kA], operand);
    else
      registers[kA] = arithmetic_.make(Operator::sub, BitArithmetic::constant(0), registers[kA]);
  }

  Manager& manager_;
  BitArithmetic arithmetic_;
  const bpf::Program& program_;
  Leaves leaves_;
  std::vector<uint32_t> live_;
  std::map<uint32_t, State> waiting_;  // by instruction
  Node result_;
};

}  // namespace

uint16_t loaded_words(const bpf::Program& program) {
  uint32_t words = 0;
  for (const bpf::Insn& insn : program.insns())
    if (insn.code == bpf::kLdAbs) words |= 1u << insn.k / 4;
  return static_cast<uint16_t>(words);
}

ProgramNode encode_forward(Manager& manager, const bpf::Program& program, Leaves leaves) {
  return Forward(manager, program, leaves).run();
}

}  // namespace cordon::prove
