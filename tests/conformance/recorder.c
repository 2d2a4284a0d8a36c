// Preloaded into a program that uses libseccomp: writes each call that shapes a filter as a line of JSON to the file
// $CORDON_RECORD names, with what the library answered.
//
//   {"call": "rule_add", "context": "0x55d0", "status": 0, "action": 2147418112, "number": 0, "name": "read",
//    "args": [[0, 4, 3, 0]]}                                   argument, operator, the two data
//
// One process and one thread at a time; replay.py knows what the lines mean.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// The library's own function of this name.
#define REAL(name) ((__typeof__(name)*)dlsym(RTLD_NEXT, #name))
#define MAX_ARGS 6

__attribute__((format(printf, 1, 2))) static void record(const char* format, ...) {
  static FILE* file;
  if (!file) {
    const char* path = getenv("CORDON_RECORD");
    file = path ? fopen(path, "ae") : NULL;
    if (!file) abort();
  }
  va_list list;
  va_start(list, format);
  vfprintf(file, format, list);
  va_end(list);
  fputc('\n', file);
  fflush(file);
}

static void record_simple(const char* call, const void* context, int status) {
  record("{\"call\": \"%s\", \"context\": \"%p\", \"status\": %d}", call, context, status);
}

scmp_filter_ctx seccomp_init(uint32_t def_action) {
  scmp_filter_ctx context = REAL(seccomp_init)(def_action);
  record("{\"call\": \"init\", \"context\": \"%p\", \"status\": %d, \"action\": %u, \"native\": %u}", context,
         context ? 0 : -1, def_action, seccomp_arch_native());
  return context;
}

int seccomp_reset(scmp_filter_ctx ctx, uint32_t def_action) {
  int status = REAL(seccomp_reset)(ctx, def_action);
  record("{\"call\": \"init\", \"context\": \"%p\", \"status\": %d, \"action\": %u, \"native\": %u}", ctx, status,
         def_action, seccomp_arch_native());
  return status;
}

int seccomp_merge(scmp_filter_ctx ctx_dst, scmp_filter_ctx ctx_src) {
  int status = REAL(seccomp_merge)(ctx_dst, ctx_src);
  record("{\"call\": \"merge\", \"context\": \"%p\", \"status\": %d, \"source\": \"%p\"}", ctx_dst, status, ctx_src);
  return status;
}

static int record_arch(const char* call, scmp_filter_ctx ctx, int status, uint32_t token) {
  record("{\"call\": \"%s\", \"context\": \"%p\", \"status\": %d, \"arch\": %u}", call, ctx, status,
         token == SCMP_ARCH_NATIVE ? seccomp_arch_native() : token);
  return status;
}

int seccomp_arch_add(scmp_filter_ctx ctx, uint32_t arch_token) {
  return record_arch("arch_add", ctx, REAL(seccomp_arch_add)(ctx, arch_token), arch_token);
}

int seccomp_arch_remove(scmp_filter_ctx ctx, uint32_t arch_token) {
  return record_arch("arch_remove", ctx, REAL(seccomp_arch_remove)(ctx, arch_token), arch_token);
}

int seccomp_attr_set(scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t value) {
  int status = REAL(seccomp_attr_set)(ctx, attr, value);
  record("{\"call\": \"attr_set\", \"context\": \"%p\", \"status\": %d, \"attribute\": %d, \"value\": %u}", ctx, status,
         (int)attr, value);
  return status;
}

// Since 2.6; no header of 2.5 has them.
int seccomp_transaction_start(const scmp_filter_ctx ctx);
int seccomp_transaction_commit(const scmp_filter_ctx ctx);
void seccomp_transaction_reject(const scmp_filter_ctx ctx);

int seccomp_transaction_start(const scmp_filter_ctx ctx) {
  int status = REAL(seccomp_transaction_start)(ctx);
  record_simple("transaction_start", ctx, status);
  return status;
}

int seccomp_transaction_commit(const scmp_filter_ctx ctx) {
  int status = REAL(seccomp_transaction_commit)(ctx);
  record_simple("transaction_commit", ctx, status);
  return status;
}

void seccomp_transaction_reject(const scmp_filter_ctx ctx) {
  REAL(seccomp_transaction_reject)(ctx);
  record_simple("transaction_reject", ctx, 0);
}

static int record_rule(scmp_filter_ctx ctx, int status, uint32_t action, int syscall, unsigned count,
                       const struct scmp_arg_cmp* args) {
  char text[MAX_ARGS * 64] = "";
  size_t used = 0;
  for (unsigned i = 0; i < count && i < MAX_ARGS; ++i)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s[%u, %d, %llu, %llu]", i ? ", " : "", args[i].arg,
                             (int)args[i].op, (unsigned long long)args[i].datum_a, (unsigned long long)args[i].datum_b);
  char* name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), syscall);
  record(
      "{\"call\": \"rule_add\", \"context\": \"%p\", \"status\": %d, \"action\": %u, \"number\": %d, \"name\": "
      "\"%s\", \"args\": [%s]}",
      ctx, status, action, syscall, name ? name : "", text);
  free(name);
  return status;
}

int seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                           const struct scmp_arg_cmp* arg_array) {
  int status = REAL(seccomp_rule_add_array)(ctx, action, syscall, arg_cnt, arg_array);
  return record_rule(ctx, status, action, syscall, arg_cnt, arg_array);
}

int seccomp_rule_add_exact_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                                 const struct scmp_arg_cmp* arg_array) {
  int status = REAL(seccomp_rule_add_exact_array)(ctx, action, syscall, arg_cnt, arg_array);
  return record_rule(ctx, status, action, syscall, arg_cnt, arg_array);
}

#define TAKE_ARGS(args, count)                                                                      \
  struct scmp_arg_cmp args[MAX_ARGS];                                                               \
  va_list list;                                                                                     \
  va_start(list, count);                                                                            \
  for (unsigned i = 0; i < count && i < MAX_ARGS; ++i) args[i] = va_arg(list, struct scmp_arg_cmp); \
  va_end(list)

int seccomp_rule_add(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...) {
  TAKE_ARGS(args, arg_cnt);
  return seccomp_rule_add_array(ctx, action, syscall, arg_cnt, args);
}

int seccomp_rule_add_exact(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...) {
  TAKE_ARGS(args, arg_cnt);
  return seccomp_rule_add_exact_array(ctx, action, syscall, arg_cnt, args);
}

int seccomp_export_bpf(const scmp_filter_ctx ctx, int fd) {
  int status = REAL(seccomp_export_bpf)(ctx, fd);
  record_simple("export", ctx, status);
  return status;
}
