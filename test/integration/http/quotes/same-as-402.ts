import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { post } from '../../../support/chat.ts'
import { booksAndCalls } from '../../../support/refusals.ts'
import type { Stack } from '../../../support/start-stack.ts'
import { BAD, BODIES, PATHS } from './bodies.ts'
import { bare, type Quote, type Quotes } from './quote.ts'

/** A quote is what the same request would be answered without a payment: its price where it has one, its refusal where not. */
export function testSameAs402({ stack, quotes }: { stack: () => Stack; quotes: Quotes }): void {
  const { at, quoteFor, readDemand } = quotes

  test.each(PATHS)('a quote for %s is the 402 of the same request, to the atom', async (path) => {
    const before = await booksAndCalls(stack())
    const bodies = fc.sample(BODIES[path] ?? fc.constant({}), { seed: 20_261_126, numRuns: 50 })
    let above1Usd = 0
    let priced = 0
    for (const body of bodies.map((fields) => JSON.stringify(fields))) {
      const [quoted, asked] = await Promise.all([quoteFor(path, body), fetch(at(path), post(body))])
      if (asked.status === 400) {
        // No provider of that model can do it: both say so.
        expect({ status: quoted.status, body: await quoted.json() }).toEqual({
          status: 400,
          body: await asked.json(),
        })
        continue
      }
      priced += 1
      const quote = (await quoted.json()) as Quote
      const demanded = await readDemand(asked)
      expect(bare(quote.accepts)).toEqual(bare(demanded.accepts))
      expect(quote.accepts.map(({ scheme }) => scheme)).toEqual([
        'batch-settlement',
        'batch-settlement',
        'upto',
        'upto',
        'exact',
        'exact',
      ])
      const { estimate_usd: estimate, ceiling_usd: ceiling, output_cap: outputCap, hint } = demanded.error
      expect({ ...quote }).toMatchObject({
        estimate,
        ceiling,
        output_cap: outputCap,
        resource: demanded.resource,
      })
      expect(quote.hint).toBe(hint)
      if (hint) above1Usd += 1
      await expectTrueHint({ quotes, path, body, hint })
    }
    expect(priced).toBeGreaterThan(35)
    if (path === '/v1/chat/completions') expect(above1Usd).toBeGreaterThan(0)
    expect(await booksAndCalls(stack())).toEqual(before)
  })

  test.each(PATHS)('a body that %s would refuse is refused in the same words', async (path) => {
    for (const body of BAD[path] ?? []) {
      const headers = { 'x-request-id': 'the-same' }
      const [quoted, asked] = await Promise.all([
        quoteFor(path, body, headers),
        fetch(at(path), post(body, headers)),
      ])
      expect(asked.status).toBe(400)
      expect(quoted.status).toBe(asked.status)
      expect(await quoted.json()).toEqual(await asked.json())
      expect(quoted.headers.get('x-should-retry')).toBe(asked.headers.get('x-should-retry'))
      expect(quoted.headers.get('request-id')).toBe(asked.headers.get('request-id'))
    }
    // A probe has a price, but nothing can be bought by it: here it is a body without a model.
    for (const body of ['', '{}']) {
      const probe = await quoteFor(path, body)
      expect(probe.status).toBe(400)
      expect(await probe.json()).toMatchObject({
        error: { code: 'missing_field', param: 'model' },
      })
    }
  })
}

/** The output cap that a hint names fits below $1, and one token more does not; it is named as the dialect names it. */
async function expectTrueHint({
  quotes,
  path,
  body,
  hint,
}: {
  quotes: Quotes
  path: string
  body: string
  hint: string | undefined
}) {
  const [, name, fitting] = /(\w+): (\d+) would fit/.exec(hint ?? '') ?? []
  if (!name || !fitting) return
  expect(name).toBe(path === '/v1/responses' ? 'max_output_tokens' : 'max_tokens')
  const ceilingAt = async (tokens: number) => {
    const fields = JSON.parse(body) as object
    return Number((await quotes.readQuote(path, JSON.stringify({ ...fields, [name]: tokens }))).ceiling)
  }
  expect(await ceilingAt(Number(fitting))).toBeLessThanOrEqual(1)
  expect(await ceilingAt(Number(fitting) + 1)).toBeGreaterThan(1)
}
