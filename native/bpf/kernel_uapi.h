// Structures of linux/bpf.h as kernels newer than the build machine's headers know them. The kernel takes a longer
// structure than its own when the rest is zero, and says by the returned length how much of it it knows.
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <cstddef>

namespace traceprobe::uapi {

/** enum bpf_perf_event_type, 6.6 */
enum PerfEventType : __u32 {
  kPerfEventUnspecified = 0,
  kPerfEventUprobe = 1,
  kPerfEventUretprobe = 2,
  kPerfEventKprobe = 3,
  kPerfEventKretprobe = 4,
  kPerfEventTracepoint = 5,
  kPerfEventEvent = 6,
};

/** struct bpf_link_info with the members that this addon reads. */
struct LinkInfo {
  __u32 type;
  __u32 id;
  __u32 program_id;
  __u32 : 32;
  union {
    struct {
      __aligned_u64 name;
      __u32 name_length;
    } raw_tracepoint;
    struct {
      __u32 attach_type;
      __u32 target_object_id;
      __u32 target_btf_id;
    } tracing;
    struct {
      __u32 type;  // PerfEventType, 6.6
      __u32 : 32;
      union {
        struct {
          __aligned_u64 function;  // in: buffer; out: filled
          __u32 function_length;   // in: size of the buffer
          __u32 offset;
          __u64 address;
          __u64 missed;  // 6.7: hits of the kprobe that the kernel skipped for recursion (kprobe::nmissed)
          __u64 cookie;  // 6.9
        } kprobe;
        struct {
          __aligned_u64 name;
          __u32 name_length;
          __u32 : 32;
          __u64 cookie;  // 6.9
        } tracepoint;
      };
    } perf_event;
    __u8 room[112];  // 6.18's union is 48 bytes; what a kernel adds later stays zero here
  };
} __attribute__((aligned(8)));

/** From this returned length on `missed` is known: no other member of 6.6's union is as long. */
constexpr size_t kLinkInfoWithMissed = offsetof(LinkInfo, perf_event.kprobe.missed) + sizeof(__u64);

/** struct bpf_prog_info grew recursion_misses in 5.12 and verified_insns in 5.16: all supported kernels have both. */
static_assert(sizeof(bpf_prog_info) >= offsetof(bpf_prog_info, verified_insns) + sizeof(__u32));

}  // namespace traceprobe::uapi
