// A program as the decisions it takes: conditions with names, answers at the ends, nothing of registers.
//
//   Flow flow = make_flow(program, {.endian = Endian::little, .annotate = {}});
//   flow.nodes[1].text       // "arch == x86_64"
//   flow.nodes[flow.nodes[1].no].text       // "kill_process"
//
// Loads, masks and jumps are part of the conditions. A program that computes otherwise (X, cells, arithmetic) keeps
// its instructions as steps of their own, and its conditions speak of A. Linear in the program.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

// An interval of call numbers, inclusive.
struct NumberBounds {
  uint32_t first = 0;
  uint32_t last = std::numeric_limits<uint32_t>::max();

  bool operator==(const NumberBounds&) const = default;
};

// One way to a node, as far as comparisons of the architecture and of the whole call number tell.
struct FlowWay {
  std::optional<uint32_t> audit_arch;
  std::vector<uint32_t> other_than;  // where it is not known: what it is not
  NumberBounds numbers;

  bool operator==(const FlowWay&) const = default;
};

struct FlowNode {
  // hidden: part of another node, or never reached
  enum class Kind : uint8_t { hidden, branch, ret, step };
  Kind kind = Kind::hidden;
  std::string text;        // the condition, the answer or the instruction
  std::string note;        // what FlowOptions::annotate says
  size_t yes = 0, no = 0;  // branch: both; step: yes is what follows
  uint32_t parents = 0;    // edges that lead here
  // branch: a comparison of the whole number or of the architecture
  enum class Asks : uint8_t { something, number, arch } asks = Asks::something;
  bool is_equality = false;
  NumberBounds when_yes;  // of number: what it leaves on each side; for `==` no is all but one
  NumberBounds when_no;
  uint32_t arch = 0;  // of arch: compared with
  // At most 8; none where there are more.
  std::vector<FlowWay> ways;
};

struct Flow {
  std::vector<FlowNode> nodes;  // by instruction
  size_t root = 0;
};

struct FlowOptions {
  Endian endian = Endian::little;
  std::function<std::string(size_t pc)> annotate;  // such as the rule a return serves; may be empty
};

Flow make_flow(const Program& program, const FlowOptions& options);

// What a way becomes on a side of a branch: node.yes or node.no.
FlowWay follow(const FlowNode& branch, FlowWay way, size_t side);

// What to say of an answer: such as the rule that decides on these ways to it (one, or those of a shared part;
// none: it is not known). Empty: FlowNode::note.
using NoteAnswer = std::function<std::string(size_t pc, const std::vector<FlowWay>& ways)>;

// The decisions as indented text. A part that several ways lead to is written once, with the number of its
// instruction, and then referred to; so is what would be indented too far.
//
//   if arch == x86_64
//     if nr == openat
//       if flags & O_ACCMODE == O_RDONLY
//         allow                              ; app.cordon:2
std::string write_tree(const Flow& flow, const NoteAnswer& note);

// The same as pseudo code, with braces, `goto` and `return`.
std::string write_pseudo_code(const Flow& flow, const NoteAnswer& note);

// The same as a graph for Graphviz. The same program gives the same bytes.
std::string write_dot(const Flow& flow);

}  // namespace cordon::bpf
