// Jumps go forward, so one pass sees every instruction after all that lead to it. A way to an instruction is
// what it says of the words: facts about them under masks. A side whose facts contradict each other is not
// taken. Ways that differ only in words no later instruction loads go on alike: one of them is followed.
#include "path.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace cordon::engines {
namespace {

constexpr size_t kMaxSolveSteps = 20000;
constexpr size_t kWords = 16;

// (word & mask) lies within first..last, or outside of it.
struct Fact {
  size_t word = 0;
  uint32_t mask = 0;
  uint32_t first = 0;
  uint32_t last = 0;
  bool inside = true;

  bool operator==(const Fact&) const = default;
};

struct Way {
  std::vector<Fact> facts;
  size_t word = kWords;  // what the accumulator holds
  uint32_t mask = 0;
};

// No word that begins with the bits of `value` above the `open` ones can make the fact true.
bool refuted(const Fact& fact, uint32_t value, uint32_t open) {
  uint32_t low = value & fact.mask, high = (value | open) & fact.mask;
  if (fact.inside) return high < fact.first || low > fact.last;
  return low >= fact.first && high <= fact.last;
}

// A word for which all facts hold, by trying bits from the highest; zeros first. Beginnings that compare alike
// with all bounds fail alike.
class WordSolver {
 public:
  WordSolver(const std::vector<Fact>& facts, size_t word) {
    for (const Fact& fact : facts) {
      if (fact.word == word) facts_.push_back(fact);
    }
  }
  std::optional<uint32_t> solve() { return solve(0, 32); }
  bool gave_up() const { return steps_ > kMaxSolveSteps; }

 private:
  std::optional<uint32_t> solve(uint32_t value, unsigned open_bits) {
    uint32_t open = open_bits == 32 ? UINT32_MAX : (1u << open_bits) - 1;
    if (++steps_ > kMaxSolveSteps) return std::nullopt;
    for (const Fact& fact : facts_) {
      if (refuted(fact, value, open)) return std::nullopt;
    }
    if (open_bits == 0) return value;
    std::string comparison(1, static_cast<char>(open_bits));
    for (const Fact& fact : facts_) {
      for (uint32_t bound : {fact.first, fact.last}) {
        uint64_t have = static_cast<uint64_t>(value & fact.mask) >> open_bits,
                 want = static_cast<uint64_t>(bound) >> open_bits;
        comparison += have < want ? '<' : have > want ? '>' : '=';
      }
    }
    if (failed_.count(comparison) > 0) return std::nullopt;
    std::optional<uint32_t> solution = solve(value, open_bits - 1);
    if (!solution) solution = solve(value | 1u << (open_bits - 1), open_bits - 1);
    if (!solution) failed_.insert(comparison);
    return solution;
  }

  std::vector<Fact> facts_;
  std::set<std::string> failed_;
  size_t steps_ = 0;
};

bool is_branch(const bpf::Insn& insn) {
  return insn.code == bpf::kJeqK || insn.code == bpf::kJgeK || insn.code == bpf::kJgtK || insn.code == bpf::kJsetK;
}

// What it means that the branch is taken.
Fact fact_of(const bpf::Insn& insn, const Way& way) {
  switch (insn.code) {
    case bpf::kJeqK: return {way.word, way.mask, insn.k, insn.k, true};
    case bpf::kJgeK: return {way.word, way.mask, insn.k, UINT32_MAX, true};
    case bpf::kJgtK: return {way.word, way.mask, 0, insn.k, false};
    default: return {way.word, way.mask & insn.k, 0, 0, false};
  }
}

bpf::Input input_of(const Way& way) {
  uint32_t words[kWords];
  for (size_t i = 0; i < kWords; ++i) words[i] = WordSolver(way.facts, i).solve().value_or(0);
  auto pair = [&](size_t i) { return static_cast<uint64_t>(words[i + 1]) << 32 | words[i]; };
  bpf::Input input{words[0], words[1], pair(2), {}};
  for (size_t i = 0; i < 6; ++i) input.args[i] = pair(4 + 2 * i);
  return input;
}

class Walker {
 public:
  Walker(const bpf::Program& program, size_t max_ways)
      : program_(program), max_ways_(max_ways), loaded_(program.size() + 1), ways_(program.size() + 1) {
    for (size_t pc = program.size(); pc-- > 0;) {
      const bpf::Insn& insn = program[pc];
      if (insn.code == bpf::kRetK) continue;
      if (insn.code == bpf::kJa) {
        loaded_[pc] = loaded_[pc + 1 + insn.k];
      } else if (is_branch(insn)) {
        for (size_t i = 0; i < kWords; ++i)
          loaded_[pc][i] = loaded_[pc + 1 + insn.jt][i] || loaded_[pc + 1 + insn.jf][i];
      } else {
        loaded_[pc] = loaded_[pc + 1];
        if (insn.code == bpf::kLdAbs) loaded_[pc][insn.k / 4] = true;
      }
    }
  }

  Paths walk() {
    ways_[0].push_back({});
    for (size_t pc = 0; pc < program_.size(); ++pc) {
      result_.calls.emplace_back();
      if (!ways_[pc].empty()) result_.calls.back() = input_of(ways_[pc].front());
      for (Way& way : ways_[pc]) step(pc, way);
      ways_[pc].clear();
    }
    return std::move(result_);
  }

 private:
  void step(size_t pc, Way& way) {
    const bpf::Insn& insn = program_[pc];
    if (is_branch(insn)) {
      branch(pc, way);
    } else if (insn.code == bpf::kJa) {
      arrive(pc + 1 + insn.k, way);
    } else if (insn.code == bpf::kLdAbs) {
      way.word = insn.k / 4;
      way.mask = UINT32_MAX;
      arrive(pc + 1, way);
    } else if (insn.code == bpf::kAndK) {
      way.mask &= insn.k;
      arrive(pc + 1, way);
    }
  }

  void branch(size_t pc, const Way& way) {
    Fact yes = fact_of(program_[pc], way), no = yes;
    no.inside = !no.inside;
    Way on_yes = way, on_no = way;
    on_yes.facts.push_back(yes);
    on_no.facts.push_back(no);
    bool can_yes = can_be(on_yes), can_no = can_be(on_no);
    // What follows from the rest is no news.
    if (can_yes) arrive(pc + 1 + program_[pc].jt, can_no ? on_yes : way);
    if (can_no) arrive(pc + 1 + program_[pc].jf, can_yes ? on_no : way);
  }

  bool can_be(const Way& way) {
    WordSolver solver(way.facts, way.facts.back().word);
    bool solved = solver.solve().has_value();
    if (solver.gave_up()) result_.complete = false;
    return solved;
  }

  // Whether everything `a` says that still matters at pc is said by `b` too.
  bool says_less(size_t pc, const Way& a, const Way& b) const {
    if (a.word != b.word || a.mask != b.mask) return false;
    for (const Fact& fact : a.facts) {
      bool matters = loaded_[pc][fact.word] || fact.word == a.word;
      if (matters && std::find(b.facts.begin(), b.facts.end(), fact) == b.facts.end()) return false;
    }
    return true;
  }

  void arrive(size_t pc, const Way& way) {
    for (const Way& other : ways_[pc]) {
      if (says_less(pc, other, way)) return;
    }
    std::erase_if(ways_[pc], [&](const Way& other) { return says_less(pc, way, other); });
    if (ways_[pc].size() < max_ways_) {
      ways_[pc].push_back(way);
    } else {
      result_.complete = false;
    }
  }

  const bpf::Program& program_;
  size_t max_ways_;
  std::vector<std::array<bool, kWords>> loaded_;  // words loaded at the instruction or after it
  std::vector<std::vector<Way>> ways_;
  Paths result_;
};

}  // namespace

Paths find_paths(const bpf::Program& program, size_t max_ways) { return Walker(program, max_ways).walk(); }

}  // namespace cordon::engines
