const columns = 104;
const character = { width: 8, height: 18 };
const margin = 16;
const bar = 28;
const colours = { background: '#1b1f27', text: '#d6dbe4', dim: '#8791a3', prompt: '#7fc97f', bar: '#2a303c' };

/** A terminal with these lines as an SVG, the same for the same text. Lines that begin with "$ " are commands. */
export function terminalPicture(text: string, title: string): string {
  const lines = text.trimEnd().split('\n');
  const width = columns * character.width + 2 * margin;
  const height = lines.length * character.height + 2 * margin + bar;
  const drawn = lines.map((line, index) => row(line, bar + margin + (index + 0.75) * character.height));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>${escaped(title)}</title>
  <style>
    text { font: 13.3px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: ${colours.text}; white-space: pre; }
    .prompt { fill: ${colours.prompt}; }
    .dim { fill: ${colours.dim}; }
  </style>
  <rect width="${width}" height="${height}" rx="8" fill="${colours.background}"/>
  <path d="M0 ${bar}V8a8 8 0 0 1 8-8H${width - 8}a8 8 0 0 1 8 8V${bar}Z" fill="${colours.bar}"/>
  <text x="${margin}" y="19" class="dim">${escaped(title)}</text>
${drawn.join('')}</svg>
`;
}

function row(line: string, y: number): string {
  if (line.startsWith('$ ')) return word('$', 0, y, 'prompt') + word(cut(line).slice(2), 2, y, '');
  const said = cut(line).trimStart();
  const style = /^[A-Z][A-Z_ .()]+$/.test(said) ? 'dim' : '';
  return said === '' ? '' : word(said, line.length - line.trimStart().length, y, style);
}

/** At a column, and of a fixed width, whatever font is there. Renderers disagree on blanks at the beginning. */
function word(text: string, column: number, y: number, style: string): string {
  const at = `x="${margin + column * character.width}" y="${y}" textLength="${text.length * character.width}"`;
  return `  <text ${at}${style === '' ? '' : ` class="${style}"`}>${escaped(text)}</text>\n`;
}

function cut(line: string): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}

/** XML; blanks that do not collapse. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(' ', '\u00a0');
}
