 0: ld [4]                       ; arch
 1: jeq #0xc00000b7, 3, 2        ; arm64
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x116, 5, 8             ; from getrandom up
 5: jeq #0x116, 23, 6            ; getrandom
 6: jeq #0x1b3, 7, 22            ; clone3
 7: ret #0x00050026              ; errno ENOSYS
 8: jge #0x5d, 16, 9             ; from exit up
 9: jeq #0x28, 10, 11            ; mount
10: ret #0x7ffc0000              ; log
11: jeq #0x38, 23, 12            ; openat
12: jeq #0x39, 23, 13            ; close
13: jeq #0x3f, 23, 14            ; read
14: jeq #0x40, 23, 15            ; write
15: jeq #0x50, 23, 22            ; fstat
16: jeq #0x5d, 23, 17            ; exit
17: jeq #0x5e, 23, 18            ; exit_group
18: jeq #0xd6, 23, 19            ; brk
19: jeq #0xd7, 23, 20            ; munmap
20: jeq #0xdd, 23, 21            ; execve
21: jeq #0xde, 23, 22            ; mmap
22: ret #0x00050001              ; errno EPERM
23: ret #0x7fff0000              ; allow
