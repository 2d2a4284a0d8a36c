 0: ld [4]                       ; arch
 1: jeq #0x40000003, 2, 23       ; i386
 2: ld [0]                       ; nr
 3: jge #0x16e, 4, 7             ; from setsockopt up
 4: jeq #0x16e, 5, 23            ; setsockopt
 5: ld [24]                      ; arg1.low, level of setsockopt
 6: jeq #0x1, 11, 24             ; SOL_SOCKET
 7: jeq #0x37, 12, 8             ; fcntl
 8: jeq #0x66, 9, 23             ; socketcall
 9: ld [16]                      ; arg0.low, call of socketcall
10: jeq #0xe, 11, 23             ; SYS_SETSOCKOPT
11: ret #0x00030007              ; trap 7
12: ld [24]                      ; arg1.low, cmd of fcntl
13: jeq #0x1, 14, 17             ; F_GETFD
14: ld [32]                      ; arg2.low, arg of fcntl
15: jeq #0x0, 23, 16
16: jge #0x3, 22, 24
17: jeq #0x2, 18, 19             ; F_SETFD
18: ret #0x00050016              ; errno EINVAL
19: jeq #0x3, 24, 20             ; F_GETFL
20: jeq #0x4, 24, 21             ; F_SETFL
21: ld [32]                      ; arg2.low, arg of fcntl
22: jeq #0x9, 24, 23
23: ret #0x80000000              ; kill_process
24: ret #0x7fff0000              ; allow
