 0: ld [4]                       ; arch
 1: jeq #0x40000003, 3, 2        ; i386
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x128, 6, 5             ; from mkdirat up
 5: jeq #0x1a, 11, 10            ; ptrace
 6: jge #0x132, 7, 8             ; from fchmodat up
 7: jeq #0x132, 11, 10           ; fchmodat
 8: jeq #0x128, 11, 9            ; mkdirat
 9: jeq #0x12a, 11, 10           ; fchownat
10: ret #0x7fff0000              ; allow
11: ret #0x00050001              ; errno EPERM
