 0: ld [4]                       ; arch
 1: jeq #0xc00000b7, 3, 2        ; arm64
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x75, 5, 6              ; from ptrace up
 5: jeq #0x75, 10, 9             ; ptrace
 6: jeq #0x22, 10, 7             ; mkdirat
 7: jeq #0x35, 10, 8             ; fchmodat
 8: jeq #0x36, 10, 9             ; fchownat
 9: ret #0x7fff0000              ; allow
10: ret #0x00050001              ; errno EPERM
