 0: ld [4]                       ; arch
 1: jeq #0x40000003, 3, 2        ; i386
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x128, 6, 5             ; from mkdirat up
 5: jeq #0x1a, 10, 9             ; ptrace
 6: jeq #0x128, 10, 7            ; mkdirat
 7: jeq #0x12a, 10, 8            ; fchownat
 8: jeq #0x132, 10, 9            ; fchmodat
 9: ret #0x7fff0000              ; allow
10: ret #0x00050001              ; errno EPERM
