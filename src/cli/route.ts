import { readFileSync } from 'node:fs'
import {
  type ExplainedRoute,
  explainRoute,
  readWhatIf,
  replay,
  type ShownExplanation,
} from '../app/explain-route.ts'
import { loadCatalog, loadQualities } from '../app/load-catalog.ts'
import { loadQualityView } from '../app/load-quality-view.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { readEnvironment } from './read-environment.ts'
import { printTable } from './table.ts'

type Shown = Pick<ExplainedRoute, 'explanation'> & Partial<ExplainedRoute>

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
    const shown = await read({ file, path })
    const again = other ? replay({ explanation: shown.explanation, ...other }) : undefined
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

async function read({ file, path }: { file: string; path: string }): Promise<Shown> {
  const body = readFileSync(file === '-' ? 0 : file)
  const explained = explanationIn(body.toString('utf8'))
  if (explained) return explained
  const { config } = readEnvironment()
  const catalog = loadCatalog({ simulated: false, path: config.TURNPIKE_CATALOG_FILE })
  const quality = loadQualityView({
    catalog,
    qualities: loadQualities({ path: config.TURNPIKE_CATALOG_FILE }),
  })
  return explainRoute({ body, path, catalog, quality, marginBps: config.TURNPIKE_MARGIN_BPS })
}

/** What was printed before, by this command or by POST /v1/quotes; undefined for a request. */
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

function tell(
  { explanation, reason, estimateUsd, ceilingUsd, plan }: Shown,
  again?: readonly Scored[],
): void {
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
      filters.map(({ code, count, why }) => [code, String(count), why]),
    )
  }
  if (!again) return
  write('\nthe same figures under the other weights\n')
  printScores(again)
}

const weightsOf = ({ weights, floor, caution }: ShownExplanation['strategy']) =>
  [...Object.entries(weights), ['floor', floor] as const, ['caution', caution] as const]
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
