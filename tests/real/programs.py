#!/usr/bin/env python3
"""Real programs do under cordon what they do without, with everything on.

    programs.py --cordon build/test/cli/cordon [--keep] NAME

Each does its work freely, is recorded by `cordon learn` as often as its entry says, and does the work again under the
policy of these recordings with lines about files, net, capabilities and limits, in namespaces, with a supervisor. What
comes out has to be the same and nothing may be denied; what the policy was not made for has to be refused. Started by
root it all happens as nobody. Exit status: 0 passed, 1 failed, 77 a program is not installed.
"""
import argparse
import encodings.idna  # noqa: F401  before the interpreter can no longer be read
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
from programs_table import PROGRAMS  # noqa: E402

SKIPPED = 77
PATIENCE = 60

# What a dynamic program of Debian needs to start, and no more of /etc than that.
BASE = """\
files exec /usr /bin /lib /lib64
files read /etc/ld.so.cache /etc/localtime /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/host.conf /etc/ssl /etc/mime.types
files read /dev/urandom /proc
files write . /dev/null
caps  keep
limit nofile 512
limit core 0
unshare user mount pid ipc uts
mount root read   proc
mount write .
"""


@dataclass
class Work:
    """One program's work, in a directory of its own."""

    directory: Path
    port: int
    errors: str = ""

    def output(self, prefix: list[str], argv: list[str]) -> str:
        """What the command writes, and its status."""
        ran = subprocess.run(prefix + self.filled(argv), cwd=self.directory, capture_output=True, text=True,
                             timeout=PATIENCE, env=self.environment(), stdin=subprocess.DEVNULL)
        self.errors = ran.stderr
        return ran.stdout + f"status {ran.returncode}\n"

    def served(self, prefix: list[str], argv: list[str], client: list[str]) -> str:
        """What a client outside is answered by the command, a server that is then told to end, and its status."""
        with open(self.directory / "server.errors", "w+") as errors:
            server = subprocess.Popen(prefix + self.filled(argv), cwd=self.directory, stdout=subprocess.DEVNULL,
                                      stderr=errors, stdin=subprocess.DEVNULL, env=self.environment())
            try:
                self.await_port(server)
                answered = subprocess.run(self.filled(client), cwd=self.directory, capture_output=True, text=True,
                                          timeout=PATIENCE, env=self.environment())
                server.send_signal(signal.SIGTERM)
                status = server.wait(PATIENCE)
            finally:
                if server.poll() is None:
                    server.kill()
            errors.seek(0)
            self.errors = errors.read() + answered.stderr
        return answered.stdout + f"client {answered.returncode} server {status}\n"

    def await_port(self, server: subprocess.Popen) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def filled(self, argv: list[str]) -> list[str]:
        return [word.replace("PORT", str(self.port)).replace("DIR", str(self.directory)) for word in argv]

    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.directory), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                "XDG_CACHE_HOME": str(self.directory.parent / "cache")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def become_nobody(directory: Path) -> None:
    nobody = 65534
    os.chown(directory, nobody, nobody)
    os.setgroups([])
    os.setresgid(nobody, nobody, nobody)
    os.setresuid(nobody, nobody, nobody)


def prepared(program, top: Path) -> Work:
    """The same files, at the same port, for each run."""
    work = Work(top / "work", program_port)
    shutil.rmtree(work.directory, ignore_errors=True)
    work.directory.mkdir()
    for path, text in program.files.items():
        (work.directory / path).write_text(work.filled([text])[0])
    return work


def do(program, work: Work, prefix: list[str]) -> str:
    if program.client:
        return work.served(prefix, program.command, program.client)
    return work.output(prefix, program.command)


def grants(lines: str) -> str:
    """The lines without the files of other machines, which it is an error to grant."""
    def kept(line: str) -> str:
        words = line.split()
        return " ".join(word for word in words if not word.startswith("/") or os.path.exists(word))
    return "".join((kept(line) if line.startswith("files") else line) + "\n" for line in lines.splitlines())


def fail(what: str, *texts: str) -> int:
    print(f"FAILED: {what}")
    for text in texts:
        print(text if text.endswith("\n") else text + "\n", end="")
    return 1


def judge(program, top: Path, cordon: Path) -> int:
    work = prepared(program, top)
    free = do(program, work, [])
    print(free, end="")
    if program.must not in free:
        return fail(f"without cordon there is no {program.must!r}", work.errors)

    recordings = []
    for run in range(program.recordings):
        work = prepared(program, top)
        recordings.append(str(top / f"{run}.cordon-trace"))
        seen = do(program, work, [str(cordon), "learn", "-q", "-o", recordings[-1], "--"])
        if seen != free:
            return fail("recorded it does something else", seen, work.errors)
    policy = top / "learned.cordon"
    made = subprocess.run([cordon, "learn", "-q", "-o", policy, "--from", *recordings], capture_output=True, text=True)
    if made.returncode != 0:
        return fail("no policy of the recordings", made.stderr)

    work = prepared(program, top)
    lines = policy.read_text() + "\n" + grants(BASE + work.filled([program.lines])[0])
    (work.directory / "tight.cordon").write_text(lines)
    log = top / "denials.json"
    prefix = [str(cordon), "run", "--explain", "all", "--explain-log", str(log), "-p",
              str(work.directory / "tight.cordon"), *program.options, "--"]
    seen = do(program, work, prefix)
    denied = log.read_text() if log.exists() else ""
    if seen != free or denied:
        return fail("under the policy it does something else", seen, denied, work.errors)

    # What it was not made for: calls are the filter's to refuse, files the lines', whoever reads them.
    (top / "secret").write_text("secret\n")
    (work.directory / "lines.cordon").write_text("default allow\n" + lines[lines.index("files "):])
    by_lines = [str(cordon), "run", "-q", "-p", "lines.cordon", *program.options, "--"]
    for what, passes in ((by_lines + ["cat", "lines.cordon"], True), (by_lines + ["cat", str(top / "secret")], False),
                         (prefix + ["unshare", "-U", "true"], False)):
        tried = subprocess.run(what, cwd=work.directory, capture_output=True, text=True, env=work.environment())
        if (tried.returncode == 0) != passes:
            return fail(f"{what} ends with {tried.returncode}", tried.stdout, tried.stderr)
    return 0


def main() -> int:
    global program_port
    parser = argparse.ArgumentParser()
    parser.add_argument("--cordon", required=True, type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("name", choices=sorted(PROGRAMS))
    options = parser.parse_args()
    program = PROGRAMS[options.name]
    missing = [path for path in program.needs if not os.access(path, os.X_OK)]
    if missing:
        print("skipped: not installed:", *missing)
        return SKIPPED
    program_port = free_port()
    top = Path(tempfile.mkdtemp(prefix="cordon-real-"))
    cordon = Path(shutil.copy(options.cordon, top / "cordon"))
    if os.geteuid() == 0:
        top.chmod(0o755)
        become_nobody(top)
    try:
        probe = subprocess.run([cordon, "run", "-q", "-p", "builtin:unconfined", "--unshare", "user,mount,pid",
                                "--files-exec", "/", "--", "/bin/true"], capture_output=True, text=True)
        if probe.returncode != 0:
            print("skipped: this kernel or user has no Landlock or no namespaces:", probe.stderr, end="")
            return SKIPPED
        return judge(program, top, cordon)
    finally:
        if options.keep:
            print("kept:", top)
        else:
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
