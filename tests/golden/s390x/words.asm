 0: ld [4]                       ; arch
 1: jeq #0x80000016, 2, 25       ; s390x
 2: ld [0]                       ; nr
 3: jge #0x37, 4, 9              ; from fcntl up
 4: jeq #0x37, 5, 25             ; fcntl
 5: ld [24]                      ; arg1.high, cmd of fcntl
 6: jeq #0x0, 7, 24
 7: ld [28]                      ; arg1.low, cmd of fcntl
 8: jeq #0x3, 25, 24             ; F_GETFL
 9: jeq #0x3, 24, 10             ; read
10: jeq #0x4, 24, 11             ; write
11: jeq #0x13, 17, 12            ; lseek
12: jeq #0x25, 13, 25            ; kill
13: ld [16]                      ; arg0.high, pid of kill
14: jeq #0x1, 15, 25
15: ld [20]                      ; arg0.low, pid of kill
16: jeq #0x2, 24, 25
17: ld [24]                      ; arg1.high, offset of lseek
18: jeq #0x0, 19, 21
19: ld [28]                      ; arg1.low, offset of lseek
20: jge #0x4, 24, 25
21: jge #0x2, 25, 22
22: ld [28]                      ; arg1.low, offset of lseek
23: jge #0x8, 25, 24
24: ret #0x7fff0000              ; allow
25: ret #0x80000000              ; kill_process
