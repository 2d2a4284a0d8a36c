 0: ld [4]                       ; arch
 1: jeq #0xc000003e, 2, 5        ; x86_64
 2: ld [0]                       ; nr
 3: jge #0x40000000, 4, 6        ; x32
 4: jeq #0xffffffff, 21, 5
 5: ret #0x80000000              ; kill_process
 6: jge #0x87, 13, 7             ; from personality up
 7: jeq #0xa, 8, 10              ; mprotect
 8: ld [32]                      ; arg2.low, prot of mprotect
 9: jset #0x4, 21, 22            ; PROT_EXEC
10: jeq #0x38, 11, 21            ; clone
11: ld [16]                      ; arg0.low, clone_flags of clone
12: jset #0x7e020000, 21, 22
13: jeq #0x87, 14, 17            ; personality
14: ld [16]                      ; arg0.low, personality of personality
15: jeq #0xffffffff, 22, 16
16: jset #0xfffdfff7, 21, 22
17: jeq #0x101, 18, 21           ; openat
18: ld [32]                      ; arg2.low, flags of openat
19: and #0x3
20: jeq #0x1, 22, 21             ; O_WRONLY
21: ret #0x00050001              ; errno EPERM
22: ret #0x7fff0000              ; allow
