// A system call that failed where no JavaScript can be called: the binding makes a BpfError of it.
#pragma once

#include <stdexcept>
#include <string>

namespace traceprobe {

class SystemFailure : public std::runtime_error {
 public:
  /** `attempted` as in "could not <attempted>"; `error` is an errno. */
  SystemFailure(int error, const std::string& attempted) : std::runtime_error(attempted), error_(error) {}
  int Error() const { return error_; }

 private:
  int error_;
};

}  // namespace traceprobe
