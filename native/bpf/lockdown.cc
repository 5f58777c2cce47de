#include "bpf/lockdown.h"

#include <fstream>
#include <string>

namespace traceprobe {

bool IsLockedDownForConfidentiality() {
  std::ifstream file("/sys/kernel/security/lockdown");
  std::string modes;  // "none integrity [confidentiality]"
  return std::getline(file, modes) && modes.find("[confidentiality]") != std::string::npos;
}

}  // namespace traceprobe
