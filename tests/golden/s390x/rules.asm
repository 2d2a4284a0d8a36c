 0: ld [4]                       ; arch
 1: jeq #0x80000016, 2, 26       ; s390x
 2: ld [0]                       ; nr
 3: jeq #0x37, 11, 4             ; fcntl
 4: jeq #0x66, 5, 7              ; socketcall
 5: ld [20]                      ; arg0.low, call of socketcall
 6: jeq #0xe, 10, 26             ; SYS_SETSOCKOPT
 7: jeq #0x16e, 8, 26            ; setsockopt
 8: ld [28]                      ; arg1.low, level of setsockopt
 9: jeq #0x1, 10, 27             ; SOL_SOCKET
10: ret #0x00030007              ; trap 7
11: ld [28]                      ; arg1.low, cmd of fcntl
12: jeq #0x1, 17, 13             ; F_GETFD
13: jeq #0x2, 14, 15             ; F_SETFD
14: ret #0x00050016              ; errno EINVAL
15: jeq #0x3, 27, 16             ; F_GETFL
16: jeq #0x4, 27, 22             ; F_SETFL
17: ld [32]                      ; arg2.high, arg of fcntl
18: jeq #0x0, 19, 26
19: ld [36]                      ; arg2.low, arg of fcntl
20: jeq #0x1, 27, 21
21: jeq #0x2, 27, 22
22: ld [32]                      ; arg2.high, arg of fcntl
23: jeq #0x0, 24, 26
24: ld [36]                      ; arg2.low, arg of fcntl
25: jeq #0x9, 27, 26
26: ret #0x80000000              ; kill_process
27: ret #0x7fff0000              ; allow
