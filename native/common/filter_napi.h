// FilterNode[] of src/probe/plan.ts to a compiled filter.
#pragma once

#include <napi.h>

#include "common/filter.h"

namespace traceprobe {

/** Throws a JavaScript TypeError that names the node for anything that is no filter. */
Filter FilterFromNodes(const Napi::Value& nodes);

}  // namespace traceprobe
