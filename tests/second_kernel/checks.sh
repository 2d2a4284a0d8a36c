#!/bin/busybox sh
# The first process of the second kernel: prints "pass NAME", "fail NAME: …" or "skip NAME: …" for each check, at last
# "done". The kernel line says which security module is at work.
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t securityfs security /sys/kernel/security
mount -t selinuxfs selinux /sys/fs/selinux 2>/dev/null
mount -t cgroup2 cgroup /sys/fs/cgroup
echo 1 >/proc/sys/kernel/panic_on_oops
groups=/sys/fs/cgroup
run="cordon run -q -p builtin:unconfined"
echo  # the firmware leaves no end of a line

# check NAME EXPECTED COMMAND…: what the command prints, its lines joined by blanks.
check() {
  name=$1 expected=$2
  shift 2
  got=$("$@" 2>&1 | tr '\n' ' ' | sed 's/ $//')
  case $got in
    $expected) echo "pass $name" ;;
    *) echo "fail $name: '$got' is not '$expected'" ;;
  esac
}

own_limits() {
  $run "$@" -- sh -c 'cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); cat memory.max pids.max cpu.max'
}
status_of() { "$@" >/dev/null 2>&1; echo $?; }
left_groups() { ls $groups | grep -c cordon-; }

# How many processes of that name run; those that wait for this script to reap them do not.
living() {
  count=0
  for pid in $(pidof "$1"); do
    grep -q '^State:.[RSD]' /proc/$pid/status 2>/dev/null && count=$((count + 1))
  done
  echo $count
}

left_after_a_daemon() {
  $run --cgroup-pids 20 -- sh -c 'sleep 1000 & sleep 1001 & exit 3'
  status=$?
  echo $status $(living sleep) $(left_groups)
}

# The supervisor is killed: the command stays limited as long as it runs, then its group goes.
killed_supervisor() {
  $run --cgroup-pids 20 -- sleep 1 &
  usleep 500000
  kill -9 $!
  usleep 200000
  left_groups
  sleep 2
  left_groups
}

# A group with a limit of its own, from which the command's group would be made beside it.
from_a_limited_group() {
  mkdir -p $groups/outer/inner
  echo '+memory +pids +cpu' >$groups/outer/cgroup.subtree_control
  echo 15 >$groups/outer/inner/pids.max
  sh -c 'echo $$ >/sys/fs/cgroup/outer/inner/cgroup.procs; exec '"$run"' --cgroup-pids 100 --cgroup-memory 64M -- sh -c '\''cut -d: -f3 /proc/self/cgroup | sed s/[0-9]*$//; cat $(echo /sys/fs/cgroup/outer/cordon-*)/pids.max'\'
  ls $groups/outer | grep -c cordon-
}

unlimitable_group() {
  echo '50000 100000' >$groups/outer/inner/cpu.max
  sh -c 'echo $$ >/sys/fs/cgroup/outer/inner/cgroup.procs; echo -pids >/sys/fs/cgroup/outer/cgroup.subtree_control; exec '"$run"' --cgroup-pids 100 -- echo ran'
}

cgroup_checks() {
  check cgroup_not_handed_down '*cannot limit by a cgroup: no group can be made here: /sys/fs/cgroup does not hand down memory*' \
    $run --cgroup-memory 64M -- echo ran
  check cgroup_best_effort ran $run --cgroup-memory 64M --best-effort cgroup -- echo ran
  echo '+memory +pids +cpu' >$groups/cgroup.subtree_control
  check cgroup_limits '67108864 20 50000 100000' own_limits --cgroup-memory 64M --cgroup-pids 20 --cgroup-cpu 0.5
  printf 'default allow\ncgroup memory 32M\ncgroup pids 30\n' >/tmp/p.cordon
  run_as_before=$run
  run="$run -p /tmp/p.cordon"
  check cgroup_lowest_limit '33554432 20 max 100000' own_limits --cgroup-memory 64M --cgroup-pids 20
  run=$run_as_before
  check cgroup_of_another_user '67108864 20 max 100000' own_limits --cgroup-memory 64M --cgroup-pids 20 --uid 1000 --gid 1000
  check cgroup_in_namespaces '0::/ 20' \
    $run --cgroup-pids 20 --unshare user,pid,cgroup -- sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cordon-*/pids.max'
  check cgroup_of_a_later_start 20 $run --start exec --cgroup-pids 20 -- sh -c 'cat /sys/fs/cgroup/cordon-*/pids.max'
  check cgroup_holds_processes '*fork*' $run --cgroup-pids 5 -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
  check cgroup_holds_memory 137 status_of $run --cgroup-memory 16M -- tail /dev/zero
  check cgroup_is_removed 0 left_groups
  check cgroup_ends_what_is_left '3 0 0' left_after_a_daemon
  check cgroup_outlives_its_supervisor '1 0' killed_supervisor
  check cgroup_keeps_limits_it_leaves '/outer/cordon- 15 0' from_a_limited_group
  check cgroup_leaves_no_limit_behind '*has a limit (cpu.max) that the command would leave*' unlimitable_group
  check cgroup_in_doctor 'cgroup limits * yes*' sh -c 'cordon doctor | grep "cgroup limits"'
}

# What is refused after the exec is logged if that is asked for.
logged() {
  echo 0 >/proc/sys/kernel/printk_ratelimit
  dmesg -c >/dev/null
  $run "$@" --files-exec /bin -- cat /init 2>/dev/null
  dmesg | grep -c 'type=1423 .*blockers=fs.read_file path="/init"'
}

landlock_checks() {
  abi=$(cordon doctor | sed -n 's/^Landlock .*ABI \([0-9]*\).*/\1/p')
  [ "$abi" -ge 7 ] || { echo "skip landlock_log: ABI $abi"; return; }
  check landlock_log 1 logged --log
  check landlock_is_not_logged 0 logged
}

# attach OPTIONS…: a process of the same user, and no ancestor, traces the command.
attach() {
  $run --uid 1000 --gid 1000 "$@" -- sleep 5 &
  usleep 400000
  $run --exec --uid 1000 --gid 1000 -- tracer $(pidof sleep)
  kill $(pidof sleep)
  wait
}
attach_named() {
  $run --exec --uid 1000 --gid 1000 -- sh -c 'until pid=$(pidof sleep); do usleep 50000; done; usleep 300000; tracer $pid' &
  tracer=$!
  $run --uid 1000 --gid 1000 --ptracer $tracer -- sleep 6 &
  wait $tracer
  kill $(pidof sleep)
  wait
}

yama_checks() {
  echo 1 >/proc/sys/kernel/yama/ptrace_scope
  check yama_refuses_strangers 'errno 1' attach
  check yama_any 'ok' attach --ptracer any
  check yama_none 'errno 1' attach --ptracer none
  check yama_named 'ok' attach_named
  printf 'default allow\nptracer any\n' >/tmp/p.cordon
  check yama_line 'ok' attach -p /tmp/p.cordon
  echo 0 >/proc/sys/kernel/yama/ptrace_scope
}

apparmor_checks() {
  check apparmor_context 'unconfined' $run --exec-context apparmor:unconfined -- cat /proc/self/attr/apparmor/current
  check apparmor_unknown_profile '*No such file or directory*' \
    $run --exec-context apparmor:no-such-profile -- echo ran
  if [ -f /profile ]; then
    cat /profile >/sys/kernel/security/apparmor/.load
    check apparmor_profile 'cordon_test (enforce)' $run --exec-context apparmor:cordon_test -- cat /proc/self/attr/apparmor/current
    check apparmor_confines '*Permission denied' $run --exec-context apparmor:cordon_test -- cat /init
  fi
  check selinux_is_not_there '*no SELinux at work*' $run --exec-context selinux:kernel -- echo ran
}

# Without a policy the kernel knows the contexts of its own.
selinux_checks() {
  initial=unlabeled
  case $(uname -r) in [789].*) initial=kernel ;; esac  # the one name these know
  check selinux_context "$initial" $run --exec-context selinux:unlabeled -- cat /proc/self/attr/current
  check apparmor_is_not_there '*no AppArmor at work*' $run --exec-context apparmor:unconfined -- echo ran
}

case $(cat /proc/cmdline) in
  *security=selinux*) selinux_checks ;;
  *)
    cgroup_checks
    landlock_checks
    yama_checks
    apparmor_checks
    ;;
esac
echo done
poweroff -f
