 0: ld [4]                       ; arch
 1: jeq #0x80000016, 3, 2        ; s390x
 2: ret #0x80000000              ; kill_process
 3: ld [0]                       ; nr
 4: jge #0x88, 11, 5             ; from personality up
 5: jeq #0x78, 6, 8              ; clone
 6: ld [20]                      ; arg0.low, newsp of clone
 7: jset #0x7e020000, 19, 20
 8: jeq #0x7d, 9, 19             ; mprotect
 9: ld [36]                      ; arg2.low, prot of mprotect
10: jset #0x4, 19, 20            ; PROT_EXEC
11: jeq #0x88, 12, 15            ; personality
12: ld [20]                      ; arg0.low, personality of personality
13: jeq #0xffffffff, 20, 14
14: jset #0xfffdfff7, 19, 20
15: jeq #0x120, 16, 19           ; openat
16: ld [36]                      ; arg2.low, flags of openat
17: and #0x3
18: jeq #0x1, 20, 19             ; O_WRONLY
19: ret #0x00050001              ; errno EPERM
20: ret #0x7fff0000              ; allow
