#include "capture/wall_clock.h"

#include <time.h>

#include <cstdlib>

namespace traceprobe {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

struct Sample {
  int64_t offset;
  int64_t uncertainty;
};

/** Reads the one clock between two readings of the other; of a few such, the one whose readings are closest. */
Sample Take() {
  Sample best{0, INT64_MAX};
  for (int i = 0; i < 8; ++i) {
    const int64_t before = ClockNanoseconds(CLOCK_BOOTTIME);
    const int64_t wall = ClockNanoseconds(CLOCK_REALTIME);
    const int64_t after = ClockNanoseconds(CLOCK_BOOTTIME);
    const int64_t half = (after - before) / 2;
    if (half < best.uncertainty) best = {wall - before - half, half};
  }
  return best;
}

}  // namespace

int64_t ClockNanoseconds(int clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

WallClock::WallClock() : sampled_at_(ClockNanoseconds(CLOCK_MONOTONIC)) {
  const Sample sample = Take();
  offset_ = sample.offset;
  uncertainty_ = sample.uncertainty;
}

void WallClock::Refresh(int64_t monotonic) {
  if (monotonic - sampled_at_ < kSecond) return;
  sampled_at_ = monotonic;
  const Sample sample = Take();
  // NTP slews both clocks alike, so the offset moves only when the clock is set; a difference within what the
  // samples can tell is noise, and following it would reorder events.
  const bool stepped = std::llabs(sample.offset - offset_) > sample.uncertainty + uncertainty_ + 1000;
  if (stepped) ++steps_;
  if (stepped || sample.uncertainty < uncertainty_) {
    offset_ = sample.offset;
    uncertainty_ = sample.uncertainty;
  }
}

}  // namespace traceprobe
