/** Runs of one kind that no natural text has: byte-pair encoding takes quadratic time over them. */
const LONG_RUN = /[\p{L}\p{M}]{192,}|[^\s\p{L}\p{N}]{192,}|\s{192,}/gu

/** Tokens that splitting the text around a long run may hide or add. */
const SPLIT_TOKENS = 2

/** Characters counted at once: some 30 ms of text without any pattern, after which others get their turn. */
const SLICE_CHARS = 16_384

type Counter = (text: string) => number

const breathe = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

/** Counts slice by slice: a body of 10 MiB would hold the process for a minute, before anything is paid. */
async function countInSlices({ count, text }: { count: Counter; text: string }): Promise<number> {
  let total = 0
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + SLICE_CHARS, text.length)
    // Two halves of one character stay together.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1
    if (start > 0) {
      total += SPLIT_TOKENS
      await breathe()
    }
    total += count(text.slice(start, end))
    start = end
  }
  return total
}

let loading: Promise<(text: string) => number> | undefined

/** The vocabulary takes 100 MB and 0.2 s, so it is loaded by the first who needs it. */
async function loadCounter(): Promise<(text: string) => number> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // Without this the tokenizer throws on text like "<|endoftext|>", which from a caller is only text.
  const plain = { disallowedSpecial: new Set<string>() }
  return (text) => countTokens(text, plain)
}

/**
 * Counts o200k tokens. Runs of 192 and more letters, signs or spaces are counted as their bytes instead (never too few):
 * nobody writes them, and tokenizing 100 kB of them would hold the process for seconds.
 *
 * @example await countTokens('Hello there') // 2
 */
export async function countTokens(text: string): Promise<number> {
  loading ??= loadCounter()
  const count = await loading
  let total = 0
  let start = 0
  for (const run of text.matchAll(LONG_RUN)) {
    const before = await countInSlices({ count, text: text.slice(start, run.index) })
    total += before + Buffer.byteLength(run[0]) + SPLIT_TOKENS
    start = run.index + run[0].length
  }
  total += await countInSlices({ count, text: start === 0 ? text : text.slice(start) })
  return start === 0 ? total : Math.min(total, Buffer.byteLength(text))
}
