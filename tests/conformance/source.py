"""libseccomp's source package and what is built of it, in a scratch directory.

    built = prepare(scratch, source=None)   # None: the distribution's, by apt
    built.run("06-sim-actions", recorder, calls)   # the filter it writes; its calls go to the file `calls`
"""

import functools
import os
import pathlib
import re
import subprocess


class Unavailable(Exception):
    """The source cannot be had, or not be built: why."""


def command(words, where, **options):
    try:
        done = subprocess.run(words, cwd=where, stdin=subprocess.DEVNULL, capture_output=True, check=False, **options)
    except FileNotFoundError:
        raise Unavailable(f"there is no {words[0]}") from None
    if done.returncode != 0:
        raise Unavailable(f"{words[0]}: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout


def release_name():
    found = re.search(r"^VERSION_CODENAME=(\S+)", pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)
    if not found:
        raise Unavailable("/etc/os-release names no release")
    return found.group(1)


def source_entries(release):
    """The machine's own package sources of this release, asked for source packages."""
    entries = []
    lists = pathlib.Path("/etc/apt")
    for path in [lists / "sources.list", *sorted((lists / "sources.list.d").glob("*"))]:
        text = path.read_text() if path.is_file() else ""
        if path.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                if re.search(rf"^Suites:.*(?<!\S){release}(?!\S)", stanza, re.MULTILINE):
                    entries.append(re.sub(r"^Types:.*$", "Types: deb-src", stanza, flags=re.MULTILINE))
        else:
            for options, rest in re.findall(rf"^deb\s+(\[[^]]*\]\s+)?(\S+\s+{release}\s.*)$", text, re.MULTILINE):
                uri, suite, *components = rest.split()
                signed = re.search(r"signed-by=(\S+?)[\s\]]", options)
                entries.append(
                    f"Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: {' '.join(components)}\n"
                    + (f"Signed-By: {signed.group(1)}\n" if signed else "")
                )
    return entries


def fetch(scratch):
    """By apt with lists of its own: nothing under /etc/apt or /var is changed."""
    entries = source_entries(release_name())
    if not entries:
        raise Unavailable("no package source of this release is configured in /etc/apt")
    for directory in ("apt/lists/partial", "apt/cache/archives/partial", "source"):
        (scratch / directory).mkdir(parents=True, exist_ok=True)
    (scratch / "apt/own.sources").write_text("\n\n".join(entries) + "\n")
    settings = {
        "Dir::Etc::sourcelist": scratch / "apt/own.sources",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": scratch / "apt/lists",
        "Dir::Cache": scratch / "apt/cache",
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    command(["apt-get", *options, "update", "-qq"], scratch)
    command(["apt-get", *options, "source", "-qq", "libseccomp"], scratch / "source")
    return next(path for path in (scratch / "source").iterdir() if path.is_dir())


def unpack(source, scratch):
    """A copy of what the user gave: a directory, or a tar archive."""
    target = scratch / "source"
    target.mkdir(exist_ok=True)
    if source.is_dir():
        command(["cp", "-r", str(source.resolve()), str(target / "libseccomp")], scratch)
    else:
        command(["tar", "-xf", str(source.resolve()), "-C", str(target)], scratch)
    return next(path for path in target.iterdir() if path.is_dir())


class Built:
    def __init__(self, path):
        self.path = path
        self.version = re.search(r"AC_INIT\(\[libseccomp\], \[([^]]+)\]\)", (path / "configure.ac").read_text()).group(1)
        self.environment = dict(os.environ, LD_LIBRARY_PATH=str(path / "src/.libs"))

    def build(self, jobs):
        stamp = self.path / "built-for-cordon"
        if stamp.exists():
            return
        if not (self.path / "configure").exists():
            command(["./autogen.sh"], self.path)
        command(["./configure", "-q", "--disable-static"], self.path)
        make = ["make", "-s", f"-j{jobs}"]
        command(make, self.path)
        # Empty: the programs are to take the library from outside, where a preloaded one can stand before it.
        command([*make, "check-build", "DBG_STATIC="], self.path / "tests")
        stamp.touch()

    def tool(self, *words):
        return command([str(self.path / "tools" / words[0]), *words[1:]], self.path, env=self.environment).decode().strip()

    @functools.cache
    def resolve(self, arch, name):
        return int(self.tool("scmp_sys_resolver", "-a", arch, "-t", name))

    def native(self):
        return self.tool("scmp_arch_detect")

    def run(self, test, recorder, calls):
        """The filter the program writes. With a recorder its calls go to a file."""
        environment = dict(self.environment)
        if recorder:
            environment.update(LD_PRELOAD=str(recorder), CORDON_RECORD=str(calls))
        return command([str(self.path / "tests/.libs" / test), "-b"], self.path / "tests", env=environment)


def prepare(scratch: pathlib.Path, source: pathlib.Path | None):
    kept = [path for path in scratch.glob("source/*") if path.is_dir()]
    path = kept[0] if kept else unpack(source, scratch) if source else fetch(scratch)
    built = Built(path)
    built.build(os.cpu_count() or 1)
    return built
