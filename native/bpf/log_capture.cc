#include "bpf/log_capture.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace traceprobe {
namespace {
thread_local LogCapture* innermost = nullptr;
}

LogCapture::LogCapture(bool debug) : outer_(innermost), debug_(debug) { innermost = this; }

LogCapture::~LogCapture() { innermost = outer_; }

void LogCapture::Install() { libbpf_set_print(&LogCapture::Print); }

int LogCapture::Print(libbpf_print_level level, const char* format, va_list arguments) {
  LogCapture* capture = innermost;
  if (capture == nullptr) return 0;
  if (level == LIBBPF_DEBUG && !capture->debug_ && strstr(format, "LOAD LOG") == nullptr) return 0;

  va_list again;
  va_copy(again, arguments);
  const int length = vsnprintf(nullptr, 0, format, arguments);
  std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
  if (length > 0) vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  constexpr const char kPrefix[] = "libbpf: ";
  if (text.starts_with(kPrefix)) text.erase(0, sizeof(kPrefix) - 1);
  if (!text.empty()) capture->messages_.push_back({level, std::move(text)});
  return length;
}

}  // namespace traceprobe
