 0: ld [4]                       ; arch
 1: jeq #0xc00000b7, 2, 25       ; arm64
 2: ld [0]                       ; nr
 3: jge #0x81, 4, 9              ; from kill up
 4: jeq #0x81, 5, 25             ; kill
 5: ld [20]                      ; arg0.high, pid of kill
 6: jeq #0x1, 7, 25
 7: ld [16]                      ; arg0.low, pid of kill
 8: jeq #0x2, 24, 25
 9: jeq #0x19, 10, 14            ; fcntl
10: ld [28]                      ; arg1.high, cmd of fcntl
11: jeq #0x0, 12, 24
12: ld [24]                      ; arg1.low, cmd of fcntl
13: jeq #0x3, 25, 24             ; F_GETFL
14: jeq #0x3e, 17, 15            ; lseek
15: jeq #0x3f, 24, 16            ; read
16: jeq #0x40, 24, 25            ; write
17: ld [28]                      ; arg1.high, offset of lseek
18: jeq #0x0, 19, 21
19: ld [24]                      ; arg1.low, offset of lseek
20: jge #0x4, 24, 25
21: jge #0x2, 25, 22
22: ld [24]                      ; arg1.low, offset of lseek
23: jge #0x8, 25, 24
24: ret #0x7fff0000              ; allow
25: ret #0x80000000              ; kill_process
