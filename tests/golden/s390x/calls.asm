 0: ld [4]                       ; arch
 1: jeq #0x80000016, 3, 2        ; s390x
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0xf8, 5, 11             ; from exit_group up
 5: jge #0x15d, 8, 6             ; from getrandom up
 6: jeq #0xf8, 25, 7             ; exit_group
 7: jeq #0x120, 25, 24           ; openat
 8: jeq #0x15d, 25, 9            ; getrandom
 9: jeq #0x1b3, 10, 24           ; clone3
10: ret #0x00050026              ; errno ENOSYS
11: jge #0x6c, 12, 13            ; from fstat up
12: jeq #0x6c, 25, 24            ; fstat
13: jge #0x15, 14, 19            ; from mount up
14: jeq #0x15, 15, 16            ; mount
15: ret #0x7ffc0000              ; log
16: jeq #0x2d, 25, 17            ; brk
17: jeq #0x5a, 25, 18            ; mmap
18: jeq #0x5b, 25, 24            ; munmap
19: jeq #0x1, 25, 20             ; exit
20: jeq #0x3, 25, 21             ; read
21: jeq #0x4, 25, 22             ; write
22: jeq #0x6, 25, 23             ; close
23: jeq #0xb, 25, 24             ; execve
24: ret #0x00050001              ; errno EPERM
25: ret #0x7fff0000              ; allow
