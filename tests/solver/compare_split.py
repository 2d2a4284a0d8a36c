#!/usr/bin/python3
"""Asks z3 whether the compiler's first stages keep the meaning of conditions, for all values of all registers.

Random conditions are written in the policy language. What they mean is built here from the same tree as their text;
what became of them is read from `cordon compile --dump resolved,split`. z3 proves both equal, or shows registers for
which they differ. Ends with 77 where python3-z3 is missing.
"""
import argparse
import random
import re
import subprocess
import sys
import tempfile

try:
    import z3
except ImportError:
    print("skipped: needs python3-z3")
    sys.exit(77)

FIRST_NUMBER = 700  # numbers without a name: arguments have no prototype, so nothing but the text says their width
ARGUMENTS = [z3.BitVec(f"arg{i}", 64) for i in range(6)]
VALUES = [0, 1, 2, 5, 0x10, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
          0x1fffffffe, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000, 0xfffffffffffffffe,
          0xffffffffffffffff]
MASKS = [1, 0x3, 0xff00, 0xffff, 0x80000000, 0xffffffff, 0xffffffff00000000, 0x100000001, 0xff000000000000ff,
         0x8000000000000000, 0x5555, 0x7fffffffffffffff]
OPERATORS = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": z3.ULT, "<=": z3.ULE, ">": z3.UGT,
             ">=": z3.UGE}


class Generator:
    """Conditions as a pair: their text, and their meaning."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self):
        if self.random.random() < 0.6:
            return self.random.choice(VALUES)
        return self.random.getrandbits(self.random.choice([8, 32, 40, 64]))

    def test(self):
        index = self.random.randrange(3)
        operand, text = ARGUMENTS[index], f"raw(arg{index})"
        limit = (1 << 64) - 1
        if self.random.random() < 0.4:
            limit = self.random.choice(MASKS)
            operand, text = operand & z3.BitVecVal(limit, 64), f"{text} & {limit:#x}"
        if self.random.random() < 0.3:
            pieces, meanings = [], []
            for _ in range(self.random.randrange(1, 4)):
                first, last = sorted(self.value() & limit for _ in range(2))
                pieces.append(f"{first:#x}..{last:#x}")
                meanings.append(z3.And(z3.UGE(operand, first), z3.ULE(operand, last)))
            return f"{text} in {{{', '.join(pieces)}}}", z3.Or(meanings)
        symbol = self.random.choice(list(OPERATORS))
        value = self.value() & limit
        return f"{text} {symbol} {value:#x}", OPERATORS[symbol](operand, z3.BitVecVal(value, 64))

    def condition(self, depth):
        if depth == 0 or self.random.random() < 0.3:
            return self.test()
        if self.random.random() < 0.2:
            text, meaning = self.condition(depth - 1)
            return f"!({text})", z3.Not(meaning)
        parts = [self.condition(depth - 1) for _ in range(self.random.randrange(2, 4))]
        joiner, join = self.random.choice([("&&", z3.And), ("||", z3.Or)])
        return f" {joiner} ".join(f"({text})" for text, _ in parts), join([meaning for _, meaning in parts])


class Dump:
    """The conditions in a dump, read back: all(A; B), any(A; B), T and T | T, always, never."""

    TEST = re.compile(r"arg(\d)(\.high|\.low)? & (0x[0-9a-f]+) in \{([^}]*)\}")

    def __init__(self, text):
        self.text, self.at = text, 0

    def take(self, word):
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def expect(self, word):
        if not self.take(word):
            raise ValueError(f"'{word}' expected in the dump: {self.text[self.at:self.at + 60]}")

    def condition(self):
        for word, join in (("all(", z3.And), ("any(", z3.Or)):
            if self.take(word):
                parts = [self.condition()]
                while self.take("; "):
                    parts.append(self.condition())
                self.expect(")")
                return join(parts)
        if self.take("never"):
            return z3.BoolVal(False)
        alternatives = [self.alternative()]
        while self.take(" | "):
            alternatives.append(self.alternative())
        return z3.Or(alternatives)

    def alternative(self):
        if self.take("always"):
            return z3.BoolVal(True)
        tests = [self.test()]
        while self.take(" and "):
            tests.append(self.test())
        return z3.And(tests)

    def test(self):
        match = self.TEST.match(self.text, self.at)
        if match is None:
            raise ValueError(f"no test in the dump: {self.text[self.at:self.at + 60]}")
        self.at = match.end()
        operand, part, mask, ranges = ARGUMENTS[int(match[1])], match[2], int(match[3], 16), match[4]
        if part:
            operand = z3.Extract(63, 32, operand) if part == ".high" else z3.Extract(31, 0, operand)
        width = operand.size()
        operand = operand & z3.BitVecVal(mask, width)
        meanings = []
        for piece in ranges.split(", "):
            first, _, last = piece.partition("..")
            first, last = int(first, 16), int(last or first, 16)
            assert first <= last < 1 << width
            meanings.append(z3.And(z3.UGE(operand, z3.BitVecVal(first, width)),
                                   z3.ULE(operand, z3.BitVecVal(last, width))))
        return z3.Or(meanings)


def meanings_in(dump, count):
    """What each call is allowed for, by number."""
    found, numbers = {}, range(0)
    for line in dump.splitlines():
        if match := re.fullmatch(r"  (\d+)(?:\.\.(\d+))?", line):
            numbers = range(int(match[1]), int(match[2] or match[1]) + 1)
        elif match := re.fullmatch(r"    (.*) -> allow \(.*\)", line):
            parsed = Dump(match[1])
            meaning = parsed.condition()
            parsed.expect("")
            assert parsed.at == len(match[1]), f"left over in the dump: {match[1][parsed.at:]}"
            for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
                if number in numbers:
                    found[number] = meaning
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cordon", required=True)
    options.add_argument("--count", type=int, default=150)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    generator = Generator(options.seed)
    conditions = [generator.condition(generator.random.randrange(3)) for _ in range(options.count)]
    lines = ["arch x86_64", "default kill_process"]
    lines += [f"allow syscall_{FIRST_NUMBER + i}({text})" for i, (text, _) in enumerate(conditions)]
    with tempfile.NamedTemporaryFile("w", suffix=".cordon") as policy:
        policy.write("\n".join(lines) + "\n")
        policy.flush()
        command = [options.cordon, "compile", policy.name, "--dump", "resolved,split", "-q", "-o", "/dev/null"]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        print(f"cordon ended with {result.returncode}: {result.stderr[:2000]}")
        return 1
    stages = dict(re.findall(r"^== (\w+)\n(.*?)(?=^== |\Z)", result.stdout + result.stderr, re.M | re.S))
    wrong = proved = 0
    for stage in ("resolved", "split"):
        found = meanings_in(stages[stage], options.count)
        for i, (text, meaning) in enumerate(conditions):
            solver = z3.Solver()
            solver.add(meaning != found.get(FIRST_NUMBER + i, z3.BoolVal(False)))
            answer = solver.check()
            if answer == z3.unsat:
                proved += 1
                continue
            wrong += 1
            print(f"{stage}: z3 says {answer} for {text}: {solver.model() if answer == z3.sat else ''}")
    print(f"{proved} of {2 * options.count} conditions proved to mean what is written")
    return 1 if wrong else 0


sys.exit(main())
