/** Powers of ten and two that a suffix stands for; n and u are below one. */
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

const nano = 1_000_000_000n;

/** Whether a text is a Kubernetes quantity, such as 1Gi, 1.5M, 100 or 1e9. */
export function isQuantity(text: string): boolean {
  return nanoUnits(text) !== undefined;
}

/**
 * A quantity as a whole number, rounded up as Kubernetes' Quantity.Value does: bytes for sizes. Throws a TypeError
 * when it is none.
 */
export function quantityToInteger(quantity: number | string): bigint {
  const units = nanoUnits(String(quantity));
  if (units === undefined) {
    throw new TypeError(
      `${JSON.stringify(quantity)} is no quantity: write a number and Ki, Mi, Gi or k, M, G, such as 1Gi`,
    );
  }
  return divideUp(units, nano);
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: string, b: string): number {
  const difference = (nanoUnits(a) ?? 0n) - (nanoUnits(b) ?? 0n);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** In 10^-9, the finest a quantity has; what is finer is rounded up. */
function nanoUnits(text: string): bigint | undefined {
  const match =
    /^([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:([KMGTPE]i)|[eE]([+-]?[0-9]{1,3})|([numkMGTPE]?))$/.exec(text);
  if (!match) return undefined;
  const [, sign, number = '', binarySuffix, exponent, decimalSuffix = ''] = match;
  const [whole = '', fraction = ''] = number.split('.');
  const digits = BigInt(whole + fraction);
  const power =
    9 - fraction.length + (exponent === undefined ? (decimal[decimalSuffix] ?? 0) : Number(exponent));
  const scaled = binarySuffix === undefined ? digits : digits << (binary[binarySuffix] ?? 0n);
  const units = power >= 0 ? scaled * 10n ** BigInt(power) : divideUp(scaled, 10n ** BigInt(-power));
  return sign === '-' ? -units : units;
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}
