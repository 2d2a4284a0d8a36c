// A program run on unknown words: what each register holds at each instruction, as expressions.
//
//   ld [16]; and #0xff; jeq #3, yes, no     the branch tests (word 4 & 0xff) == 3
//
// One pass forwards, no path conditions. Registers that nothing reads later are erased first, so that paths
// meet again: an ordinary filter has one state per instruction. Each pair of instruction and state is a
// step, and steps lead to later instructions only: a walk from the last one back gives the program's function.
//
// Bounds: 256 states of one instruction, 65,536 steps. Beyond them overflow() names the instruction.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "cordon/bpf/program.h"
#include "cordon/diagram/order.h"
#include "cordon/prove/expression.h"
#include "cordon/prove/opcodes.h"

namespace cordon::prove {

struct Test {
  Relation relation = Relation::eq;
  Expression left = 0, right = 0;
};

struct Step {
  enum class Kind : uint8_t { go, branch, ret };  // go: on to `yes`
  Kind kind = Kind::go;
  uint32_t pc = 0;
  Test test;                 // of a branch
  Expression value = 0;      // of a ret
  uint32_t yes = 0, no = 0;  // steps

  static constexpr uint32_t kReturnZero = UINT32_MAX;  // as `yes`: a division by zero ends the program
};

class Execution {
 public:
  explicit Execution(const bpf::Program& program);

  std::optional<uint32_t> overflow() const { return overflow_; }
  // Step 0 is the program's start.
  const std::vector<Step>& steps() const { return steps_; }
  uint32_t insn_count() const { return static_cast<uint32_t>(steps_at_.size()); }
  const std::vector<uint32_t>& steps_at(uint32_t pc) const { return steps_at_[pc]; }
  const Expressions& expressions() const { return pool_; }
  // Whether the test needs the single bits of its words.
  bool needs_bits(const Test& test) const;
  bool needs_bits(Expression value) const { return !pool_[value].is_constant(); }

 private:
  using Cells = std::array<Expression, 16>;
  struct State {
    Expression a = 0, x = 0;
    uint32_t cells = 0;  // into cells_
    bool operator==(const State&) const = default;
  };

  void run(const bpf::Program& program, uint32_t step);
  void branch(const bpf::Program& program, uint32_t step);
  State after(const bpf::Insn& insn, State state);
  uint32_t arrive(uint32_t pc, State state);
  State only_live(uint32_t pc, State state);
  uint32_t intern_cells(const Cells& cells);

  Expressions pool_;
  std::vector<uint32_t> live_;  // live_registers
  std::vector<Step> steps_;
  std::vector<State> states_;  // beside steps_
  std::vector<std::vector<uint32_t>> steps_at_;
  std::vector<Cells> cells_;
  std::map<Cells, uint32_t> cell_index_;
  std::optional<uint32_t> overflow_;
};

}  // namespace cordon::prove
