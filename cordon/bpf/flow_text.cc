// The decisions of a program as text: an explicit stack of what is still to be written, the next thing on top.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/bpf/flow.h"

namespace cordon::bpf {
namespace {

constexpr size_t kDeepest = 24;        // levels of indentation; what lies deeper is written at the margin
constexpr size_t kCommentColumn = 44;  // characters before a comment

enum class Style : uint8_t { tree, code };

// "openat", "read..close", "0x1f5.." where numbers have no names
std::string calls_text(const FlowWay& way) {
  auto name = [&way](uint32_t number) {
    const auto arch = abi::arch_of_call(way.audit_arch.value_or(0), number);
    const std::string found = arch ? std::string(abi::name_of(number, *arch)) : "";
    if (found.empty()) return base::hex(number);
    return *arch == Arch::x32 ? "x32 " + found : found;
  };
  const NumberBounds& numbers = way.numbers;
  if (numbers.first == numbers.last) return name(numbers.first);
  return name(numbers.first) + ".." + (numbers.last == UINT32_MAX ? "" : name(numbers.last));
}

class TextWriter {
 public:
  TextWriter(const Flow& flow, Style style, const NoteAnswer& note)
      : flow_(flow),
        style_(style),
        note_(note),
        state_(flow.nodes.size(), State::fresh),
        was_put_off_(flow.nodes.size(), 0) {}

  std::string write() {
    push_node(flow_.root, 0, {{FlowWay{}}, false});
    drain();
    for (size_t i = 0; i < later_.size(); ++i) {  // grows meanwhile
      text_ += "\n";
      state_[later_[i].pc] = State::fresh;
      push_node(later_[i].pc, 0, later_[i].numbers);
      drain();
    }
    return std::move(text_);
  }

 private:
  enum class State : uint8_t { fresh, written, put_off };

  // One way to a node; of several to the same nothing is said of the number.
  struct Numbers {
    std::vector<FlowWay> ways;
    bool is_told = false;  // by a condition above
  };

  struct Item {
    bool is_line = false;  // `text` alone, else a node
    std::string text;
    size_t pc = 0;
    size_t depth = 0;
    bool is_else_if = false;
    Numbers numbers;
  };

  void drain() {
    while (!stack_.empty()) {
      const Item item = std::move(stack_.back());
      stack_.pop_back();
      if (item.is_line)
        line(item.depth, item.text, "");
      else
        node(item);
    }
  }

  void push_node(size_t pc, size_t depth, Numbers numbers) {
    stack_.push_back({.is_line = false, .text = {}, .pc = pc, .depth = depth, .is_else_if = false, .numbers = numbers});
  }
  void push_line(std::string text, size_t depth) {
    stack_.push_back(
        {.is_line = true, .text = std::move(text), .pc = 0, .depth = depth, .is_else_if = false, .numbers = {}});
  }

  void line(size_t depth, const std::string& text, const std::string& comment) {
    std::string whole = std::string(2 * depth, ' ') + text;
    if (!comment.empty()) {
      whole.resize(std::max(whole.size() + 1, kCommentColumn), ' ');
      whole += (style_ == Style::tree ? "; " : "// ") + comment;
    }
    text_ += whole + "\n";
  }

  std::string label(size_t pc) const {
    return style_ == Style::tree ? "[" + std::to_string(pc) + "]" : "at_" + std::to_string(pc);
  }

  // A reference where the node stands elsewhere.
  bool is_elsewhere(const Item& item) {
    const bool is_too_deep = item.depth > kDeepest && state_[item.pc] == State::fresh;
    if (is_too_deep) {
      state_[item.pc] = State::put_off;
      later_.push_back(item);
      was_put_off_[item.pc] = 1;
    }
    if (state_[item.pc] == State::fresh) return false;
    line(item.depth, (style_ == Style::tree ? "go to " : "goto ") + label(item.pc) + (style_ == Style::code ? ";" : ""),
         "");
    return true;
  }

  void node(const Item& item) {
    const FlowNode& node = flow_.nodes[item.pc];
    if (node.kind == FlowNode::Kind::ret) return answer(item, node);
    if (is_elsewhere(item)) return;
    state_[item.pc] = State::written;
    std::string head;
    if (node.parents > 1 || was_put_off_[item.pc]) {
      if (style_ == Style::tree)
        head = label(item.pc) + " ";
      else
        line(item.depth, label(item.pc) + ":", "");
    }
    const Numbers numbers = node.parents > 1 ? Numbers{node.ways, false} : item.numbers;
    if (node.kind == FlowNode::Kind::step) {
      line(item.depth, head + node.text, node.note);
      return push_node(node.yes, item.depth, numbers);
    }
    branch(item, node, head, numbers);
  }

  void branch(const Item& item, const FlowNode& node, const std::string& head, const Numbers& numbers) {
    const bool is_code = style_ == Style::code;
    const std::string condition = is_code ? "if (" + node.text + ") {" : "if " + node.text;
    line(item.depth, (item.is_else_if ? is_code ? "} else " : "else " : head) + condition, node.note);
    if (is_code && !continues(node)) push_line("}", item.depth);
    if (continues(node)) {
      stack_.push_back({.is_line = false,
                        .text = {},
                        .pc = node.no,
                        .depth = item.depth,
                        .is_else_if = true,
                        .numbers = after(node, numbers, node.no)});
    } else {
      push_node(node.no, item.depth + 1, after(node, numbers, node.no));
      push_line(is_code ? "} else {" : "else", item.depth);
    }
    push_node(node.yes, item.depth + 1, after(node, numbers, node.yes));
  }

  // "else if": only this way leads to the other test.
  bool continues(const FlowNode& node) const {
    const FlowNode& other = flow_.nodes[node.no];
    return other.kind == FlowNode::Kind::branch && other.parents == 1 && state_[node.no] == State::fresh;
  }

  static Numbers after(const FlowNode& node, Numbers numbers, size_t side) {
    for (FlowWay& way : numbers.ways) way = follow(node, std::move(way), side);
    if (node.asks == FlowNode::Asks::number) numbers.is_told = node.is_equality && side == node.yes;
    return numbers;
  }

  void answer(const Item& item, const FlowNode& node) {
    const std::vector<FlowWay>& ways = item.numbers.ways;
    std::string comment = note_ ? note_(item.pc, ways) : node.note;
    const bool is_known = ways.size() == 1 && ways.front().numbers != NumberBounds{} &&
                          ways.front().numbers.first <= ways.front().numbers.last;
    if (is_known && !item.numbers.is_told) comment += (comment.empty() ? "" : ", ") + calls_text(ways.front());
    line(item.depth, style_ == Style::tree ? node.text : "return " + node.text + ";", comment);
  }

  const Flow& flow_;
  Style style_;
  const NoteAnswer& note_;
  std::vector<State> state_;
  std::vector<char> was_put_off_;
  std::vector<Item> stack_;
  std::vector<Item> later_;  // what lay too deep
  std::string text_;
};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string write_tree(const Flow& flow, const NoteAnswer& note) { return TextWriter(flow, Style::tree, note).write(); }

std::string write_pseudo_code(const Flow& flow, const NoteAnswer& note) {
  return TextWriter(flow, Style::code, note).write();
}

std::string write_dot(const Flow& flow) {
  std::string text = "digraph filter {\n  node [fontname=\"monospace\"];\n";
  auto add_edge = [&text](size_t from, size_t to, std::string_view attributes) {
    text += "  n" + std::to_string(from) + " -> n" + std::to_string(to) + std::string(attributes) + ";\n";
  };
  for (size_t pc = 0; pc < flow.nodes.size(); ++pc) {
    const FlowNode& node = flow.nodes[pc];
    if (node.kind == FlowNode::Kind::hidden) continue;
    const std::string label = node.note.empty() ? node.text : node.text + " (" + node.note + ")";
    const bool is_branch = node.kind == FlowNode::Kind::branch;
    text += "  n" + std::to_string(pc) + " [shape=" +
            (is_branch                           ? "diamond"
             : node.kind == FlowNode::Kind::step ? "plaintext"
                                                 : "box, style=filled, fillcolor=lightgrey") +
            ", label=" + quoted(label) + "];\n";
    if (is_branch) {
      add_edge(pc, node.yes, " [label=\"yes\"]");
      add_edge(pc, node.no, " [label=\"no\", style=dashed]");
    } else if (node.kind == FlowNode::Kind::step) {
      add_edge(pc, node.yes, "");
    }
  }
  return text + "}\n";
}

}  // namespace cordon::bpf
