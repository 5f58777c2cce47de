// Properties of an object argument, with the kinds of bpf/arguments.h.
#pragma once

#include <napi.h>

#include <string>
#include <utility>

#include "bpf/arguments.h"
#include "bpf/errors.h"

namespace traceprobe {

/** `where` is the object's name in errors: "Capture.addSchema: schema.slot must be …". */
template <typename Kind>
typename Kind::Type Property(const Napi::Object& object, const char* name, const std::string& where) {
  const Napi::Value value = object.Get(name);
  auto taken = Kind::From(value);
  if (!taken) {
    throw ArgumentFailure(object.Env(), where + "." + name + " must be " + Kind::Expected() + ", not " + Describe(value));
  }
  return std::move(*taken);
}

/** An integer from 0 to limit - 1. */
template <typename T>
T SmallProperty(const Napi::Object& object, const char* name, uint32_t limit, const std::string& where) {
  const uint32_t value = Property<arg::Uint32>(object, name, where);
  if (value >= limit) {
    throw ArgumentFailure(object.Env(), where + "." + name + " must be below " + std::to_string(limit) + ", not " +
                                            std::to_string(value));
  }
  return static_cast<T>(value);
}

}  // namespace traceprobe
