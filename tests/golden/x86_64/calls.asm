 0: ld [4]                       ; arch
 1: jeq #0xc000003e, 2, 5        ; x86_64
 2: ld [0]                       ; nr
 3: jge #0x40000000, 4, 6        ; x32
 4: jeq #0xffffffff, 24, 5
 5: ret #0x80000000              ; kill_process
 6: jge #0x2, 7, 25              ; from open up
 7: jge #0xe7, 8, 14             ; from exit_group up
 8: jge #0x13e, 11, 9            ; from getrandom up
 9: jeq #0xe7, 25, 10            ; exit_group
10: jeq #0x101, 25, 24           ; openat
11: jeq #0x13e, 25, 12           ; getrandom
12: jeq #0x1b3, 13, 24           ; clone3
13: ret #0x00050026              ; errno ENOSYS
14: jge #0x3b, 15, 19            ; from execve up
15: jeq #0x3b, 25, 16            ; execve
16: jeq #0x3c, 25, 17            ; exit
17: jeq #0xa5, 18, 24            ; mount
18: ret #0x7ffc0000              ; log
19: jeq #0x3, 25, 20             ; close
20: jeq #0x5, 25, 21             ; fstat
21: jeq #0x9, 25, 22             ; mmap
22: jeq #0xb, 25, 23             ; munmap
23: jeq #0xc, 25, 24             ; brk
24: ret #0x00050001              ; errno EPERM
25: ret #0x7fff0000              ; allow
