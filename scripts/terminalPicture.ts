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
  const drawn = lines.flatMap((line, index) => {
    if (line === '') return [];
    const y = bar + margin + (index + 0.75) * character.height;
    return [`  <text x="${margin}" y="${y}">${content(line)}</text>`];
  });
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
${drawn.join('\n')}
</svg>
`;
}

function content(line: string): string {
  if (line.startsWith('$ ')) return `<tspan class="prompt">$</tspan>${span(cut(line).slice(1), '')}`;
  return span(cut(line), /^[A-Z][A-Z_ .]+$/.test(line) ? 'dim' : '');
}

/** Of a fixed width, whatever font is there. */
function span(text: string, style: string): string {
  const attributes = `textLength="${text.length * character.width}" lengthAdjust="spacing"`;
  return `<tspan ${attributes}${style === '' ? '' : ` class="${style}"`}>${escaped(text)}</tspan>`;
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
