 0: ld [4]                       ; arch
 1: jeq #0x80000016, 2, 27       ; s390x
 2: ld [0]                       ; nr
 3: jge #0x16e, 4, 7             ; from setsockopt up
 4: jeq #0x16e, 5, 27            ; setsockopt
 5: ld [28]                      ; arg1.low, level of setsockopt
 6: jeq #0x1, 11, 28             ; SOL_SOCKET
 7: jeq #0x37, 12, 8             ; fcntl
 8: jeq #0x66, 9, 27             ; socketcall
 9: ld [20]                      ; arg0.low, call of socketcall
10: jeq #0xe, 11, 27             ; SYS_SETSOCKOPT
11: ret #0x00030007              ; trap 7
12: ld [28]                      ; arg1.low, cmd of fcntl
13: jeq #0x1, 18, 14             ; F_GETFD
14: jeq #0x2, 15, 16             ; F_SETFD
15: ret #0x00050016              ; errno EINVAL
16: jeq #0x3, 28, 17             ; F_GETFL
17: jeq #0x4, 28, 23             ; F_SETFL
18: ld [32]                      ; arg2.high, arg of fcntl
19: jeq #0x0, 20, 27
20: ld [36]                      ; arg2.low, arg of fcntl
21: jeq #0x1, 28, 22
22: jeq #0x2, 28, 23
23: ld [32]                      ; arg2.high, arg of fcntl
24: jeq #0x0, 25, 27
25: ld [36]                      ; arg2.low, arg of fcntl
26: jeq #0x9, 28, 27
27: ret #0x80000000              ; kill_process
28: ret #0x7fff0000              ; allow
