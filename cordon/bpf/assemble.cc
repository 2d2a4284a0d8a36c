#include "cordon/bpf/assemble.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/base/text.h"
#include "cordon/bpf/assembly_parser.h"
#include "cordon/bpf/verify.h"

namespace cordon::bpf {
namespace {

constexpr size_t kMaxLabels = kMaxInsns;
constexpr size_t kMaxMisspelt = 64;  // the length of labels among which the one meant is looked for

std::string instruction_name(uint64_t pc) { return "instruction " + std::to_string(pc); }

class Assembler {
 public:
  Assembler(std::string_view text, const AssembleOptions& options)
      : text_(text), options_(options), lexer_(text), parser_(lexer_, options.arch, mistakes_) {}

  Result<Program> run() && {
    while (has_room() && lexer_.next_line()) read_line();
    for (size_t pc = 0; pc < insns_.size() && has_room(); ++pc) lead_jumps(pc);
    if (has_room()) check();
    if (!mistakes_.empty()) return told();
    std::vector<Insn> insns;
    for (const Line& line : insns_) insns.push_back(line.parsed.insn);
    return Program::create(std::move(insns));
  }

 private:
  struct Line {
    Token start;  // the mnemonic
    ParsedInsn parsed;
    bool is_right;
  };
  struct Label {
    size_t pc;
    Token token;
  };

  bool has_room() const { return mistakes_.size() < kMaxAssemblyErrors && insns_.size() <= kMaxInsns; }

  bool mistake(const Token& token, std::string code, std::string message, std::string hint = {}) {
    mistakes_.push_back({token, std::move(code), std::move(message), std::move(hint)});
    return false;
  }

  // A line that is wrong counts as an instruction, so that those after it keep their numbers.
  void read_line() {
    bool is_right = true;
    Token token = lexer_.next();
    for (; has_room() && token.is_word() && lexer_.peek().is(':'); token = lexer_.next()) {
      lexer_.next();
      is_right = (is_digit(token.text[0]) ? check_index(token) : define(token)) && is_right;
    }
    if (token.is_end() || !has_room()) return;
    if (insns_.size() == kMaxInsns)
      mistake(token, "bpf-too-long", "a program has at most " + std::to_string(kMaxInsns) + " instructions",
              "split the policy into stacked filters");
    std::optional<ParsedInsn> parsed = parser_.instruction(token);
    insns_.push_back({token, parsed.value_or(ParsedInsn{}), is_right && parsed});
  }

  bool check_index(const Token& token) {
    if (parse_number(token.text) == insns_.size()) return true;
    return mistake(token, "asm-index",
                   "the line has the number " + quoted(token.text) + ", but it is " + instruction_name(insns_.size()),
                   "leave the numbers out, and let jumps lead to labels");
  }

  bool define(const Token& token) {
    if (labels_.size() == kMaxLabels)
      return mistake(token, "asm-label", "a program has at most " + std::to_string(kMaxLabels) + " labels");
    auto [at, is_new] = labels_.insert({token.text, {insns_.size(), token}});
    if (is_new) return true;
    mistakes_.push_back({token, "asm-label", "the label " + quoted(token.text) + " stands twice",
                         "give one of them another name", at->second.token});
    return false;
  }

  std::optional<uint64_t> destination(const Token& token) {
    if (is_digit(token.text[0])) return parse_number(token.text);
    if (auto found = labels_.find(token.text); found != labels_.end()) return found->second.pc;
    std::string hint;
    if (token.text.size() <= kMaxMisspelt) {
      std::vector<std::string_view> names;
      for (const auto& [name, label] : labels_)
        if (name.size() <= kMaxMisspelt) names.push_back(name);
      hint = base::did_you_mean(token.text, names);
    }
    mistake(token, "asm-label", "no label is called " + quoted(token.text),
            hint.empty() ? "write the label and a ':' in front of an instruction" : hint);
    return std::nullopt;
  }

  // How many instructions a jump passes over.
  std::optional<uint32_t> distance(const Token& token, size_t pc, uint32_t furthest) {
    const std::optional<uint64_t> to = destination(token);
    if (!to) return std::nullopt;
    if (*to <= pc) {
      mistake(token, "asm-target",
              instruction_name(*to) + " does not come after the jump, which is " + instruction_name(pc),
              "jumps lead forward only");
    } else if (*to >= insns_.size()) {
      mistake(token, "asm-target",
              instruction_name(*to) + " leaves the program, the last one is " + std::to_string(insns_.size() - 1));
    } else if (*to - pc - 1 > furthest) {
      mistake(token, "asm-target",
              "a branch passes over at most 255 instructions, and there are " + std::to_string(*to - pc - 1) +
                  " before " + instruction_name(*to),
              "branch to a `ja` nearby that leads there");
    } else {
      return static_cast<uint32_t>(*to - pc - 1);
    }
    return std::nullopt;
  }

  void lead_jumps(size_t pc) {
    Line& line = insns_[pc];
    Insn& insn = line.parsed.insn;
    const size_t before = mistakes_.size();
    if (line.parsed.jump.is_word()) insn.k = distance(line.parsed.jump, pc, kMaxInsns).value_or(0);
    if (line.parsed.on_true.is_word())
      insn.jt = static_cast<uint8_t>(distance(line.parsed.on_true, pc, UINT8_MAX).value_or(0));
    if (line.parsed.on_false.is_word())
      insn.jf = static_cast<uint8_t>(distance(line.parsed.on_false, pc, UINT8_MAX).value_or(0));
    if (mistakes_.size() != before) line.is_right = false;
  }

  // What the kernel refuses. Which cells are written is known only where every line is right.
  void check() {
    std::vector<Insn> insns;
    for (const Line& line : insns_) insns.push_back(line.parsed.insn);
    const bool is_whole = mistakes_.empty();
    size_t count = 0;
    for (Finding& found : findings_in(insns)) {
      if (!is_whole && (!found.pc || !insns_[*found.pc].is_right || found.code == "bpf-uninitialised")) continue;
      if (++count > kMaxAssemblyErrors) return;
      std::optional<Token> token;
      if (found.pc) token = insns_[*found.pc].start;
      mistakes_.push_back({token, std::move(found.code), std::move(found.message), std::move(found.hint)});
    }
  }

  Diagnostics told() {
    auto begin = [](const AssemblyMistake& mistake) { return mistake.token ? mistake.token->begin : 0; };
    std::stable_sort(mistakes_.begin(), mistakes_.end(),
                     [&](const auto& a, const auto& b) { return begin(a) < begin(b); });
    if (mistakes_.size() > kMaxAssemblyErrors) mistakes_.resize(kMaxAssemblyErrors);
    Sources sources;
    const SourceId source = sources.add(options_.name, std::string(text_));
    auto place = [&](const std::optional<Token>& token) {
      return token ? sources.locate({source, token->begin, token->end()}) : Place{options_.name, 0, 0, 0, {}};
    };
    Diagnostics diagnostics;
    for (AssemblyMistake& found : mistakes_) {
      Diagnostic& told =
          diagnostics.error(std::move(found.code), place(found.token), std::move(found.message), std::move(found.hint));
      if (found.earlier) told.notes.push_back({place(found.earlier), "the first stands here"});
    }
    return diagnostics;
  }

  std::string_view text_;
  const AssembleOptions& options_;
  std::vector<AssemblyMistake> mistakes_;
  AssemblyLexer lexer_;
  AssemblyParser parser_;
  std::vector<Line> insns_;
  std::map<std::string_view, Label> labels_;
};

}  // namespace

Result<Program> assemble(std::string_view text, const AssembleOptions& options) {
  return Assembler(text, options).run();
}

}  // namespace cordon::bpf
