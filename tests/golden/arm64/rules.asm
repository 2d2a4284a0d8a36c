 0: ld [4]                       ; arch
 1: jeq #0xc00000b7, 2, 23       ; arm64
 2: ld [0]                       ; nr
 3: jeq #0x19, 8, 4              ; fcntl
 4: jeq #0xd0, 5, 23             ; setsockopt
 5: ld [24]                      ; arg1.low, level of setsockopt
 6: jeq #0x1, 7, 24              ; SOL_SOCKET
 7: ret #0x00030007              ; trap 7
 8: ld [24]                      ; arg1.low, cmd of fcntl
 9: jeq #0x1, 14, 10             ; F_GETFD
10: jeq #0x2, 11, 12             ; F_SETFD
11: ret #0x00050016              ; errno EINVAL
12: jeq #0x3, 24, 13             ; F_GETFL
13: jeq #0x4, 24, 19             ; F_SETFL
14: ld [36]                      ; arg2.high, arg of fcntl
15: jeq #0x0, 16, 23
16: ld [32]                      ; arg2.low, arg of fcntl
17: jeq #0x1, 24, 18
18: jeq #0x2, 24, 19
19: ld [36]                      ; arg2.high, arg of fcntl
20: jeq #0x0, 21, 23
21: ld [32]                      ; arg2.low, arg of fcntl
22: jeq #0x9, 24, 23
23: ret #0x80000000              ; kill_process
24: ret #0x7fff0000              ; allow
