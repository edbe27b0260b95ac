import { readFileSync } from 'node:fs'
import { type ExplainedRoute, explainRoute, type ShownExplanation } from '../app/explain-route.ts'
import { loadCatalog, loadQualities } from '../app/options/load-catalog.ts'
import { loadQualityView } from '../app/load-quality-view.ts'
import { choosingBy, readWhatIf, replay, type Replayed, type WhatIf } from '../app/what-if.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { readEnvironment } from './read-environment.ts'
import { printTable } from './table.ts'

/** An explanation of a quote, of a call of one's own, or of a request that was planned just now. */
type Shown = Pick<ExplainedRoute, 'explanation'> & Partial<ExplainedRoute>

/** The same choice in the other way: a request is planned anew, over everybody; of an explanation the figures are compared again. */
type Again = ({ readonly by: 'request' } & ExplainedRoute) | ({ readonly by: 'figures' } & Replayed)

const TERMS = ['quality', 'uncertainty', 'cost', 'latency', 'availability', 'stickiness'] as const

type Scored = {
  readonly endpoint: string
  readonly score: number
  readonly terms: Readonly<Record<(typeof TERMS)[number], number>>
}

/**
 * `turnpike route --explain FILE`: the terms of every candidate, the filters that were hit, and by how much the first is ahead.
 *
 * @param file a body of a request, or an explanation that was printed before; `-` is stdin.
 * @returns the exit code: 1 where the request is refused or the file is neither.
 */
export async function route({
  file,
  path,
  whatIf,
  json,
}: {
  file: string
  path: string
  whatIf?: string
  json: boolean
}): Promise<number> {
  try {
    const other = whatIf === undefined ? undefined : readWhatIf(whatIf)
    if (whatIf !== undefined && !other)
      return fail('--what-if takes a strategy or JSON of weights: {"cost":0.5}')
    const { shown, again } = await read({ file, path, other })
    if (json) process.stdout.write(`${JSON.stringify({ ...shown, ...(again ? { what_if: again } : {}) })}\n`)
    else tell(shown, again)
    return 0
  } catch (error) {
    if (error instanceof TurnpikeError) return fail(`${error.code}: ${error.message}`)
    throw error
  }
}

function fail(message: string): number {
  process.stderr.write(`✗ ${message}\n`)
  return 1
}

async function read({
  file,
  path,
  other,
}: {
  file: string
  path: string
  other: WhatIf | undefined
}): Promise<{ shown: Shown; again: Again | undefined }> {
  const body = readFileSync(file === '-' ? 0 : file)
  const explained = explanationIn(body.toString('utf8'))
  if (explained)
    return {
      shown: explained,
      again: other && { by: 'figures', ...replay({ ...explained, other }) },
    }
  const { config } = readEnvironment()
  const catalog = loadCatalog({ simulated: false, path: config.TURNPIKE_CATALOG_FILE })
  const quality = loadQualityView({
    catalog,
    qualities: loadQualities({ path: config.TURNPIKE_CATALOG_FILE }),
  })
  const asked = { body, path, catalog, quality, marginBps: config.TURNPIKE_MARGIN_BPS }
  return {
    shown: await explainRoute(asked),
    again: other && { by: 'request', ...(await explainRoute({ ...asked, choose: choosingBy(other) })) },
  }
}

/** What was printed before, by this command, by POST /v1/quotes or by GET /v1/calls/{id}; undefined for a request. */
function explanationIn(text: string): Shown | undefined {
  try {
    const { explanation, ...rest } = JSON.parse(text) as Partial<Shown>
    return explanation?.candidates && explanation.reference && explanation.strategy
      ? { ...rest, explanation }
      : undefined
  } catch {
    return undefined
  }
}

const digits = (value: number) => value.toFixed(4)

const printScores = (candidates: readonly Scored[]) =>
  printTable(
    ['', 'candidate', ...TERMS, 'score'],
    candidates.map(({ endpoint, terms, score }, index) => [
      `${index + 1}.`,
      endpoint,
      ...TERMS.map((term) => digits(terms[term])),
      digits(score),
    ]),
  )

function tell({ explanation, reason, estimateUsd, ceilingUsd, plan }: Shown, again?: Again): void {
  const { strategy, candidates, runner_up: next, filters, considered, passed } = explanation
  const write = (line: string) => process.stdout.write(`${line}\n`)
  if (reason !== undefined) write(reason)
  if (estimateUsd !== undefined) write(`estimate $${estimateUsd}, ceiling $${ceilingUsd ?? ''}`)
  if (Array.isArray(plan) && plan.every((one) => typeof one === 'string'))
    write(`plan: ${plan.join(', then ')}`)
  write(`\n${strategy.name}: ${weightsOf(strategy)}; ${passed} of ${considered} endpoints may answer\n`)
  printScores(candidates)
  if (next) write(`\nrunner-up: ${next.endpoint}, ${digits(next.margin)} behind`)
  if (filters.length > 0) {
    write('')
    printTable(
      ['filter', 'kept out', 'why'],
      filters.map(({ code, count, why = '' }: { code: string; count: number; why?: string }) => [
        code,
        String(count),
        why,
      ]),
    )
  }
  if (again) tellAgain(again, write)
}

function tellAgain(again: Again, write: (line: string) => void): void {
  if (again.by === 'request') {
    write(`\nthe same request in the other way, over all endpoints: ${again.reason}\n`)
    return printScores(again.explanation.candidates)
  }
  const { candidates, compared, passed, belowFloor } = again
  write(
    `\nthe same figures under the other weights; ${compared} of ${passed} that had passed could be compared\n`,
  )
  printScores(candidates)
  if (compared < passed)
    write(
      `\nof ${passed - compared} there are no figures here; one of them may be ahead. The request itself compares all.`,
    )
  if (belowFloor > 0)
    write(
      `\n${belowFloor} were below the floor of that choice, which is higher than this one's; one of them may be ahead. The request itself compares all.`,
    )
}

const weightsOf = ({ weights, floor, caution }: ShownExplanation['strategy']) =>
  [...Object.entries(weights), ['floor', floor] as const, ['caution', caution] as const]
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
