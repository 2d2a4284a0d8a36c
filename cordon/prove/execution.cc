#include "cordon/prove/execution.h"

namespace cordon::prove {
namespace {

constexpr size_t kMaxStatesPerInsn = 256;
constexpr size_t kMaxSteps = 65536;
constexpr uint32_t kLengthOfData = bpf::kDataSize;

}  // namespace

Execution::Execution(const bpf::Program& program) : live_(live_registers(program)), steps_at_(program.size()) {
  cells_.push_back({});
  cell_index_[{}] = 0;
  steps_.reserve(program.size());
  states_.reserve(program.size());
  arrive(0, {});
  // Steps lead forward only, so those of an instruction are all there when it is reached.
  for (uint32_t pc = 0; pc < program.size() && !overflow_; ++pc)
    for (size_t i = 0; i < steps_at_[pc].size() && !overflow_; ++i) run(program, steps_at_[pc][i]);
}

uint32_t Execution::intern_cells(const Cells& cells) {
  const auto [found, is_new] = cell_index_.try_emplace(cells, static_cast<uint32_t>(cells_.size()));
  if (is_new) cells_.push_back(cells);
  return found->second;
}

Execution::State Execution::only_live(uint32_t pc, State state) {
  if ((live_[pc] & kLiveA) == 0) state.a = Expressions::kZero;
  if ((live_[pc] & kLiveX) == 0) state.x = Expressions::kZero;
  if (state.cells == 0) return state;
  Cells cells = cells_[state.cells];
  for (uint32_t i = 0; i < cells.size(); ++i)
    if ((live_[pc] & cell_bit(i)) == 0) cells[i] = Expressions::kZero;
  state.cells = intern_cells(cells);
  return state;
}

uint32_t Execution::arrive(uint32_t pc, State state) {
  state = only_live(pc, state);
  for (uint32_t step : steps_at_[pc])
    if (states_[step] == state) return step;
  if (steps_at_[pc].size() >= kMaxStatesPerInsn || steps_.size() >= kMaxSteps) {
    overflow_ = pc;
    return 0;
  }
  const auto step = static_cast<uint32_t>(steps_.size());
  steps_at_[pc].push_back(step);
  steps_.push_back({});
  steps_.back().pc = pc;
  states_.push_back(state);
  return step;
}

Execution::State Execution::after(const bpf::Insn& insn, State state) {
  auto cell = [&] { return cells_[state.cells][insn.k]; };
  auto store = [&](Expression value) {
    Cells cells = cells_[state.cells];
    cells[insn.k] = value;
    state.cells = intern_cells(cells);
  };
  switch (insn.code) {
    case bpf::kLdAbs: state.a = pool_.word(static_cast<diagram::Word>(insn.k / 4)); return state;
    case bpf::kLdLen: state.a = pool_.constant(kLengthOfData); return state;
    case bpf::kLdxLen: state.x = pool_.constant(kLengthOfData); return state;
    case bpf::kLdImm: state.a = pool_.constant(insn.k); return state;
    case bpf::kLdxImm: state.x = pool_.constant(insn.k); return state;
    case bpf::kLdMem: state.a = cell(); return state;
    case bpf::kLdxMem: state.x = cell(); return state;
    case bpf::kSt: store(state.a); return state;
    case bpf::kStx: store(state.x); return state;
    case bpf::kTax: state.x = state.a; return state;
    case bpf::kTxa: state.a = state.x; return state;
    default: break;
  }
  if (const auto op = operator_of(insn.code))
    state.a = pool_.make(*op, state.a, reads_x(insn.code) ? state.x : pool_.constant(insn.k));
  else
    state.a = pool_.make(Operator::sub, Expressions::kZero, state.a);
  return state;
}

void Execution::branch(const bpf::Program& program, uint32_t step) {
  const uint32_t pc = steps_[step].pc;
  const bpf::Insn insn = program[pc];
  const State state = states_[step];
  Test test{relation_of(insn.code), state.a, reads_x(insn.code) ? state.x : pool_.constant(insn.k)};
  if (test.relation == Relation::set && test.left == test.right) test.right = pool_.constant(UINT32_MAX);
  const auto left = pool_[test.left], right = pool_[test.right];
  const uint32_t yes = pc + 1 + insn.jt, no = pc + 1 + insn.jf;
  std::optional<bool> known;
  if (left.is_constant() && right.is_constant()) {
    switch (test.relation) {
      case Relation::eq: known = left.constant == right.constant; break;
      case Relation::gt: known = left.constant > right.constant; break;
      case Relation::ge: known = left.constant >= right.constant; break;
      case Relation::set: known = (left.constant & right.constant) != 0; break;
    }
  } else if (test.left == test.right) {
    known = test.relation != Relation::gt;
  }
  if (known || yes == no) {
    const uint32_t next = arrive(known.value_or(true) ? yes : no, state);
    steps_[step].yes = next;
    return;
  }
  const uint32_t on_yes = arrive(yes, state), on_no = arrive(no, state);
  Step& at = steps_[step];
  at.kind = Step::Kind::branch;
  at.test = test;
  at.yes = on_yes;
  at.no = on_no;
}

void Execution::run(const bpf::Program& program, uint32_t step) {
  const uint32_t pc = steps_[step].pc;
  const bpf::Insn insn = program[pc];
  const State state = states_[step];
  if (insn.code == bpf::kRetK || insn.code == bpf::kRetA) {
    steps_[step].kind = Step::Kind::ret;
    steps_[step].value = insn.code == bpf::kRetK ? pool_.constant(insn.k) : state.a;
    return;
  }
  if (class_of(insn.code) == kJump && insn.code != bpf::kJa) return branch(program, step);
  if (insn.code == bpf::kDivX && state.x == Expressions::kZero) {
    steps_[step].kind = Step::Kind::ret;
    steps_[step].value = Expressions::kZero;
    return;
  }
  if (insn.code == bpf::kDivX && !pool_[state.x].is_constant()) {
    const uint32_t next = arrive(pc + 1, after(insn, state));
    Step& at = steps_[step];
    at.kind = Step::Kind::branch;
    at.test = {Relation::eq, state.x, Expressions::kZero};
    at.yes = Step::kReturnZero;
    at.no = next;
    return;
  }
  const uint32_t next = insn.code == bpf::kJa ? arrive(pc + 1 + insn.k, state) : arrive(pc + 1, after(insn, state));
  steps_[step].yes = next;
}

bool Execution::needs_bits(const Test& test) const {
  const auto &left = pool_[test.left], &right = pool_[test.right];
  if (left.is_constant()) return !right.is_constant() && !right.bits;
  return !(left.bits && right.is_constant());
}

}  // namespace cordon::prove
