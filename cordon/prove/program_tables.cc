#include "cordon/prove/program_tables.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cordon/base/text.h"
#include "cordon/policy/abi_rules.h"
#include "cordon/policy/action.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/encode_stack.h"
#include "cordon/prove/forward.h"
#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;
using diagram::Piece;

constexpr size_t kMaxPieces = 8192;
constexpr uint32_t kMaxArches = 64;  // beside each other, without one that the filter answers as all others

constexpr const char* kSeeInstructions = "'cordon disasm' shows its instructions";

Diagnostic failed(std::string code, std::string message, std::string hint) {
  return {Severity::error, std::move(code), {}, std::move(message), std::move(hint), {}};
}

Diagnostic too_large(const std::string& where, const char* cure) {
  return failed("decompile-too-large", "the filter's answers are too many to tell apart" + where, cure);
}

class TableFinder {
 public:
  TableFinder(std::span<const bpf::Program> programs, const TablesOptions& options)
      : programs_(programs), executions_(programs.begin(), programs.end()), options_(options) {}

  Result<ProgramTables> find() {
    CORDON_TRY(little, diagram(Endian::little));
    const auto arches = diagram::pieces_of(little->manager, little->root, kArchWord, kMaxPieces);
    if (!arches) return too_large(" by architecture", kSeeInstructions);
    const Node other = widest(*arches);
    if (!little->manager.is_leaf(other))
      return failed("decompile-any-arch",
                    "what the filter answers to calls of architectures it does not know depends on the call",
                    "a policy has one action for them: the filter should look at the architecture first");
    tables_.bad_arch = policy::from_ret(static_cast<uint32_t>(little->manager.value(other)));
    for (const Piece& piece : *arches) {
      if (piece.node == other) continue;
      if (piece.last - piece.first >= kMaxArches) return unknown_arch(piece);
      for (uint64_t value = piece.first; value <= piece.last; ++value)
        if (auto problem = add(static_cast<uint32_t>(value), piece)) return *problem;
    }
    std::stable_sort(tables_.abis.begin(), tables_.abis.end(),
                     [](const AbiTable& a, const AbiTable& b) { return a.arch < b.arch; });
    return std::move(tables_);
  }

 private:
  static Diagnostic unknown_arch(const Piece& piece) {
    return failed("decompile-unknown-arch",
                  "the filter answers calls of architecture " + base::hex(piece.first) +
                      (piece.first == piece.last ? "" : ".." + base::hex(piece.last)) +
                      " apart, which is no architecture of Linux",
                  "'cordon disasm' shows its instructions");
  }

  static Node widest(const std::vector<Piece>& pieces) {
    std::map<Node, uint64_t> widths;
    for (const Piece& piece : pieces) widths[piece.node] += uint64_t{piece.last} - piece.first + 1;
    return std::max_element(widths.begin(), widths.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }

  std::string at_instruction(uint32_t program, uint32_t pc) const {
    return " at instruction " + std::to_string(pc) +
           (executions_.size() > 1 ? " of filter " + std::to_string(program) : std::string());
  }

  Result<ProgramDiagram*> diagram(Endian endian) {
    auto& place = tables_.diagrams[static_cast<size_t>(endian)];
    if (place) return place.get();
    diagram::Cuts cuts;
    // Programs of too many states are run forwards, on words cut to bits.
    const bool is_forward = std::any_of(executions_.begin(), executions_.end(),
                                        [](const Execution& execution) { return execution.overflow().has_value(); });
    if (!is_forward)
      for (const Execution& execution : executions_) collect_cuts(execution, cuts);
    const diagram::Cuts own = cuts;
    if (is_forward)
      for (const bpf::Program& program : programs_)
        for (diagram::Word word = 0; word < diagram::kWordCount; ++word)
          if ((loaded_words(program) >> word & 1) != 0) cuts.at_every_bit(word);
    BitSpace::cut(cuts);
    auto made = std::make_unique<ProgramDiagram>(
        ProgramDiagram{Manager(diagram::Order::of_words(word_order(endian), cuts), {.max_steps = options_.max_steps}),
                       endian, own, 0});
    const StackNode encoded =
        is_forward ? encode_stack_forward(made->manager, programs_) : encode_stack(made->manager, executions_);
    if (encoded.undecided_at) return too_large(at_instruction(encoded.program, *encoded.undecided_at), kMoreWork);
    if (made->manager.exhausted()) return too_large(" together", kMoreWork);
    made->root = encoded.node;
    place = std::move(made);
    return place.get();
  }

  // The ABIs of one audit value.
  std::optional<Diagnostic> add(uint32_t audit_arch, const Piece& piece) {
    const size_t before = tables_.abis.size();
    bool is_known = false, is_first = true;
    for (const abi::ArchInfo& arch : abi::arches()) {
      if (arch.audit_arch != audit_arch) continue;
      is_known = true;
      Result<ProgramDiagram*> in = diagram(arch.endian);
      if (!in) return *in.error().begin();
      AbiTable table{arch.arch, *in, {}};
      if (!fill(table, audit_arch, is_first)) return too_large(" by number", kMoreWork);
      if (!answers_as_unknown(table)) {
        tables_.abis.push_back(std::move(table));
        is_first = false;
      }
    }
    if (!is_known) return unknown_arch(piece);
    // 0xffffffff alone is answered apart: it is the first ABI's.
    if (tables_.abis.size() == before)
      for (const abi::ArchInfo& arch : abi::arches())
        if (arch.audit_arch == audit_arch) return add_anyway(arch, audit_arch);
    return std::nullopt;
  }

  std::optional<Diagnostic> add_anyway(const abi::ArchInfo& arch, uint32_t audit_arch) {
    Result<ProgramDiagram*> in = diagram(arch.endian);
    AbiTable table{arch.arch, *in, {}};
    fill(table, audit_arch, true);
    tables_.abis.push_back(std::move(table));
    return std::nullopt;
  }

  bool fill(AbiTable& table, uint32_t audit_arch, bool is_first) {
    Manager& manager = table.diagram->manager;
    const auto arches = diagram::pieces_of(manager, table.diagram->root, kArchWord, kMaxPieces);
    if (!arches) return false;
    auto holds = [audit_arch](const Piece& piece) { return piece.first <= audit_arch && audit_arch <= piece.last; };
    Node node = std::find_if(arches->begin(), arches->end(), holds)->node;
    // Where the kernel shows no upper halves, nothing that asks them matters.
    if (table.arch == Arch::ppc || table.arch == Arch::sparc) node = manager.with_zero(node, upper_words());
    const auto numbers = diagram::pieces_of(manager, node, kNrWord, kMaxPieces);
    if (!numbers || manager.exhausted()) return false;
    for (const policy::NumberRange& part : policy::share_of(table.arch, is_first))
      for (const Piece& piece : *numbers) {
        const uint32_t first = std::max(piece.first, part.first), last = std::min(piece.last, part.last);
        if (first <= last) table.pieces.push_back({first, last, piece.node});
      }
    return true;
  }

  static uint16_t upper_words() {
    uint16_t words = 0;
    for (uint8_t operand = 0; operand < kOperandCount; ++operand)
      words |= static_cast<uint16_t>(1u << *words_of(operand, Endian::big).high);
    return words;
  }

  // Not counting 0xffffffff, which is looked at when all ABIs of the value are known.
  bool answers_as_unknown(const AbiTable& table) const {
    const Manager& manager = table.diagram->manager;
    const uint64_t unknown = policy::to_ret(tables_.bad_arch);
    return std::all_of(table.pieces.begin(), table.pieces.end(), [&](const Piece& piece) {
      return piece.first == UINT32_MAX || (manager.is_leaf(piece.node) && manager.value(piece.node) == unknown);
    });
  }

  std::span<const bpf::Program> programs_;
  std::vector<Execution> executions_;
  TablesOptions options_;
  ProgramTables tables_;
};

}  // namespace

Node AbiTable::at(uint32_t number) const {
  return std::find_if(pieces.begin(), pieces.end(), [number](const Piece& piece) { return number <= piece.last; })
      ->node;
}

bool AbiTable::is_constant() const {
  return diagram->manager.is_leaf(pieces.front().node) &&
         std::all_of(pieces.begin(), pieces.end(),
                     [&](const Piece& piece) { return piece.node == pieces.front().node; });
}

Result<ProgramTables> tables_of(std::span<const bpf::Program> programs, const TablesOptions& options) {
  return TableFinder(programs, options).find();
}

}  // namespace cordon::prove
