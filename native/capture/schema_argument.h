// A schema as JavaScript hands it over (src/capture/recordSchema.ts).
#pragma once

#include <napi.h>

#include <memory>

#include "capture/record_schema.h"
#include "capture/row_filter.h"

namespace traceprobe {

struct SchemaArgument {
  RecordSchema schema;
  std::unique_ptr<RowFilter> filter;  // null: every event passes
};

/** Throws a TypeError that names what is wrong; `method` is the caller's name for it. */
SchemaArgument TakeSchema(const Napi::Value& value, const char* method);

}  // namespace traceprobe
