#include "capture/value_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace traceprobe {

namespace {

std::string_view WithoutLastNul(std::string_view parts) {
  if (!parts.empty() && parts.back() == '\0') parts.remove_suffix(1);
  return parts;
}

template <typename T>
T Load(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

/** An unsigned number in decimal: std::to_string() and inet_ntop() cost several times as much. */
void AppendNumber(uint32_t value, std::string& out) {
  char digits[10];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

void AppendPort(uint16_t network_order, std::string& out) {
  out.push_back(':');
  AppendNumber(ntohs(network_order), out);
}

}  // namespace

void AppendStrings(std::string_view parts, std::string& out) {
  const size_t start = out.size();
  out.append(WithoutLastNul(parts));
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\0', ' ');
}

void AppendPath(std::string_view parts, std::string& out) {
  std::string_view left = WithoutLastNul(parts);
  if (left.empty()) {
    out.push_back('/');
    return;
  }
  for (;;) {
    const size_t nul = left.rfind('\0');
    const std::string_view part = nul == std::string_view::npos ? left : left.substr(nul + 1);
    if (part.empty() || part.front() != '/') out.push_back('/');
    out.append(part);
    if (nul == std::string_view::npos) return;
    left = left.substr(0, nul);
  }
}

bool AppendIpAddress(std::string_view address, std::string& out) {
  if (address.size() == 4) {
    for (size_t i = 0; i < 4; ++i) {
      if (i > 0) out.push_back('.');
      AppendNumber(static_cast<uint8_t>(address[i]), out);
    }
    return true;
  }
  if (address.size() != 16) return false;
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(AF_INET6, address.data(), text, sizeof(text)) == nullptr) return false;
  out.append(text);
  return true;
}

bool AppendSocketAddress(std::string_view address, std::string& out) {
  if (address.size() < sizeof(sa_family_t)) return false;
  const auto family = Load<sa_family_t>(address, 0);
  switch (family) {
    case AF_INET:
      if (!AppendSocketIpAddress(address, out)) return false;
      AppendPort(Load<uint16_t>(address, offsetof(sockaddr_in, sin_port)), out);
      return true;
    case AF_INET6:
      if (address.size() < sizeof(sockaddr_in6)) return false;
      out.push_back('[');
      AppendSocketIpAddress(address, out);
      out.push_back(']');
      AppendPort(Load<uint16_t>(address, offsetof(sockaddr_in6, sin6_port)), out);
      return true;
    case AF_UNIX: {
      std::string_view path = address.substr(offsetof(sockaddr_un, sun_path));
      const bool is_abstract = path.size() > 1 && path[0] == '\0' && path[1] != '\0';
      if (is_abstract) path.remove_prefix(1);
      out.append(is_abstract ? "unix:@" : "unix:").append(path.substr(0, path.find('\0')));
      return true;
    }
    default:
      out.append("family ");
      AppendNumber(family, out);
      return true;
  }
}

bool AppendSocketIpAddress(std::string_view address, std::string& out) {
  if (address.size() < sizeof(sa_family_t)) return false;
  const auto family = Load<sa_family_t>(address, 0);
  if (family == AF_INET && address.size() >= offsetof(sockaddr_in, sin_zero)) {
    return AppendIpAddress(address.substr(offsetof(sockaddr_in, sin_addr), 4), out);
  }
  if (family != AF_INET6 || address.size() < sizeof(sockaddr_in6)) return false;
  AppendIpAddress(address.substr(offsetof(sockaddr_in6, sin6_addr), 16), out);
  if (const auto scope = Load<uint32_t>(address, offsetof(sockaddr_in6, sin6_scope_id)); scope != 0) {
    out.push_back('%');
    AppendNumber(scope, out);
  }
  return true;
}

}  // namespace traceprobe
