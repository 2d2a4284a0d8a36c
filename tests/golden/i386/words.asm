 0: ld [4]                       ; arch
 1: jeq #0x40000003, 2, 12       ; i386
 2: ld [0]                       ; nr
 3: jge #0x37, 4, 7              ; from fcntl up
 4: jeq #0x37, 5, 12             ; fcntl
 5: ld [24]                      ; arg1.low, cmd of fcntl
 6: jeq #0x3, 12, 13             ; F_GETFL
 7: jeq #0x3, 13, 8              ; read
 8: jeq #0x4, 13, 9              ; write
 9: jeq #0x13, 10, 12            ; lseek
10: ld [24]                      ; arg1.low, offset of lseek
11: jge #0x4, 13, 12
12: ret #0x80000000              ; kill_process
13: ret #0x7fff0000              ; allow
