 0: ld [4]                       ; arch
 1: jeq #0xc000003e, 2, 5        ; x86_64
 2: ld [0]                       ; nr
 3: jge #0x40000000, 4, 6        ; x32
 4: jeq #0xffffffff, 23, 5
 5: ret #0x80000000              ; kill_process
 6: jge #0x2, 7, 24              ; from open up
 7: jge #0x101, 8, 12            ; from openat up
 8: jeq #0x101, 24, 9            ; openat
 9: jeq #0x13e, 24, 10           ; getrandom
10: jeq #0x1b3, 11, 23           ; clone3
11: ret #0x00050026              ; errno ENOSYS
12: jge #0x3b, 13, 18            ; from execve up
13: jeq #0x3b, 24, 14            ; execve
14: jeq #0x3c, 24, 15            ; exit
15: jeq #0xa5, 16, 17            ; mount
16: ret #0x7ffc0000              ; log
17: jeq #0xe7, 24, 23            ; exit_group
18: jeq #0x3, 24, 19             ; close
19: jeq #0x5, 24, 20             ; fstat
20: jeq #0x9, 24, 21             ; mmap
21: jeq #0xb, 24, 22             ; munmap
22: jeq #0xc, 24, 23             ; brk
23: ret #0x00050001              ; errno EPERM
24: ret #0x7fff0000              ; allow
