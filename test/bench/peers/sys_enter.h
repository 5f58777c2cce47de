/* The record of the tracepoints syscalls:sys_enter_*. */
struct sys_enter {
  unsigned long long unused;
  long number;
  unsigned long long args[6];
};
