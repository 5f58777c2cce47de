// The addon `codec`: batches without a kernel, for aggregators and command lines. No libbpf, no state.
#include <napi.h>

#include "codec/batch_object.h"
#include "codec/filter_binding.h"
#include "common/layout.h"

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  traceprobe::InitBatchCodec(env, exports);
  traceprobe::InitFilter(env, exports);
  traceprobe::InitLayout(env, exports);
  return exports;
}

NODE_API_MODULE(codec, InitAddon)
