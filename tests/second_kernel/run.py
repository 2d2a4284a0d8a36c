#!/usr/bin/env python3
"""Runs checks.sh as the first process of a second kernel, in QEMU.

    tests/second_kernel/run.py --cordon build/test/cli/cordon --tracer build/test/…/tracer --kernel build/second-kernel/vmlinuz

For what the running kernel may lack: cgroup v2 with controllers, Yama, AppArmor, SELinux. `./dev second-kernel` fetches
the kernel. Exit status: 0 passed, 1 failed, 77 something that is needed is missing, which is named.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

TIME_LIMIT_S = 100


def entry(number, name, mode, data=b""):
    """A member of a cpio archive as the kernel unpacks it (format newc)."""
    head = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    raw = b"070701" + b"".join(b"%08x" % value for value in head) + name.encode() + b"\0"
    raw += b"\0" * (-len(raw) % 4)
    return raw + data + b"\0" * (-len(data) % 4)


def archive(files):
    names = {part for path in files for part in parents(path)}
    members = [(name, 0o040755, b"") for name in sorted(names | {"proc", "sys", "dev", "tmp", "etc"})]
    members += [(path, 0o100755, data) for path, data in files.items()]
    members.append(("TRAILER!!!", 0, b""))
    return b"".join(entry(number + 1, *member) for number, member in enumerate(members))


def parents(path):
    parts = path.split("/")[:-1]
    return {"/".join(parts[: i + 1]) for i in range(len(parts))}


def stripped(path):
    """Without its debugging information, which would not fit into the second kernel's memory."""
    with tempfile.NamedTemporaryFile() as made:
        subprocess.run(["objcopy", "--strip-debug", path, made.name], check=True)
        with open(made.name, "rb") as file:
            return file.read()


def is_static(path):
    return b"statically linked" in subprocess.run(["file", "-L", path], capture_output=True).stdout or (
        subprocess.run(["ldd", path], capture_output=True).returncode != 0)


def boot(qemu, kernel, initrd, more):
    command = [qemu, "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "384", "-nographic", "-no-reboot", "-nic", "none",
               "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 audit=1 " + more]
    try:
        told = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIME_LIMIT_S).stdout
    except subprocess.TimeoutExpired as late:
        told = late.stdout or b""
    return [line.strip() for line in told.decode(errors="replace").replace("\r", "").split("\n")]


def main():
    parser = argparse.ArgumentParser()
    for name in ("cordon", "tracer", "kernel"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    qemu, busybox = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
    missing = [what for what, there in (("qemu-system-x86_64", qemu), ("a static busybox", busybox and is_static(busybox)),
                                        ("a kernel (./dev second-kernel)", os.path.exists(options.kernel)),
                                        ("a static build of cordon", is_static(options.cordon))) if not there]
    if missing:
        print("skipped, missing: " + ", ".join(missing))
        return 77
    here = os.path.dirname(os.path.abspath(__file__))
    files = {"bin/busybox": open(busybox, "rb").read(), "bin/cordon": stripped(options.cordon),
             "bin/tracer": stripped(options.tracer), "init": open(here + "/checks.sh", "rb").read()}
    # apparmor_profile, compiled by apparmor_parser -QT -M /etc/apparmor.d/abi/3.0 -S.
    profile = os.path.join(here, "apparmor_profile.hex")
    if os.path.exists(profile):
        files["profile"] = bytes.fromhex(open(profile).read())
    files["etc/passwd"] = b"root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n"
    initrd = os.path.join(os.path.dirname(os.path.abspath(options.tracer)), "initrd")
    with open(initrd, "wb") as file:
        file.write(archive(files))
    failed = False
    for more in ("", "security=selinux selinux=1"):
        lines = boot(qemu, options.kernel, initrd, more)
        told = [line for line in lines if line.split(" ")[0] in ("pass", "fail", "skip")]
        print("\n".join(lines if options.v else told))
        if "done" not in lines:
            print("fail: the second kernel did not come to the end:\n" + "\n".join(lines[-40:]))
        failed |= "done" not in lines or not told or any(line.startswith("fail") for line in told)
    os.remove(initrd)
    return 1 if failed else 0


sys.exit(main())
