"""The lines of a .tests file that say what a filter answers to calls.

    suite = Suite(source_directory, resolve)
    suite.cases("06-sim-actions")  # [{"line": 12, "arch": "x86_64", "numbers": [0, 0], "args": [...], "result": ...}]

One line is one case for each architecture it stands for; ranges stay ranges. `resolve(arch, name)` gives the number
the library has for a call.
"""

import pathlib
import re

NATIVE_CLASSES = {"all": None, "all_le": "LE", "all_be": "BE", "all_32": "32B", "all_64": "64B"}
PLAIN_ACTIONS = {
    "ALLOW": 0x7FFF0000,
    "KILL": 0x00000000,
    "KILL_PROCESS": 0x80000000,
    "TRAP": 0x00030000,
    "LOG": 0x7FFC0000,
}
ACTIONS_WITH_DATA = {"ERRNO": 0x00050000, "TRACE": 0x7FF00000}


def read_classes(driver: str):
    """The architectures the suite's own driver lists as little endian, of 32 bits and so on."""
    found = re.findall(r'^GLBL_ARCH_(\w+)_SUPPORT="([^"]*)"', driver, re.MULTILINE)
    return {name: text.replace("\\", " ").split() for name, text in found}


def number_range(text):
    first, _, last = text.partition("-") if not text.startswith("-") else (text, "", "")
    return [int(first, 0), int(last or first, 0)]


def return_value(text):
    if text in PLAIN_ACTIONS:
        return PLAIN_ACTIONS[text]
    name, data = re.fullmatch(r"(\w+)\((\d+)\)", text).groups()
    return ACTIONS_WITH_DATA[name] | int(data)


class Suite:
    def __init__(self, source: pathlib.Path, native: str, resolve):
        self.tests = source / "tests"
        self.native = native
        self.resolve = resolve
        self.classes = read_classes((self.tests / "regression").read_text())

    def arches(self, words):
        chosen, avoided = [], []
        for word in words.split(","):
            sign, name = (word[0], word[1:]) if word[0] in "+-" else ("", word)
            if sign == "-":
                avoided.append(name)
            elif name in NATIVE_CLASSES:
                members = self.classes[NATIVE_CLASSES[name]] if NATIVE_CLASSES[name] else [self.native]
                chosen += members if sign else [self.native] if self.native in members else []
            elif sign or name == self.native:
                chosen.append(name)
        return [name for name in dict.fromkeys(chosen) if name not in avoided]

    def numbers(self, arch, text):
        if re.match(r"-?\d", text):
            return [number & 0xFFFFFFFF for number in number_range(text)]
        return [self.resolve(arch, text) & 0xFFFFFFFF] * 2

    def names(self):
        """Of the programs that make a filter to judge."""
        return sorted(path.stem for path in self.tests.glob("*.tests") if self.sections(path.stem) & {"bpf-sim"})

    def sections(self, name):
        return set(re.findall(r"^test type: (\S+)", (self.tests / f"{name}.tests").read_text(), re.MULTILINE))

    def lines(self, name):
        section = ""
        for place, text in enumerate((self.tests / f"{name}.tests").read_text().splitlines(), 1):
            words = text.split("#")[0].split()
            if text.startswith("test type:"):
                section = words[2]
            elif words and section == "bpf-sim":
                yield place, words

    def cases(self, name):
        """The cases, and how many lines are not about this machine."""
        cases, skipped = [], 0
        for place, (_, arches, call, *args, result) in self.lines(name):
            chosen = self.arches(arches)
            skipped += not chosen
            for arch in chosen:
                cases.append(
                    {
                        "line": place,
                        "arch": arch,
                        "numbers": self.numbers(arch, call),
                        "args": [[0, 0] if arg == "N" else number_range(arg) for arg in args],
                        "result": return_value(result),
                    }
                )
        return cases, skipped
