#!/usr/bin/env python3
"""Runs directive files (*.case) against a cordon binary; README.md describes the format.

    run_cases.py --cordon build/cli/cordon tests/cases/check
    run_cases.py --cordon build/cli/cordon --bless tests/cases/check/errors.case

Ends with 0 if every case passed, 1 if one failed, 2 if a file cannot be read, 77 if all were skipped.
"""
import argparse
import concurrent.futures
import ctypes
import dataclasses
import difflib
import functools
import mmap
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

NO_NEWLINE = "\\ no newline at end"
ESCAPED = re.compile(r"^\\(\\|~ |\.\.\.$|END$)")
DIRECTIVES = ("NAME", "NEEDS", "FILE", "FILE_HEX", "RUN", "STDIN", "EXPECT", "EXPECT_ERR", "EXIT")
BARE = ("STDIN", "EXPECT", "EXPECT_ERR")  # a block follows, and nothing stands on the line


class CaseError(Exception):
    """A case file that does not follow the format."""


@dataclasses.dataclass
class Step:
    """One RUN and what it must give."""

    command: str
    line: int  # of the RUN, from 0
    stdin: str = ""
    expected: dict = dataclasses.field(default_factory=dict)  # stream: (first, last line of the block, its lines)
    status: int = 0
    status_line: int | None = None
    last_line: int = 0  # of everything that belongs to the step before its expectations


@dataclasses.dataclass
class Case:
    name: str
    path: pathlib.Path
    line: int
    files: list = dataclasses.field(default_factory=list)  # (name, bytes)
    needs: list = dataclasses.field(default_factory=list)
    steps: list = dataclasses.field(default_factory=list)


class Parser:
    def __init__(self, path):
        self.path = path
        self.lines = path.read_text().split("\n")
        self.at = 0
        self.cases = []

    def fail(self, message):
        raise CaseError(f"{self.path}:{self.at + 1}: {message}")

    def block(self):
        """The lines up to END; self.at is left on the END."""
        first = self.at + 1
        while self.at + 1 < len(self.lines):
            self.at += 1
            if self.lines[self.at] == "END":
                return self.lines[first:self.at]
        self.at = first - 1
        self.fail("this block has no END")

    def case(self):
        if not self.cases:
            self.fail("a file begins with NAME")
        return self.cases[-1]

    def step(self, word):
        if not self.case().steps:
            self.fail(f"{word} belongs behind a RUN")
        return self.case().steps[-1]

    def directive(self, word, rest):
        if word not in DIRECTIVES:
            self.fail(f"'{word}' is no directive; there are {' '.join(DIRECTIVES)}")
        if word in BARE and rest:
            self.fail(f"{word} stands alone on its line")
        if word not in BARE and not rest:
            self.fail(f"{word} needs a value")
        if word == "NAME":
            self.cases.append(Case(rest, self.path, self.at))
        elif word == "NEEDS":
            self.case().needs += rest.split()
        elif word == "FILE":
            text = "".join(unescape(line) + "\n" for line in self.block())
            self.case().files.append((rest, text.encode()))
        elif word == "FILE_HEX":
            self.case().files.append((rest, self.hex_block()))
        elif word == "RUN":
            self.case().steps.append(Step(rest, self.at, last_line=self.at))
        elif word == "STDIN":
            step = self.step(word)
            step.stdin = "".join(unescape(line) + "\n" for line in self.block())
            step.last_line = self.at
        elif word in ("EXPECT", "EXPECT_ERR"):
            step = self.step(word)
            stream = "stdout" if word == "EXPECT" else "stderr"
            if stream in step.expected:
                self.fail(f"a second {word} for one RUN")
            first = self.at
            lines = self.block()
            step.expected[stream] = (first, self.at, lines)
        elif word == "EXIT":
            step = self.step(word)
            if not rest.isdigit() or int(rest) > 255:
                self.fail(f"EXIT takes 0 to 255, not '{rest}'")
            step.status, step.status_line = int(rest), self.at

    def hex_block(self):
        digits = "".join(line.split("#")[0] for line in self.block())
        try:
            return bytes.fromhex(digits)
        except ValueError as error:
            self.fail(f"FILE_HEX: {error}")

    def parse(self):
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip()
            if line and not line.startswith("#"):
                word, _, rest = line.partition(" ")
                self.directive(word, rest.strip())
            self.at += 1
        for case in self.cases:
            if not case.steps:
                raise CaseError(f"{self.path}:{case.line + 1}: the case runs nothing")
        return self.cases


def unescape(line):
    return line[1:] if ESCAPED.match(line) else line


def escape(line):
    return "\\" + line if line == "..." or line == "END" or line.startswith(("~ ", "\\")) and line != NO_NEWLINE else line


def output_lines(data):
    text = data.decode("utf-8", "backslashreplace")
    if not text:
        return []
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines + [NO_NEWLINE]


def line_matches(pattern, line):
    if pattern.startswith("~ "):
        return re.fullmatch(pattern[2:], line) is not None
    return (pattern if pattern == NO_NEWLINE else unescape(pattern)) == line


def matches(patterns, lines):
    """Whether lines are what patterns say: '...' is any number of lines, '~ RE' one that RE matches."""
    reachable = {0}  # how many lines the patterns so far can have used
    for pattern in patterns:
        if pattern == "...":
            reachable = set(range(min(reachable), len(lines) + 1))
        else:
            reachable = {n + 1 for n in reachable if n < len(lines) and line_matches(pattern, lines[n])}
        if not reachable:
            return False
    return len(lines) in reachable


# What a case may need. Each gives the reason why it is not there, or nothing.

def need_root():
    return None if os.geteuid() == 0 else "not root"


def need_seccomp():
    # A null program is refused with EFAULT where filters exist.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(22, 2, 0, 0, 0)
    return None if ctypes.get_errno() == 14 else "the kernel has no seccomp filters"


def need_i386():
    if os.uname().machine != "x86_64":
        return "i386 calls exist on x86_64 only"
    child = os.fork()
    if child == 0:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(bytes.fromhex("b814000000cd80c3"))  # mov $20 (getpid), %eax; int $0x80; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        os._exit(0 if ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0 else 1)
    return None if os.waitpid(child, 0)[1] == 0 else "the kernel takes no i386 calls"


def need_process_filters():
    """PTRACE_SECCOMP_GET_FILTER of a child that has just put a filter on: root, unfiltered, CONFIG_CHECKPOINT_RESTORE."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    child = os.fork()
    if child == 0:
        allow = ctypes.create_string_buffer(bytes.fromhex("060000000000ff7f"))  # ret allow
        program = ctypes.create_string_buffer(struct.pack("@HP", 1, ctypes.addressof(allow)))
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        libc.prctl(22, 2, program, 0, 0)  # PR_SET_SECCOMP
        libc.ptrace(0, 0, None, None)  # PTRACE_TRACEME
        signal.raise_signal(signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    count = libc.ptrace(0x420C, child, None, None)
    why = os.strerror(ctypes.get_errno())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None if count == 1 else f"filters of processes cannot be read: {why}"


def need_landlock():
    """landlock_create_ruleset(NULL, 0, VERSION): scopes, the newest thing a case uses, came with ABI 6."""
    abi = ctypes.CDLL(None).syscall(444, None, 0, 1)
    return None if abi >= 6 else "the kernel has no Landlock of ABI 6"


def need_small_frames():
    return "sanitizers make functions need more stack" if os.environ.get("CORDON_SANITIZE") else None


@functools.lru_cache(maxsize=None)
def missing(need):
    kind, _, what = need.partition(":")
    if kind == "file":
        return None if os.path.exists(what) else f"{what} does not exist"
    if kind == "program":
        return None if shutil.which(what) else f"{what} is not installed"
    check = {"root": need_root, "seccomp": need_seccomp, "i386": need_i386,
             "process-filters": need_process_filters, "landlock": need_landlock,
             "small-frames": need_small_frames}.get(need)
    if not check:
        raise CaseError(f"NEEDS {need}: there are root, seccomp, i386, process-filters, landlock, small-frames, "
                        "file:PATH and program:NAME")
    return check()


@dataclasses.dataclass
class StepResult:
    step: Step
    status: int
    output: dict  # stream: lines
    failures: list  # of text


@dataclasses.dataclass
class Outcome:
    case: Case
    skipped: str = ""
    results: list = dataclasses.field(default_factory=list)

    def failures(self):
        return [failure for result in self.results for failure in result.failures]


def execute(step, directory, environment, timeout):
    process = subprocess.Popen(["/bin/sh", "-c", step.command], cwd=directory, env=environment, start_new_session=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    timed_out = False
    try:
        out, err = process.communicate(step.stdin.encode(), timeout=timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    # The directory's name differs from run to run.
    out, err = (data.replace(str(directory).encode(), b"$DIR") for data in (out, err))
    status = process.returncode if process.returncode >= 0 else 128 - process.returncode
    result = StepResult(step, status, {"stdout": output_lines(out), "stderr": output_lines(err)}, [])
    if timed_out:
        result.failures.append(f"did not end within {timeout} seconds")
    return result


def judge(result):
    step = result.step
    if result.status != step.status:
        result.failures.append(f"exit status {result.status}, expected {step.status}")
    for stream, lines in result.output.items():
        patterns = step.expected.get(stream, (0, 0, []))[2]
        if not matches(patterns, lines):
            diff = difflib.unified_diff(patterns, lines, f"expected {stream}", stream, lineterm="", n=3)
            result.failures.append("\n".join(diff))


def run_case(case, cordon, timeout):
    reasons = [reason for reason in map(missing, case.needs) if reason]
    if reasons:
        return Outcome(case, skipped=", ".join(reasons))
    outcome = Outcome(case)
    with tempfile.TemporaryDirectory(prefix="cordon-case.") as base:
        base = pathlib.Path(base).resolve()
        programs, directory = base / "bin", base / "work"
        programs.mkdir()
        directory.mkdir()
        (programs / "cordon").symlink_to(cordon)
        for name, content in case.files:
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content)
        environment = {"PATH": f"{programs}:{os.environ.get('PATH', '/usr/bin:/bin')}", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "HOME": str(directory), "TERM": "dumb", "DIR": str(directory),
                       "RUN_CASES": os.path.abspath(__file__)}
        environment |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        for step in case.steps:
            result = execute(step, directory, environment, timeout)
            judge(result)
            outcome.results.append(result)
            if result.status != step.status:
                break  # what follows builds on it
    return outcome


def block_text(word, lines):
    return [word, *map(escape, lines), "END"]


def bless(path, outcomes):
    """Rewrites what failed, and only that, from the last step to the first so that line numbers hold."""
    lines = path.read_text().split("\n")
    results = [result for outcome in outcomes for result in outcome.results if result.failures]
    for result in sorted(results, key=lambda result: -result.step.line):
        step = result.step
        edits = []  # (first line, one past the last, replacement)
        end = max([step.last_line] + [block[1] for block in step.expected.values()])
        insertion = max(end, step.status_line or 0) + 1
        for word, stream in (("EXPECT", "stdout"), ("EXPECT_ERR", "stderr")):
            got = result.output[stream]
            if stream in step.expected:
                first, last, patterns = step.expected[stream]
                if not matches(patterns, got):
                    edits.append((first, last + 1, block_text(word, got) if got else []))
            elif got:
                edits.append((insertion, insertion, block_text(word, got)))
        if result.status != step.status:
            exit_line = [f"EXIT {result.status}"] if result.status else []
            place = step.status_line
            edits.append((insertion, insertion, exit_line) if place is None else (place, place + 1, exit_line))
        # Insertions at one place keep the order in which they stand in the list.
        for first, last, replacement in sorted(reversed(edits), key=lambda edit: -edit[0]):
            lines[first:last] = replacement
    path.write_text("\n".join(lines))


def find_files(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            yield from sorted(path.rglob("*.case"))
        elif path.exists():
            yield path
        else:
            raise CaseError(f"{path}: no such file or directory")


def report(outcome, verbose):
    case = outcome.case
    failures = outcome.failures()
    if outcome.skipped:
        print(f"skip {case.path}:{case.line + 1}: {case.name}: {outcome.skipped}")
    elif failures:
        print(f"FAIL {case.path}:{case.line + 1}: {case.name}")
        for result in outcome.results:
            if result.failures:
                print(f"  line {result.step.line + 1}: {result.step.command}")
            for failure in result.failures:
                print("\n".join("    " + line for line in failure.split("\n")))
    elif verbose:
        print(f"ok   {case.path}:{case.line + 1}: {case.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="+", help="case files or directories of them")
    parser.add_argument("--cordon", required=True, type=pathlib.Path, help="the binary under test")
    parser.add_argument("--bless", action="store_true", help="write what came out into the failing cases")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="cases at the same time (2)")
    parser.add_argument("-k", "--only", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the cases that passed, too")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for one RUN (60)")
    options = parser.parse_args()
    if not os.access(options.cordon, os.X_OK):
        print(f"run_cases: {options.cordon} is not a program; build it first", file=sys.stderr)
        return 2
    cordon = options.cordon.resolve()
    try:
        cases = [case for path in find_files(options.paths) for case in Parser(path).parse() if options.only in case.name]
        for need in {need for case in cases for need in case.needs}:
            missing(need)  # before threads start: a check may fork
    except (CaseError, OSError, UnicodeDecodeError) as error:
        print(f"run_cases: {error}", file=sys.stderr)
        return 2
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda case: run_case(case, cordon, options.timeout), cases))
    for outcome in outcomes:
        report(outcome, options.verbose)
    if options.bless:
        for path in sorted({outcome.case.path for outcome in outcomes if outcome.failures()}):
            bless(path, [outcome for outcome in outcomes if outcome.case.path == path])
            print(f"blessed {path}")
    failed = sum(bool(outcome.failures()) for outcome in outcomes)
    skipped = sum(bool(outcome.skipped) for outcome in outcomes)
    print(f"{len(outcomes) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    if failed and not options.bless:
        return 1
    return 77 if skipped and skipped == len(outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
