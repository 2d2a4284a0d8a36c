 0: ld [4]                       ; arch
 1: jeq #0xc00000b7, 3, 2        ; arm64
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0xe2, 5, 8              ; from mprotect up
 5: jeq #0xe2, 6, 20             ; mprotect
 6: ld [32]                      ; arg2.low, prot of mprotect
 7: jset #0x4, 20, 19            ; PROT_EXEC
 8: jeq #0x38, 9, 12             ; openat
 9: ld [32]                      ; arg2.low, flags of openat
10: and #0x3
11: jeq #0x1, 19, 20             ; O_WRONLY
12: jeq #0x5c, 16, 13            ; personality
13: jeq #0xdc, 14, 20            ; clone
14: ld [16]                      ; arg0.low, clone_flags of clone
15: jset #0x7e020000, 20, 19
16: ld [16]                      ; arg0.low, personality of personality
17: jeq #0xffffffff, 19, 18
18: jset #0xfffdfff7, 20, 19
19: ret #0x7fff0000              ; allow
20: ret #0x00050001              ; errno EPERM
