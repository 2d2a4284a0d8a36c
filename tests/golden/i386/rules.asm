 0: ld [4]                       ; arch
 1: jeq #0x40000003, 2, 22       ; i386
 2: ld [0]                       ; nr
 3: jeq #0x37, 11, 4             ; fcntl
 4: jeq #0x66, 5, 7              ; socketcall
 5: ld [16]                      ; arg0.low, call of socketcall
 6: jeq #0xe, 10, 22             ; SYS_SETSOCKOPT
 7: jeq #0x16e, 8, 22            ; setsockopt
 8: ld [24]                      ; arg1.low, level of setsockopt
 9: jeq #0x1, 10, 23             ; SOL_SOCKET
10: ret #0x00030007              ; trap 7
11: ld [24]                      ; arg1.low, cmd of fcntl
12: jeq #0x1, 13, 16             ; F_GETFD
13: ld [32]                      ; arg2.low, arg of fcntl
14: jeq #0x0, 22, 15
15: jge #0x3, 21, 23
16: jeq #0x2, 17, 18             ; F_SETFD
17: ret #0x00050016              ; errno EINVAL
18: jeq #0x3, 23, 19             ; F_GETFL
19: jeq #0x4, 23, 20             ; F_SETFL
20: ld [32]                      ; arg2.low, arg of fcntl
21: jeq #0x9, 23, 22
22: ret #0x80000000              ; kill_process
23: ret #0x7fff0000              ; allow
