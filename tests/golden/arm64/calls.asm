 0: ld [4]                       ; arch
 1: jeq #0xc00000b7, 3, 2        ; arm64
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x116, 5, 8             ; from getrandom up
 5: jeq #0x116, 25, 6            ; getrandom
 6: jeq #0x1b3, 7, 24            ; clone3
 7: ret #0x00050026              ; errno ENOSYS
 8: jge #0x5d, 17, 9             ; from exit up
 9: jge #0x38, 12, 10            ; from openat up
10: jeq #0x28, 11, 24            ; mount
11: ret #0x7ffc0000              ; log
12: jeq #0x38, 25, 13            ; openat
13: jeq #0x39, 25, 14            ; close
14: jeq #0x3f, 25, 15            ; read
15: jeq #0x40, 25, 16            ; write
16: jeq #0x50, 25, 24            ; fstat
17: jge #0xd6, 20, 18            ; from brk up
18: jeq #0x5d, 25, 19            ; exit
19: jeq #0x5e, 25, 24            ; exit_group
20: jeq #0xd6, 25, 21            ; brk
21: jeq #0xd7, 25, 22            ; munmap
22: jeq #0xdd, 25, 23            ; execve
23: jeq #0xde, 25, 24            ; mmap
24: ret #0x00050001              ; errno EPERM
25: ret #0x7fff0000              ; allow
