// The functions of an executable or library, for uprobes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace traceprobe {

struct ElfSymbol {
  std::string name;
  uint64_t offset;  // in the file, where a uprobe goes
  uint64_t size;    // bytes; 0 when the symbol does not tell
};

struct ElfSymbols {
  std::vector<ElfSymbol> functions;  // of .symtab and .dynsym, those defined in this file, each name once
  std::string error;                 // why there are none: "" or libelf's or the system's words
  int errno_value = 0;
};

/** Reads both symbol tables. A library that was stripped still has the dynamic one. */
ElfSymbols ReadElfSymbols(const std::string& path);

}  // namespace traceprobe
