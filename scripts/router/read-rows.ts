import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

/** What one model did with one prompt: right or a score, from 0 to 1, and roughly what it cost. */
export type Outcome = { readonly quality: number; readonly costUsd: number | undefined }

/** One prompt of a benchmark and the outcomes of the models that were asked. */
export type Row = {
  readonly id: string
  readonly source: string
  readonly task: string
  readonly prompt: string
  readonly outcomes: ReadonlyMap<string, Outcome>
}

type WireOutcome = { readonly correct?: number; readonly score?: number; readonly cost_usd?: number | null }
type WireRow = Omit<Row, 'outcomes'> & { readonly models: Readonly<Record<string, WireOutcome>> }

function readRow(line: string): Row {
  const { id, source, task, prompt, models }: WireRow = JSON.parse(line)
  const outcomes = Object.entries(models).flatMap(([name, { correct, score, cost_usd: cost }]) => {
    const quality = correct ?? score
    return quality === undefined ? [] : [[name, { quality, costUsd: cost ?? undefined }] as const]
  })
  return { id, source, task, prompt, outcomes: new Map(outcomes) }
}

/** Whether a file begins as gzip does, whatever its name is. */
async function isPacked(path: string): Promise<boolean> {
  const file = await open(path)
  const { buffer } = await file.read(new Uint8Array(2), 0, 2).finally(() => file.close())
  return buffer[0] === 0x1f && buffer[1] === 0x8b
}

/** Reads JSON lines, plain or packed by gzip, in the order of the file. */
export async function readRows(path: string): Promise<readonly Row[]> {
  const file = createReadStream(path)
  const text = (await isPacked(path)) ? file.pipe(createGunzip()) : file
  const rows: Row[] = []
  for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
    if (line.trim() !== '') rows.push(readRow(line))
  }
  return rows
}

/**
 * Names the question of a row: the same question of two benchmarks has one name, so that it is never on both sides of a
 * measurement. The first letters and digits after `question:`, or of all; how many of them is the caller's choice, since what
 * begins alike (a common instruction) is not the same question.
 */
export function questionOf({ prompt }: Pick<Row, 'prompt'>, length = 400): string {
  const lower = prompt.toLowerCase()
  const mark = lower.indexOf('question:')
  const from = mark < 0 ? lower : lower.slice(mark + 'question:'.length)
  return from.replaceAll(/[^a-z0-9]/g, '').slice(0, length)
}
