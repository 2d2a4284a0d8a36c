// Filters as tables: for each architecture they know, their function of the arguments for each range of numbers.
//
//   Result<ProgramTables> tables = tables_of(programs, {});      // a stack, the oldest first
//   tables->abis[0].arch == Arch::x86_64, tables->abis[0].pieces == {{0, 0, allow}, {1, 334, deny}, …}
//
// Errors: the filters answer architectures apart that no table has, answer calls of unknown architectures by
// more than one action, or are too large a function.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/diagram/walk.h"
#include "cordon/prove/bit_space.h"

namespace cordon::prove {

// The filter's diagram, for one byte order of arguments.
struct ProgramDiagram {
  diagram::Manager manager;
  Endian endian;
  diagram::Cuts cuts;  // without those at every bit of the arguments
  diagram::Node root = 0;
};

struct AbiTable {
  Arch arch = Arch::x86_64;
  ProgramDiagram* diagram = nullptr;
  std::vector<diagram::Piece> pieces;  // of numbers that are the ABI's, in order

  // The function of a number of the ABI.
  diagram::Node at(uint32_t number) const;
  // Of all numbers alike, not counting 0xffffffff beside x32, one action.
  bool is_constant() const;
};

struct ProgramTables {
  std::array<std::unique_ptr<ProgramDiagram>, 2> diagrams;  // by byte order; those that are needed
  std::vector<AbiTable> abis;                               // in the order of Arch; may be empty
  Action bad_arch;
};

// Where more work may find an answer.
inline constexpr const char* kMoreWork =
    "`cordon convert --effort 10` takes ten times the work; 'cordon disasm' shows the instructions";

struct TablesOptions {
  uint64_t max_steps = 40'000'000;
};

Result<ProgramTables> tables_of(std::span<const bpf::Program> programs, const TablesOptions& options);

}  // namespace cordon::prove
