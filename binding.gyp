# Two addons. `bpf` links libbpf and is what an agent loads; `codec` decodes batches without libbpf, for
# aggregators and command lines on machines that cannot trace.
{
  "target_defaults": {
    "include_dirs": ["native", "bpf/include"],
    "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all"],
    # The last: an error that is thrown while a worker is being terminated has nobody to go to; it does not abort.
    "defines": ["NAPI_VERSION=9", "_GNU_SOURCE", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
    # maybe-uninitialized: GCC 12 sees it in any std::optional<std::optional<int>> that is inlined.
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-maybe-uninitialized", "-fvisibility=hidden"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "ldflags": ["-Wl,--as-needed"],
  },
  "targets": [
    {
      "target_name": "bpf",
      # native/capture drains rings and filters, so it is compiled into the addon that owns them; regular
      # expressions of its filters are RE2's (dropped by --as-needed where nothing uses them).
      "sources": ["<!@(ls native/common/*.cc native/bpf/*.cc native/capture/*.cc)"],
      "libraries": ["<!@(pkg-config --libs libbpf libelf re2)"],
    },
    {
      "target_name": "codec",
      "sources": ["<!@(ls native/common/*.cc native/codec/*.cc)"],
      "libraries": ["<!@(pkg-config --libs re2)"],
    },
  ],
}
