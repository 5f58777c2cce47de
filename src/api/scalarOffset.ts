import type { Scalar } from 'yaml';

/**
 * Where in `content` the character `offset` of a YAML string stands, through quotes, escapes, indentation and folded
 * lines. The start of the string where that cannot be told (blank lines in a folded string).
 */
export function scalarOffset(scalar: Scalar, content: string, offset: number): number {
  const [start = 0, end = start] = scalar.range ?? [];
  const { value } = scalar;
  if (typeof value !== 'string') return start;
  const characters = sourceCharacters(scalar, content, start, end);
  const exact = [...characters].every(({ text }, index) => {
    const expected = value[index];
    return (
      text === undefined || expected === undefined || text === expected || (text === '\n' && expected === ' ')
    );
  });
  return (exact ? characters[offset]?.at : undefined) ?? start;
}

interface SourceCharacter {
  at: number;
  /** undefined: an escape, whatever it stands for, or the end. */
  text: string | undefined;
}

/** One entry for each UTF-16 code unit of the string's value, and one for its end. */
function sourceCharacters(scalar: Scalar, content: string, start: number, end: number): SourceCharacter[] {
  const isBlock = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  const quoted = scalar.type === 'QUOTE_SINGLE' || scalar.type === 'QUOTE_DOUBLE';
  const stop = quoted ? end - 1 : end;
  // A block's first line is its header, such as >-.
  let at = isBlock ? content.indexOf('\n', start) + 1 : start + (quoted ? 1 : 0);
  const indent = isBlock ? (/^(?: *\n)*( *)/.exec(content.slice(at))?.[1]?.length ?? 0) : Infinity;
  const characters: SourceCharacter[] = [];
  const skipIndent = (): void => {
    for (let skipped = 0; skipped < indent && at < stop && /[ \t]/.test(content.charAt(at)); skipped++) at++;
  };
  if (isBlock) skipIndent();
  while (at < stop) {
    const text = content.charAt(at);
    const escape = quoted ? escapeAt(scalar, content, at) : undefined;
    characters.push({ at, text: escape === undefined ? text : undefined });
    at += escape?.length ?? 1;
    if (text === '\n') skipIndent();
  }
  return [...characters, { at: stop, text: undefined }];
}

function escapeAt(scalar: Scalar, content: string, at: number): string | undefined {
  const pattern = scalar.type === 'QUOTE_SINGLE' ? /''/y : /\\(?:x..|u....|U.{8}|.)/sy;
  pattern.lastIndex = at;
  return pattern.exec(content)?.[0];
}
