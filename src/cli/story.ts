const BOLD = '\u001b[1m'
const DIM = '\u001b[2m'
const GREEN = '\u001b[32m'
const RED = '\u001b[31m'
const RESET = '\u001b[0m'

/** How the demo speaks to people: headings, facts and a stream, on stdout; silent where JSON is wanted. */
export type Story = {
  readonly chapter: (title: string) => void
  readonly fact: (name: string, value: string) => void
  readonly tokens: (text: string) => void
  readonly verdict: (line: string, isGood: boolean) => void
}

export function createStory({ quiet }: { quiet: boolean }): Story {
  const write = (text: string) => {
    if (!quiet) process.stdout.write(text)
  }
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR']
  const paint = (code: string, text: string) => (isColoured ? `${code}${text}${RESET}` : text)
  const width = 92
  let column = 0
  return {
    chapter(title) {
      column = 0
      write(`\n${paint(BOLD, title)}\n`)
    },
    fact(name, value) {
      if (column > 0) write('\n')
      column = 0
      write(`  ${paint(DIM, name.padEnd(12))} ${value}\n`)
    },
    tokens(text) {
      for (const word of text.replaceAll('\n', ' ').split(/(?= )/)) {
        if (column === 0) write('  ')
        write(column === 0 ? word.trimStart() : word)
        column += word.length
        if (column < width) continue
        write('\n')
        column = 0
      }
    },
    verdict(line, isGood) {
      column = 0
      write(`  ${isGood ? paint(GREEN, '✓') : paint(RED, '✗')} ${line}\n`)
    },
  }
}
