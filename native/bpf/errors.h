// The errors that the addon throws. Their classes live in TypeScript (src/bpf/createError.ts); the addon hands over
// the facts: what was attempted, the errno, and what libbpf and the kernel printed meanwhile.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "bpf/log_capture.h"

namespace traceprobe {

/** A BpfError, or a VerifierError when the messages hold a verifier log. `error` is an errno, its sign ignored. */
Napi::Error BpfFailure(Napi::Env env, const std::string& attempted, int error,
                       const std::vector<LogMessage>& messages = {});

/** A VerifierError whose log the caller had in a buffer of its own. */
Napi::Error VerifierFailure(Napi::Env env, const std::string& attempted, int error, const std::string& program,
                            const std::string& log);

/** A TypeError: an argument that the method cannot take. */
Napi::Error ArgumentFailure(Napi::Env env, const std::string& message);

/** Use after close; `what` names the thing, as in "BpfMap 'counts'". */
Napi::Error ClosedFailure(Napi::Env env, const std::string& what);

/** "EPERM" for 1; libbpf's own errors (4000 and up) by their names without the prefix LIBBPF_ERRNO. */
std::string ErrnoName(int error);

}  // namespace traceprobe
