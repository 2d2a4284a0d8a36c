 0: ld [4]                       ; arch
 1: jeq #0xc000003e, 2, 24       ; x86_64
 2: ld [0]                       ; nr
 3: jge #0x2, 4, 23              ; from open up
 4: jge #0x48, 5, 10             ; from fcntl up
 5: jeq #0x48, 6, 24             ; fcntl
 6: ld [28]                      ; arg1.high, cmd of fcntl
 7: jeq #0x0, 8, 23
 8: ld [24]                      ; arg1.low, cmd of fcntl
 9: jeq #0x3, 24, 23             ; F_GETFL
10: jeq #0x8, 16, 11             ; lseek
11: jeq #0x3e, 12, 24            ; kill
12: ld [20]                      ; arg0.high, pid of kill
13: jeq #0x1, 14, 24
14: ld [16]                      ; arg0.low, pid of kill
15: jeq #0x2, 23, 24
16: ld [28]                      ; arg1.high, offset of lseek
17: jeq #0x0, 18, 20
18: ld [24]                      ; arg1.low, offset of lseek
19: jge #0x4, 23, 24
20: jge #0x2, 24, 21
21: ld [24]                      ; arg1.low, offset of lseek
22: jge #0x8, 24, 23
23: ret #0x7fff0000              ; allow
24: ret #0x80000000              ; kill_process
