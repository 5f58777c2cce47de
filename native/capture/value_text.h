// Text of what the kernel records in parts or in binary. Each function appends to `out`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace traceprobe {

/** Strings that each end with a NUL, joined by spaces: "ls\0-l\0" is "ls -l". */
void AppendStrings(std::string_view parts, std::string& out);

/**
 * Path components that each end with a NUL, innermost first: "c\0b\0a\0" is "/a/b/c", none is "/". A component
 * that begins with a slash is the rest of the path, as bpf_d_path() writes it.
 */
void AppendPath(std::string_view parts, std::string& out);

/** 4 or 16 bytes in network order; false (and nothing appended) for another number of them. */
bool AppendIpAddress(std::string_view address, std::string& out);

/**
 * A struct sockaddr: "1.2.3.4:80", "[fe80::1%2]:80", "unix:/path", "unix:@abstract", otherwise "family 16". False
 * for one that is shorter than its family's.
 */
bool AppendSocketAddress(std::string_view address, std::string& out);

/** The address alone of an IPv4 or IPv6 struct sockaddr: "1.2.3.4", "fe80::1%2"; false for another family. */
bool AppendSocketIpAddress(std::string_view address, std::string& out);

}  // namespace traceprobe
