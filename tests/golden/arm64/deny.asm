0: ld [4]                       ; arch
1: jeq #0xc00000b7, 3, 2        ; arm64
2: ret #0x80000000              ; kill_process
3: ld [0]                       ; nr
4: jeq #0x22, 9, 5              ; mkdirat
5: jeq #0x35, 9, 6              ; fchmodat
6: jeq #0x36, 9, 7              ; fchownat
7: jeq #0x75, 9, 8              ; ptrace
8: ret #0x7fff0000              ; allow
9: ret #0x00050001              ; errno EPERM
