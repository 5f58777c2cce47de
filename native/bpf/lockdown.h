// The kernel's lockdown mode.
#pragma once

namespace traceprobe {

/**
 * Whether the kernel is locked down to "confidentiality": then it opens no kprobes, leaves tracefs empty and has no
 * helper that reads kernel memory. False where securityfs cannot be read.
 */
bool IsLockedDownForConfidentiality();

}  // namespace traceprobe
