/** A pattern that RE2 would refuse; `offset` and `length` are in the pattern. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly offset: number;
  readonly length: number;

  constructor(message: string, offset: number, length: number) {
    super(message);
    this.offset = offset;
    this.length = length;
  }
}

/** RE2's limits: of one counted repetition, and of what we hand it. */
const MAX_REPEAT = 1000;
const MAX_PATTERN = 1000;

/**
 * Checks a pattern against RE2's syntax (github.com/google/re2/wiki/Syntax) and translates it to a JavaScript
 * expression that matches the same texts, for the compiler's check and the reference evaluator. Which part matches
 * is not kept: greediness is of no interest to a filter.
 * @throws {PatternError}
 */
export function re2Pattern(pattern: string): RegExp {
  if (pattern.length > MAX_PATTERN) {
    throw new PatternError(`the expression is longer than ${MAX_PATTERN} characters`, 0, pattern.length);
  }
  const translated = new Translator(pattern).translate();
  try {
    return new RegExp(translated, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
    throw new PatternError(reason, 0, pattern.length);
  }
}

interface Flags {
  i: boolean;
  m: boolean;
  s: boolean;
}

interface Group {
  start: number;
  /** Flags to return to behind the group. */
  outer: Flags;
  /** Closing parentheses that flags set inside have made necessary. */
  inner: number;
}

const perlClass: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
};

const posixClass: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

const control: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

class Translator {
  readonly #pattern: string;
  #at = 0;
  #output = '';
  #flags: Flags = { i: false, m: false, s: false };
  readonly #groups: Group[] = [];
  /** Whether something stands before that can be repeated, or a repetition itself. */
  #before: 'nothing' | 'item' | 'repetition' = 'nothing';

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  translate(): string {
    const outermost: Group = { start: 0, outer: this.#flags, inner: 0 };
    while (this.#at < this.#pattern.length) this.#one(this.#groups.at(-1) ?? outermost);
    const open = this.#groups.at(-1);
    if (open) throw new PatternError("')' is missing", open.start, 1);
    return this.#output + ')'.repeat(outermost.inner);
  }

  #one(group: Group): void {
    const start = this.#at;
    const character = String.fromCodePoint(this.#pattern.codePointAt(start) ?? 0);
    switch (character) {
      case '(':
        this.#open(group);
        return;
      case ')':
        if (this.#groups.pop() === undefined) throw new PatternError("')' has no '('", start, 1);
        this.#flags = group.outer;
        this.#emit(')'.repeat(group.inner + 1), 1);
        return;
      case '|':
        // Flags set in this group hold for the other branches, too.
        this.#output += `${')'.repeat(group.inner)}|${this.#flags.i ? '(?i:' : '(?-i:'}`;
        group.inner = 1;
        this.#at += 1;
        this.#before = 'nothing';
        return;
      case '*':
      case '+':
      case '?':
      case '{':
        this.#repeat(character);
        return;
      case '[':
        this.#emit(this.#set(), 0);
        return;
      case '.':
        this.#emit(this.#flags.s ? '[^]' : '[^\\n]', 1);
        return;
      case '^':
        this.#emit(this.#flags.m ? '(?:(?<![^\\n]))' : '(?:(?<![^]))', 1);
        return;
      case '$':
        this.#emit(this.#flags.m ? '(?:(?![^\\n]))' : '(?:(?![^]))', 1);
        return;
      case '\\':
        this.#escape();
        return;
      default:
        this.#emit(literal(character.codePointAt(0) ?? 0), character.length);
    }
  }

  #emit(text: string, length: number): void {
    this.#output += text;
    this.#at += length;
    this.#before = 'item';
  }

  #open(group: Group): void {
    const start = this.#at;
    const rest = this.#pattern.slice(start);
    const refused = [
      [/^\(\?<?[=!]/, 'RE2 has no lookahead and no lookbehind'],
      [/^\(\?>/, 'RE2 has no atomic groups'],
      [/^\(\?#/, 'RE2 has no comments'],
      [/^\(\?</, 'RE2 writes named groups (?P<name>…)'],
    ] as const;
    for (const [form, message] of refused) {
      const found = form.exec(rest);
      if (found) throw new PatternError(message, start, found[0].length);
    }
    const flags = /^\(\?([imsU]*)(-[imsU]+)?([:)])/.exec(rest);
    if (flags) {
      const [all, on = '', off = '', end] = flags;
      const outer = this.#flags;
      this.#flags = { ...outer };
      for (const flag of ['i', 'm', 's'] as const) {
        if (on.includes(flag)) this.#flags[flag] = true;
        if (off.includes(flag)) this.#flags[flag] = false;
      }
      this.#output += this.#flags.i ? '(?i:' : '(?-i:';
      if (end === ':') this.#groups.push({ start, outer, inner: 0 });
      else group.inner += 1;
      this.#at += all.length;
      this.#before = 'nothing';
      return;
    }
    const named = /^\(\?P<(\w+)>/.exec(rest);
    if (rest.startsWith('(?') && !named)
      throw new PatternError('RE2 has no such group', start, Math.min(3, rest.length));
    this.#output += '(?:';
    this.#groups.push({ start, outer: this.#flags, inner: 0 });
    this.#at += named?.[0].length ?? 1;
    this.#before = 'nothing';
  }

  #repeat(character: string): void {
    const start = this.#at;
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#pattern.slice(start));
    if (character === '{' && !counted) {
      this.#emit('\\{', 1);
      return;
    }
    let length = counted?.[0].length ?? 1;
    if (this.#before === 'nothing') throw new PatternError('there is nothing to repeat', start, length);
    if (this.#before === 'repetition')
      throw new PatternError('a repetition cannot be repeated', start, length);
    if (counted) {
      const least = Number(counted[1]);
      const most = counted[3] === undefined || counted[3] === '' ? least : Number(counted[3]);
      if (most > MAX_REPEAT || least > most) {
        throw new PatternError(`repetitions go up to ${MAX_REPEAT}, the smaller number first`, start, length);
      }
    }
    const text = counted?.[0] ?? character;
    if (this.#pattern[start + length] === '?') length += 1;
    this.#emit(text, length);
    this.#before = 'repetition';
  }

  #escape(): void {
    const start = this.#at;
    const next = this.#pattern[start + 1];
    if (next === 'Q') {
      const end = this.#pattern.indexOf('\\E', start + 2);
      const quoted = this.#pattern.slice(start + 2, end === -1 ? undefined : end);
      const text = Array.from(quoted, (character) => literal(character.codePointAt(0) ?? 0)).join('');
      this.#emit(text, quoted.length + (end === -1 ? 2 : 4));
      return;
    }
    const whole = { A: '(?:(?<![^]))', z: '(?:(?![^]))', b: '(?:\\b)', B: '(?:\\B)', C: '[^]' }[next ?? ''];
    if (whole !== undefined) {
      this.#emit(whole, 2);
      return;
    }
    const set = this.#escapedSet();
    this.#emit(
      set === undefined
        ? literal(this.#escapedCharacter())
        : set.negated
          ? `[^${set.text}]`
          : `[${set.text}]`,
      0,
    );
  }

  /** \d, \PL, \p{Greek} at the position, and moves behind it. */
  #escapedSet(): { text: string; negated: boolean } | undefined {
    const start = this.#at;
    const next = this.#pattern[start + 1] ?? '';
    const perl = perlClass[next.toLowerCase()];
    if (perl !== undefined) {
      this.#at += 2;
      return { text: perl, negated: next !== next.toLowerCase() };
    }
    const found = /^\\([pP])(?:\{(\^?)(\w+)\}|(\w))/.exec(this.#pattern.slice(start));
    if (!found) return undefined;
    const name = found[3] ?? found[4] ?? '';
    const negated = (found[1] === 'P') !== (found[2] === '^');
    this.#at += found[0].length;
    if (name === 'Any') return { text: '\\u{0}-\\u{10ffff}', negated };
    for (const property of [name, `Script=${name}`]) {
      try {
        new RegExp(`\\p{${property}}`, 'u');
        return { text: `\\p{${property}}`, negated };
      } catch {
        // Not this kind of property.
      }
    }
    throw new PatternError(`there are no characters named ${found[0]}`, start, found[0].length);
  }

  /** The character that an escape at the position stands for, and moves behind it. */
  #escapedCharacter(): number {
    const start = this.#at;
    const rest = this.#pattern.slice(start);
    const next = rest[1];
    if (next === undefined) throw new PatternError('the expression ends in a backslash', start, 1);
    const number = /^\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/.exec(
      rest,
    );
    if (number) {
      this.#at += number[0].length;
      const hexadecimal = number[1] ?? number[2];
      const code = hexadecimal === undefined ? parseInt(number[3] ?? '', 8) : parseInt(hexadecimal, 16);
      if (code <= 0x10ffff) return code;
      throw new PatternError('there is no such character', start, number[0].length);
    }
    if (/[1-9]/.test(next)) throw new PatternError('RE2 has no back-references', start, 2);
    const code =
      control[next] ?? (next < '\x80' && !/[0-9A-Za-z]/.test(next) ? next.charCodeAt(0) : undefined);
    if (code === undefined) throw new PatternError(`RE2 has no escape \\${next}`, start, 2);
    this.#at += 2;
    return code;
  }

  /** The bracketed set at the position, and moves behind it. */
  #set(): string {
    const start = this.#at;
    this.#at += 1;
    const negated = this.#pattern[this.#at] === '^';
    if (negated) this.#at += 1;
    let text = '';
    for (let first = true; ; first = false) {
      if (this.#at >= this.#pattern.length) throw new PatternError("']' is missing", start, 1);
      if (this.#pattern[this.#at] === ']' && !first) break;
      text += this.#setItem();
    }
    this.#at += 1;
    return `[${negated ? '^' : ''}${text}]`;
  }

  #setItem(): string {
    const start = this.#at;
    const rest = this.#pattern.slice(start);
    const posix = /^\[:(\^?)(\w+):\]/.exec(rest);
    if (posix) {
      const text = posixClass[posix[2] ?? ''];
      if (text === undefined) throw new PatternError(`there is no class ${posix[0]}`, start, posix[0].length);
      this.#at += posix[0].length;
      return posix[1] === '^' ? complement(text) : text;
    }
    if (rest.startsWith('\\')) {
      const set = this.#escapedSet();
      if (set) return set.negated ? complement(set.text) : set.text;
    }
    const low = this.#setCharacter();
    if (this.#pattern[this.#at] !== '-' || [']', undefined].includes(this.#pattern[this.#at + 1]))
      return literal(low);
    this.#at += 1;
    const high = this.#setCharacter();
    if (high < low) throw new PatternError('the range begins behind its end', start, this.#at - start);
    return `${literal(low)}-${literal(high)}`;
  }

  #setCharacter(): number {
    if (this.#pattern[this.#at] === '\\') return this.#escapedCharacter();
    const code = this.#pattern.codePointAt(this.#at) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }
}

/** A negated set inside a set: JavaScript has it for its own escapes alone, so the ranges between are written out. */
function complement(text: string): string {
  const property = /^\\p(\{.*\})$/.exec(text);
  if (property) return `\\P${property[1] ?? ''}`;
  const inside = new RegExp(`[${text}]`, 'u');
  // All classes but properties are ASCII.
  let result = '\\u{80}-\\u{10ffff}';
  for (let code = 0; code < 0x80; code += 1)
    if (!inside.test(String.fromCharCode(code))) result += literal(code);
  return result;
}

function literal(code: number): string {
  return /\w/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : `\\u{${code.toString(16)}}`;
}
