const polynomial = 0x42f0_e1eb_a9ea_3693n;

// In halves of 32 bits: with bigints for each byte it would be a hundred times slower.
const high = new Int32Array(256);
const low = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let value = BigInt(byte) << 56n;
  for (let bit = 0; bit < 8; bit++) {
    value = BigInt.asUintN(64, value << 1n) ^ (value >> 63n === 1n ? polynomial : 0n);
  }
  high[byte] = Number(value >> 32n);
  low[byte] = Number(value & 0xffff_ffffn);
}

/** CRC-64/ECMA-182, of bytes that come in pieces. */
export class Crc64 {
  #high = 0;
  #low = 0;

  update(bytes: Uint8Array): this {
    let [h, l] = [this.#high, this.#low];
    for (const byte of bytes) {
      const index = (h >>> 24) ^ byte;
      h = ((h << 8) | (l >>> 24)) ^ (high[index] ?? 0);
      l = (l << 8) ^ (low[index] ?? 0);
    }
    this.#high = h;
    this.#low = l;
    return this;
  }

  /** Of the bytes so far. */
  get value(): bigint {
    return (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0);
  }
}
