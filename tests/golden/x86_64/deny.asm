 0: ld [4]                       ; arch
 1: jeq #0xc000003e, 2, 5        ; x86_64
 2: ld [0]                       ; nr
 3: jge #0x40000000, 4, 6        ; x32
 4: jeq #0xffffffff, 11, 5
 5: ret #0x80000000              ; kill_process
 6: jge #0x102, 8, 7             ; from mkdirat up
 7: jeq #0x65, 12, 11            ; ptrace
 8: jeq #0x102, 12, 9            ; mkdirat
 9: jeq #0x104, 12, 10           ; fchownat
10: jeq #0x10c, 12, 11           ; fchmodat
11: ret #0x7fff0000              ; allow
12: ret #0x00050001              ; errno EPERM
