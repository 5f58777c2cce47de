// What libbpf prints, kept instead of written to stderr.
#pragma once

#include <bpf/libbpf.h>

#include <string>
#include <vector>

namespace traceprobe {

struct LogMessage {
  libbpf_print_level level;
  std::string text;  // without the newline at its end
};

/**
 * While it lives, what libbpf prints on this thread is kept in Messages(). libbpf has one print function a process,
 * so it is installed once and finds the innermost capture of the calling thread; without one a message is dropped.
 */
class LogCapture {
 public:
  /** `debug`: libbpf's debug messages too (a line a relocation); verifier logs are always kept. */
  explicit LogCapture(bool debug = false);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  const std::vector<LogMessage>& Messages() const { return messages_; }

  /** Sets libbpf's print function; safe to call from every environment. */
  static void Install();

 private:
  static int Print(libbpf_print_level level, const char* format, va_list arguments);

  std::vector<LogMessage> messages_;
  LogCapture* outer_;
  bool debug_;
};

}  // namespace traceprobe
