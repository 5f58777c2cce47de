// BPF instructions for the few programs that are written by hand (see linux/bpf.h and the kernel's instruction set
// documentation).
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace traceprobe::insn {

using Program = std::vector<bpf_insn>;

inline bpf_insn Make(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
  bpf_insn instruction{};
  instruction.code = code;
  instruction.dst_reg = dst & 0xf;
  instruction.src_reg = src & 0xf;
  instruction.off = off;
  instruction.imm = imm;
  return instruction;
}

/** dst = imm */
inline bpf_insn Set(uint8_t dst, int32_t imm) { return Make(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm); }
/** dst = src */
inline bpf_insn Move(uint8_t dst, uint8_t src) { return Make(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0); }
/** dst += imm */
inline bpf_insn Add(uint8_t dst, int32_t imm) { return Make(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm); }
/** *(u64 *)(dst + off) = imm */
inline bpf_insn Store(uint8_t dst, int16_t off, int32_t imm) {
  return Make(BPF_ST | BPF_MEM | BPF_DW, dst, 0, off, imm);
}
/** if (dst != imm) skip `off` instructions */
inline bpf_insn SkipUnless(uint8_t dst, int32_t imm, int16_t off) {
  return Make(BPF_JMP | BPF_JNE | BPF_K, dst, 0, off, imm);
}
inline bpf_insn Call(bpf_func_id helper) { return Make(BPF_JMP | BPF_CALL, 0, 0, 0, static_cast<int32_t>(helper)); }
inline bpf_insn Exit() { return Make(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

/** dst = the map, two instructions long. */
inline Program LoadMap(uint8_t dst, int fd) {
  return {Make(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd), Make(0, 0, 0, 0, 0)};
}
/** dst = the address of an array's first value. */
inline Program LoadMapValue(uint8_t dst, int fd) {
  return {Make(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_VALUE, 0, fd), Make(0, 0, 0, 0, 0)};
}

/** One program of several parts. */
inline Program Join(std::initializer_list<Program> parts) {
  Program program;
  for (const auto& part : parts) program.insert(program.end(), part.begin(), part.end());
  return program;
}

/** return 0 */
inline Program Nothing() { return {Set(BPF_REG_0, 0), Exit()}; }

}  // namespace traceprobe::insn
