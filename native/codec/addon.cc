// The addon `codec`: batches without a kernel, for aggregators and command lines. No libbpf, no state.
#include <napi.h>

#include "codec/batch_object.h"

#if __has_include("codec/filter_binding.h")
#include "codec/filter_binding.h"
#endif
#if __has_include("common/layout.h")
#include "common/layout.h"
#endif

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  traceprobe::InitBatchCodec(env, exports);
#if __has_include("codec/filter_binding.h")
  traceprobe::InitFilter(env, exports);
#endif
#if __has_include("common/layout.h")
  traceprobe::InitLayout(env, exports);
#endif
  return exports;
}

NODE_API_MODULE(codec, InitAddon)
