// From CLOCK_BOOTTIME, in which the kernel stamps events, to wall-clock time.
#pragma once

#include <cstdint>

namespace traceprobe {

/** Nanoseconds of a clock, CLOCK_MONOTONIC and so on. */
int64_t ClockNanoseconds(int clock);

class WallClock {
 public:
  WallClock();

  /** Samples again when the last sample is a second old; `monotonic` is CLOCK_MONOTONIC now, ns. */
  void Refresh(int64_t monotonic);

  /** CLOCK_REALTIME - CLOCK_BOOTTIME, ns. */
  int64_t Offset() const { return offset_; }
  /** How often somebody has set the clock. */
  uint64_t Steps() const { return steps_; }

 private:
  int64_t offset_;
  int64_t uncertainty_;
  int64_t sampled_at_;
  uint64_t steps_ = 0;
};

}  // namespace traceprobe
