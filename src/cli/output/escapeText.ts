/**
 * Characters that a terminal obeys, or that make a line read differently from what it is: control characters (C0, DEL,
 * C1), line separators, what turns writing direction around, invisible characters, and halves of surrogate pairs.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const short: Partial<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line of text that is safe on a terminal: "a\x1b[31m" comes out with a visible "\x1b". */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? hexEscape(character));
}

function hexEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

/** Nothing to quote or to escape: most texts by far. */
const plain = /^[ !#-[\]-~]*$/;

/** A JSON string (and so a double-quoted YAML scalar) that is safe on a terminal, too: pure escapes, no change of value. */
export function quoteText(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(unsafe, (character) =>
    [...Array(character.length).keys()]
      .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
