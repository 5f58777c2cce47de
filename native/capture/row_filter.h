// The part of a probe's filter that the kernel could not decide.
#pragma once

#include "capture/record_decoder.h"

namespace traceprobe {

class RowFilter {
 public:
  virtual ~RowFilter() = default;
  /** False: the event is refused and counted as filtered. Must not throw. */
  virtual bool Matches(const RecordRow& row) = 0;
};

}  // namespace traceprobe
