#!/bin/sh
# The main job on real programs. Each command is printed before it runs; a step whose result is not what
# it has to be ends the demo with an error.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi

title() { printf '\n%s== %s ==%s\n' "$bold" "$1" "$plain"; }
say() { printf '%s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# run COMMAND...: prints it, runs it, shows its output and its status; the status is left in $status.
run() {
  printf '%s$ %s%s\n' "$bold" "$*" "$plain"
  status=0
  sh -c "$*" 2>&1 || status=$?
  [ "$status" = 0 ] || printf '(exit status %s)\n' "$status"
}
expect() { [ "$status" = "$1" ] || fail "the last command ended with $status, not with $1"; }

# same A B: the outputs with and without cordon are alike
same() { cmp -s "$1" "$2" || { diff "$1" "$2" || true; fail "$2 differs from $1"; }; say "(same output, same exit status)"; }

title "1. Learn what ls needs, read it, run it under that"
mkdir files && touch files/one files/two
run "cordon learn -o ls.cordon -- ls -l files"; expect 0
run "cat ls.cordon"
run "cordon show ls.cordon"
ls -l files >plain.txt
run "cordon run -p ls.cordon -- ls -l files >confined.txt"; expect 0
same plain.txt confined.txt

title "2. git doing real work on local files"
cat >work.sh <<'SH'
set -e
export GIT_AUTHOR_DATE='2000-01-01T00:00:00Z' GIT_COMMITTER_DATE='2000-01-01T00:00:00Z' GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main repository && cd repository
git config user.name demo && git config user.email demo@example.org
echo one >file && git add file && git commit -q -m first
echo two >>file && git commit -q -a -m second
git log --stat --format=%h:%s
SH
run "cordon learn -o git.cordon -- sh work.sh >learned.txt"; expect 0
run "cordon show git.cordon | head -20"
rm -rf repository && sh work.sh >plain.txt && rm -rf repository
run "cordon run -p git.cordon -- sh work.sh >confined.txt"; expect 0
same plain.txt confined.txt
cat confined.txt

title "3. Threads and forks: a pipeline with xz -T2, and make -j2"
pipeline='seq 1 200000 | xz -T2 -0 | xz -dc | sha256sum'
run "cordon learn -o xz.cordon -- sh -c '$pipeline' >learned.txt"; expect 0
sh -c "$pipeline" >plain.txt
run "cordon run -p xz.cordon -- sh -c '$pipeline' >confined.txt"; expect 0
same plain.txt confined.txt
mkdir c
printf 'int add(int a, int b) { return a + b; }\n' >c/add.c
printf '#include <stdio.h>\nint add(int, int);\nint main(void) { printf("%%d\\n", add(20, 22)); return 0; }\n' >c/main.c
printf 'sum: add.o main.o\n\tgcc -o sum add.o main.o\n%%.o: %%.c\n\tgcc -c -o $@ $<\n' >c/Makefile
run "cordon learn -o make.cordon -- make -s -C c -j2"; expect 0
rm -f c/*.o c/sum
run "cordon run -p make.cordon -- make -s -C c -j2 && c/sum"; expect 0

title "4. What the policy does not hold is denied, and explained"
echo hello >hello.txt
run "cordon learn -o cat.cordon -- cat hello.txt"; expect 0
run "cordon run -p cat.cordon -- ls -l files"; expect 159
printf 'default allow\nerrno EPERM mkdir mkdirat\n' >no-mkdir.cordon
run "cat no-mkdir.cordon"
run "cordon run -p no-mkdir.cordon -- mkdir new"; expect 1
[ ! -e new ] || fail "mkdir made a directory"

title "5. Strict mode: write to an open file, then try to open one"
gcc -O2 -o strict_writer "$here/strict_writer.c"
run "cordon run --strict -- ./strict_writer >out.txt"; expect 137
run "cat out.txt"; expect 0

title "6. A minijail policy for cat, as published"
for call in openat fstat mmap fadvise64 read write munmap close exit_group; do echo "$call: 1"; done >cat.policy
run "cat cat.policy"
say "Today's libc needs more. Each run names the next call; it is added until cat runs:"
tries=0
while :; do
  tries=$((tries + 1)); [ $tries -le 20 ] || fail "cat still does not run"
  run "cordon run -p cat.policy -- cat hello.txt 2>denial.txt; s=\$?; cat denial.txt; exit \$s"
  [ "$status" = 0 ] && break
  # A plain name is enough here: what this libc does with the call is not the point.
  call=$(sed -n 's/^  allow   \([a-z0-9_]*\):.*/\1/p' denial.txt | head -1)
  [ -n "$call" ] || fail "the denial names no line to add"
  run "echo '$call: 1' >>cat.policy"
done
say "So today's cat needs besides: $(sed -n '10,$s/: 1//p' cat.policy | tr '\n' ' ')"
sed 's/^openat: 1/openat: return EINVAL/' cat.policy >einval.policy
run "cordon run -p einval.policy -- cat hello.txt"; expect 1
run "cordon run -p cat.policy -- ls files"; expect 159
say "The published policy got 'ioctl: arg0 == 1', any request on standard output; cordon names the one request, TCGETS."
say "Both let isatty(1) pass:"
for line in 'ioctl: arg0 == 1' 'ioctl: arg1 == TCGETS'; do
  { cat cat.policy; echo "$line"; } >ioctl.policy
  run "cordon test ioctl.policy 'ioctl(fd=1, cmd=TCGETS)' --expect allow"; expect 0
done

title "7. A Docker profile that denies mkdir, chmod and chown"
cat >profile.json <<'JSON'
{
  "defaultAction": "SCMP_ACT_ALLOW",
  "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  "syscalls": [
    {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": []},
    {"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "args": []},
    {"names": ["chown"], "action": "SCMP_ACT_ERRNO", "args": []}
  ]
}
JSON
run "cat profile.json"
run "cordon check profile.json"; expect 1
run "cordon run -p profile.json -- mkdir new"; expect 1

title "Done"
