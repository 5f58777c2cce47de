#include "capture/capture.h"

#include "capture/capture_object.h"
#include "capture/record_feeder.h"

namespace traceprobe {

void InitCapture(Napi::Env env, Napi::Object exports) {
  exports.Set("Capture", CaptureObject::Define(env));
  exports.Set("RecordFeeder", RecordFeeder::Define(env));
}

}  // namespace traceprobe
