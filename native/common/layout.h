// Sizes, offsets and constants of bpf/include/traceprobe.h, for tests of those who write or read its structs.
#pragma once

#include <napi.h>

namespace traceprobe {

/**
 * Exports `layout`: { structs: { tp_config: { size, fields: { slot: [offset, size], … } }, … },
 * constants: { TP_MAX_FIELDS: 24, TP_KIND_INTEGER: 1, … } }.
 */
void InitLayout(Napi::Env env, Napi::Object exports);

}  // namespace traceprobe
