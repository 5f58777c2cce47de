/** Drawn on top of the character before them. */
const combining = /^[\p{Mn}\p{Me}]$/u;

/** Twice as wide as a letter: East Asian wide and full-width characters (Unicode's EastAsianWidth.txt), emoji. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

// eslint-disable-next-line no-control-regex -- the point is which characters need no closer look
const plain = /^[\x00-\x7f]*$/;

function widthOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Columns that a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The text cut to at most `columns`, its last one then '…'. */
export function cutToWidth(text: string, columns: number): string {
  if (text.length <= columns && plain.test(text)) return text;
  if (displayWidth(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += widthOf(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return columns > 0 ? `${kept}…` : '';
}
