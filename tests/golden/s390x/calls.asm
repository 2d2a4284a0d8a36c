 0: ld [4]                       ; arch
 1: jeq #0x80000016, 3, 2        ; s390x
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x120, 5, 9             ; from openat up
 5: jeq #0x120, 23, 6            ; openat
 6: jeq #0x15d, 23, 7            ; getrandom
 7: jeq #0x1b3, 8, 22            ; clone3
 8: ret #0x00050026              ; errno ENOSYS
 9: jge #0x6c, 10, 12            ; from fstat up
10: jeq #0x6c, 23, 11            ; fstat
11: jeq #0xf8, 23, 22            ; exit_group
12: jeq #0x1, 23, 13             ; exit
13: jeq #0x3, 23, 14             ; read
14: jeq #0x4, 23, 15             ; write
15: jeq #0x6, 23, 16             ; close
16: jeq #0xb, 23, 17             ; execve
17: jeq #0x15, 18, 19            ; mount
18: ret #0x7ffc0000              ; log
19: jeq #0x2d, 23, 20            ; brk
20: jeq #0x5a, 23, 21            ; mmap
21: jeq #0x5b, 23, 22            ; munmap
22: ret #0x00050001              ; errno EPERM
23: ret #0x7fff0000              ; allow
