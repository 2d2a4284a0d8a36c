#!/usr/bin/env python3
"""libseccomp's own regression suite as a judge of cordon: `./dev conformance`.

Takes libseccomp's source package, builds its test programs in a scratch directory, records the rules each of them adds
(recorder.c) and lets cordon_conformance_judge compare: every line of the .tests files against cordon's meaning and
filters, every filter libseccomp wrote against the policy, by proof. Nothing of libseccomp is kept.

Exit: 0 all is as documented in deviations.txt, 1 something is not, 77 the source cannot be had or built.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap

import replay
import source
from deviations import Deviations
from dot_tests import Suite

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


class Findings:
    """Counts, and what was found that is documented or is not."""

    def __init__(self, deviations):
        self.deviations = deviations
        self.counts = collections.Counter()
        self.arches = set()
        self.documented = collections.defaultdict(list)  # by reason
        self.problems = []

    def problem(self, test, text):
        self.problems.append(f"{test}: {text}")

    def difference(self, test, what, arches, calls, text):
        reasons = {self.deviations.reason_for(test, what, arch, call) for arch in arches for call in calls}
        if None in reasons:
            self.problem(test, f"not documented: {text}")
            return False
        self.documented[reasons.pop()].append(f"{test}: {text}")
        return True

    def add(self, test, lines, skipped, policy, found):
        self.counts.update(
            programs=1, lines=lines, skipped=skipped, rules=found["rules"], calls=found["calls"],
            own=found["instructions"], theirs=found["libseccomp_instructions"],
        )
        self.arches.update(arch for part in policy["parts"] for arch in part["arches"])
        for level in ("attach", "size"):
            if found[f"{level}_proof"] == "equal":
                self.counts["proved"] += 1
            else:
                self.problem(test, f"cordon's filter at {level} against the policy: {found[f'{level}_proof']}")
        for case in found["failures"]:
            text = "line {line} on {arch}, {engine}: {example} is {got}, expected {expected}, {calls} calls".format(**case)
            self.difference(test, "case", [case["arch"]], [f"line{case['line']}"], text)
            self.counts["failed"] += case["calls"] if case["engine"] == "attach" else 0
        self.add_proof(test, found)

    def add_proof(self, test, found):
        verdict = found["libseccomp_proof"]
        if verdict == "equal":
            self.counts["equal"] += 1
            return
        if verdict == "undecided" or not found["is_complete"] or not found["differences"]:
            self.problem(test, f"libseccomp's filter against the policy: {verdict}, not told in full")
            return
        known = True
        for one in found["differences"]:
            text = "{filter} on {on}: {names}, policy {policy}, libseccomp {libseccomp}, for one {witness}".format(
                on=", ".join(one["arches"]), names=", ".join(one["calls"]), **one
            )
            known &= self.difference(test, one["filter"], one["arches"], one["calls"], text)
        self.counts["documented"] += known

    def finish(self, version):
        if version != self.deviations.version:
            return
        for test, what, arch, call in self.deviations.unseen():
            self.problem(test, f"documented, but not found any more: {what} on {arch}: {call}")

    def report(self, version):
        count = self.counts
        print(
            f"libseccomp {version}: {count['programs']} programs, {count['rules']} rules on {len(self.arches)} "
            f"architectures; {count['lines']} lines of .tests files, {count['skipped']} of them not about this machine"
        )
        print(f"  cordon's filters      {count['proved']} of {2 * count['programs']} proved equal to their policies")
        print(f"  calls of the lines    {count['calls'] - count['failed']} of {count['calls']} answered as the line says")
        print(
            f"  libseccomp's filters  {count['equal']} of {count['programs']} proved equal to the policy, "
            f"{count['documented']} differ as documented"
        )
        print(f"  instructions          {count['own']} (cordon, for size) against {count['theirs']}")
        for reason, texts in self.documented.items():
            print(f"\n{reason}")
            print(textwrap.indent(textwrap.fill(self.deviations.reasons[reason], 110), "  "))
            print("".join(f"    {text}\n" for text in texts), end="")
        for problem in self.problems:
            print(f"\nFAILED {problem}")


def judge(judge_program, built, suite, recorder, scratch, test):
    """The recorded policy, what the judge says of it, and the number of lines left out; or a text that says why not."""
    calls, recording, filter_file = (scratch / f"{test}.{kind}" for kind in ("calls", "json", "bpf"))
    calls.unlink(missing_ok=True)
    written = built.run(test, recorder, calls)
    if written != built.run(test, None, None):
        return "the recorder changed the filter"
    policies = replay.replay(calls)
    if len(policies) != 1:
        return f"{len(policies)} filters were exported, expected one"
    policies[0]["cases"], skipped = suite.cases(test)
    recording.write_text(json.dumps(policies[0]))
    filter_file.write_bytes(written)
    done = subprocess.run([judge_program, recording, filter_file], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"not judged: {done.stderr.strip()}"
    return policies[0], json.loads(done.stdout), skipped


def run(options, scratch):
    built = source.prepare(scratch, options.source)
    recorder = scratch / "recorder.so"
    flags = ["-std=gnu11", "-O1", "-shared", "-fPIC", f"-I{built.path}/include"]
    source.command(["cc", *flags, "-o", str(recorder), str(HERE / "recorder.c"), "-ldl"], scratch)
    suite = Suite(built.path, built.native(), built.resolve)
    findings = Findings(Deviations.read(HERE / "deviations.txt"))
    for test in suite.names():
        result = judge(options.judge, built, suite, recorder, scratch, test)
        if isinstance(result, str):
            findings.problem(test, result)
            continue
        policy, found, skipped = result
        findings.add(test, sum(1 for _ in suite.lines(test)), skipped, policy, found)
    findings.finish(built.version)
    findings.report(built.version)
    return 1 if findings.problems or not findings.counts["programs"] else 0


def main():
    parser = argparse.ArgumentParser(description="libseccomp's regression suite as a judge of cordon")
    parser.add_argument("--judge", required=True, help="cordon_conformance_judge")
    parser.add_argument("--source", type=pathlib.Path, help="libseccomp's source, a directory or a tar archive")
    parser.add_argument("--scratch", type=pathlib.Path, help="kept, and what was built there is used again")
    options = parser.parse_args()
    if options.source and not options.source.exists():
        parser.error(f"there is no {options.source}")
    try:
        if options.scratch:
            options.scratch.mkdir(parents=True, exist_ok=True)
            return run(options, options.scratch.resolve())
        with tempfile.TemporaryDirectory(prefix="cordon-conformance-") as scratch:
            return run(options, pathlib.Path(scratch))
    except source.Unavailable as problem:
        print(f"conformance: skipped, libseccomp's test programs cannot be had: {problem}", file=sys.stderr)
        return SKIPPED


sys.exit(main())
