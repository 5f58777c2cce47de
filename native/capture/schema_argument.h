// A schema as JavaScript hands it over (src/capture/recordSchema.ts).
#pragma once

#include <napi.h>

#include "capture/record_schema.h"
#include "common/filter.h"

namespace traceprobe {

struct SchemaArgument {
  RecordSchema schema;
  Filter filter;
};

/** Throws a TypeError that names what is wrong; `method` is the caller's name for it. */
SchemaArgument TakeSchema(const Napi::Value& value, const char* method);

}  // namespace traceprobe
