#include "cordon/bpf/flow.h"

#include <algorithm>
#include <utility>

#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/naming.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

// Is there something a condition on words of the call cannot say?
bool computes(const Program& program, const Naming& naming) {
  for (size_t pc = 0; pc < program.size(); ++pc) {
    if (!naming.known(pc).is_reachable) continue;
    const Form form = find_opcode(program[pc].code)->form;
    const bool is_plain = form == Form::load || form == Form::jump || form == Form::ret_k || form == Form::branch_k ||
                          program[pc].code == kAndK;
    if (!is_plain || (form == Form::branch_k && !naming.known(pc).loaded_offset)) return true;
  }
  return false;
}

class FlowMaker {
 public:
  FlowMaker(const Program& program, const FlowOptions& options)
      : program_(program), options_(options), naming_(program, options.endian), computes_(computes(program, naming_)) {}

  Flow make() {
    flow_.nodes.resize(program_.size());
    stands_for_.resize(program_.size());
    for (size_t pc = program_.size(); pc-- > 0;) add(pc);
    flow_.root = stands_for_[0];
    count_parents();
    return std::move(flow_);
  }

 private:
  // From the last instruction to the first: jumps go forward.
  void add(size_t pc) {
    const Insn& insn = program_[pc];
    const Form form = find_opcode(insn.code)->form;
    stands_for_[pc] = pc;
    if (!naming_.known(pc).is_reachable) return;
    if (form == Form::jump) return hide(pc, pc + 1 + insn.k);
    const bool has_one_way = is_branch(form) && stands_for_[pc + 1 + insn.jt] == stands_for_[pc + 1 + insn.jf];
    if (has_one_way) return hide(pc, pc + 1 + insn.jt);
    if (!computes_ && (form == Form::load || insn.code == kAndK)) return hide(pc, pc + 1);
    FlowNode& node = flow_.nodes[pc];
    if (options_.annotate) node.note = options_.annotate(pc);
    if (form == Form::ret_k || form == Form::ret_a) {
      node.kind = FlowNode::Kind::ret;
      node.text = form == Form::ret_k ? naming_.action(pc) : "the action in A";
    } else if (is_branch(form)) {
      node.kind = FlowNode::Kind::branch;
      node.text = naming_.condition(pc);
      node.yes = stands_for_[pc + 1 + insn.jt];
      node.no = stands_for_[pc + 1 + insn.jf];
      bound(pc, node);
    } else {
      node.kind = FlowNode::Kind::step;
      node.text = instruction_text(program_, pc);
      node.yes = stands_for_[pc + 1];
    }
  }

  void hide(size_t pc, size_t next) { stands_for_[pc] = stands_for_[next]; }

  void bound(size_t pc, FlowNode& node) const {
    const Known& known = naming_.known(pc);
    const Insn& insn = program_[pc];
    if (!known.loaded_offset || known.mask != UINT32_MAX) return;
    node.is_equality = insn.code == kJeqK;
    if (*known.loaded_offset == kOffsetArch && node.is_equality) {
      node.asks = FlowNode::Asks::arch;
      node.arch = insn.k;
    }
    if (*known.loaded_offset != kOffsetNr) return;
    if (node.is_equality) {
      node.when_yes = {insn.k, insn.k};
    } else if (insn.code == kJgeK && insn.k > 0) {
      node.when_yes = {insn.k, UINT32_MAX};
      node.when_no = {0, insn.k - 1};
    } else if (insn.code == kJgtK && insn.k < UINT32_MAX) {
      node.when_yes = {insn.k + 1, UINT32_MAX};
      node.when_no = {0, insn.k};
    } else {
      return;
    }
    node.asks = FlowNode::Asks::number;
  }

  // Only of what can be reached once jumps to the next test are gone.
  void count_parents() {
    std::vector<char> is_reached(program_.size(), 0), is_unknown(program_.size(), 0);
    is_reached[flow_.root] = 1;
    flow_.nodes[flow_.root].ways = {FlowWay{}};
    for (size_t pc = 0; pc < program_.size(); ++pc) {
      FlowNode& node = flow_.nodes[pc];
      if (!is_reached[pc]) {
        node = {};
        continue;
      }
      if (node.kind == FlowNode::Kind::ret) continue;
      for (size_t next : {node.yes, node.no}) {
        if (next == 0) continue;  // a step has no second way
        ++flow_.nodes[next].parents;
        is_reached[next] = 1;
        if (is_unknown[pc] || is_unknown[next] || !add_ways(node, next)) {
          is_unknown[next] = 1;
          flow_.nodes[next].ways.clear();
        }
      }
    }
  }

  // False: there are too many to tell.
  bool add_ways(const FlowNode& node, size_t next) {
    constexpr size_t kMostWays = 8;
    std::vector<FlowWay>& ways = flow_.nodes[next].ways;
    for (const FlowWay& way : node.ways) {
      FlowWay followed = node.kind == FlowNode::Kind::branch ? follow(node, way, next) : way;
      if (std::find(ways.begin(), ways.end(), followed) != ways.end()) continue;
      if (ways.size() == kMostWays) return false;
      ways.push_back(std::move(followed));
    }
    return !ways.empty();
  }

  const Program& program_;
  const FlowOptions& options_;
  Naming naming_;
  bool computes_;
  Flow flow_;
  std::vector<size_t> stands_for_;  // the node that an instruction is part of
};

}  // namespace

FlowWay follow(const FlowNode& branch, FlowWay way, size_t side) {
  const bool is_yes = side == branch.yes;
  if (branch.asks == FlowNode::Asks::arch) {
    if (is_yes)
      way.audit_arch = branch.arch;
    else if (!way.audit_arch)
      way.other_than.push_back(branch.arch);
    if (is_yes) way.other_than.clear();
  }
  if (branch.asks != FlowNode::Asks::number) return way;
  NumberBounds& numbers = way.numbers;
  const NumberBounds& left = is_yes ? branch.when_yes : branch.when_no;
  numbers.first = std::max(numbers.first, left.first);
  numbers.last = std::min(numbers.last, left.last);
  if (branch.is_equality && !is_yes && numbers.first < numbers.last) {
    const uint32_t without = branch.when_yes.first;
    if (without == numbers.first)
      ++numbers.first;
    else if (without == numbers.last)
      --numbers.last;
  }
  return way;
}

Flow make_flow(const Program& program, const FlowOptions& options) { return FlowMaker(program, options).make(); }

}  // namespace cordon::bpf
