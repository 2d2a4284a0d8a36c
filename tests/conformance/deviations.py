"""The documented differences, and what was found against them.

    deviations = Deviations.read(path)
    reason = deviations.reason_for("16-sim-arch_basic", "looser", "x32", "read")   # None: not documented
    deviations.unseen()                                                            # rows nothing was found for

What a row is about is `looser`, `tighter` or `same_strictness` of libseccomp's filter with calls, or `case` with lines
of the .tests file that cordon answers otherwise ("line12").
"""

import dataclasses
import itertools
import pathlib


@dataclasses.dataclass
class Deviations:
    version: str
    reasons: dict  # name: text
    rows: dict  # (test, what, arch, call): reason
    seen: set = dataclasses.field(default_factory=set)

    @staticmethod
    def read(path: pathlib.Path):
        version, reasons, rows, last = "", {}, {}, None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("#") or not line.strip():
                continue
            words = line.split()
            if line[0].isspace() and last:
                reasons[last] += " " + line.strip()
            elif words[0] == "version":
                version = words[1]
            elif words[0] == "reason":
                last, _, text = line.removeprefix("reason ").partition(": ")
                reasons[last] = text
            elif len(words) == 5 and words[4] in reasons:
                test, what, arches, calls, reason = words
                for arch, call in itertools.product(arches.split(","), calls.split(",")):
                    rows[test, what, arch, call] = reason
            else:
                raise SystemExit(f"{path}:{number}: expected 'TEST WHAT ARCHES CALLS REASON' with a reason named above")
        return Deviations(version, reasons, rows)

    def reason_for(self, *key):
        if key in self.rows:
            self.seen.add(key)
        return self.rows.get(key)

    def unseen(self):
        return [key for key in self.rows if key not in self.seen]
