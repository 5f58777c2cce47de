#include "bpf/elf_symbols.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <unordered_set>

#include "common/file_descriptor.h"

namespace traceprobe {
namespace {

using ElfFile = std::unique_ptr<Elf, decltype(&elf_end)>;

void ReadTable(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, std::unordered_set<std::string>& seen,
               std::vector<ElfSymbol>& out) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return;
  const size_t count = header.sh_size / header.sh_entsize;
  for (size_t i = 0; i < count; i++) {
    GElf_Sym symbol;
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) return;
    if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) continue;
    const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
    GElf_Shdr code;
    // A symbol's value is an address; the section it lies in knows where in the file that is.
    Elf_Scn* code_section = elf_getscn(elf, symbol.st_shndx);
    if (name == nullptr || *name == '\0' || code_section == nullptr || gelf_getshdr(code_section, &code) == nullptr) {
      continue;
    }
    const std::string bare(name, strcspn(name, "@"));  // "malloc@@GLIBC_2.2.5" in some tables
    if (!seen.insert(bare).second) continue;
    out.push_back({bare, symbol.st_value - code.sh_addr + code.sh_offset, symbol.st_size});
  }
}

}  // namespace

ElfSymbols ReadElfSymbols(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {{}, "", errno};
  elf_version(EV_CURRENT);
  const ElfFile elf(elf_begin(file.Get(), ELF_C_READ_MMAP, nullptr), elf_end);
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) {
    return {{}, path + " is no ELF file", LIBBPF_ERRNO__LIBELF};
  }
  ElfSymbols result;
  std::unordered_set<std::string> seen;
  for (Elf_Scn* section = elf_nextscn(elf.get(), nullptr); section != nullptr;
       section = elf_nextscn(elf.get(), section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) {
      ReadTable(elf.get(), section, header, seen, result.functions);
    }
  }
  return result;
}

}  // namespace traceprobe
