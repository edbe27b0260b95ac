import { expect, test } from 'vitest'
import { chargedSoFar, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post } from '../../support/chat.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { waitUntil } from '../../support/wait-until.ts'

const stack = useAttackedStack()

type Call = { state: string; outcome: string | null; charge: string; ceiling: string }

const lookUp = async (callId: string): Promise<Call> =>
  (await (await fetch(`${stack().app.url}/v1/calls/${callId}`)).json()) as Call

/** Reads content chunks until there were `count`, then hangs up. */
async function readThenHangUp(response: Response, count: number): Promise<void> {
  const reader = response.body?.getReader()
  if (!reader) throw new Error('There is no body.')
  let text = ''
  while ((text.match(/"delta":\{"content"/g)?.length ?? 0) < count) {
    const { done, value } = await reader.read()
    if (done) return
    text += Buffer.from(value).toString()
  }
  await reader.cancel()
}

/** Of sixty. */
const CASES = [1, 30, 60].flatMap((chunks) => [false, true].map((missingUsage) => ({ chunks, missingUsage })))

test.each(CASES)(
  'a caller that hangs up after $chunks tokens pays for what came, and the provider is hung up on (no usage: $missingUsage)',
  async ({ chunks, missingUsage }) => {
    const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' })
    // It falls silent there, so that nobody is too late to hang up.
    stack().provider.setFaults({ stallAfter: chunks, ...(missingUsage ? { missingUsage } : {}) })
    const [calls, aborted, charged] = [
      stack().provider.calls(),
      stack().provider.aborted(),
      await chargedSoFar(stack()),
    ]
    const response = await pay(stack().chatUrl, post(chatBody({ stream: true, max_tokens: 60 })))
    const callId = response.headers.get('x-call-id') ?? ''
    await readThenHangUp(response, chunks)
    await waitUntil({
      what: 'the call is recorded',
      isSo: async () => (await lookUp(callId)).outcome !== null,
    })
    const call = await lookUp(callId)
    expect(call.outcome).toBe('aborted')
    expect(stack().provider.calls() - calls).toBe(1)
    expect(stack().provider.aborted() - aborted).toBe(1)
    const charge = BigInt(call.charge)
    expect((await chargedSoFar(stack())) - charged).toBe(charge)
    // $0.60 per million tokens and five percent for each token that was read, never the whole hold.
    expect(charge).toBeGreaterThanOrEqual((BigInt(chunks) * 63n) / 100n)
    expect(charge).toBeGreaterThan(0n)
    expect(charge).toBeLessThan(BigInt(call.ceiling))
  },
)

test('a caller that hangs up before the first token pays nothing and keeps its money', async () => {
  const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' })
  stack().provider.setFaults({ hang: true })
  const [calls, charged] = [stack().provider.calls(), await chargedSoFar(stack())]
  const hangUp = new AbortController()
  const asked = pay(stack().chatUrl, { ...post(chatBody({ stream: true })), signal: hangUp.signal })
  await waitUntil({ what: 'the provider is asked', isSo: () => stack().provider.running() === 1 })
  hangUp.abort()
  await expect(asked).rejects.toThrow()
  await waitUntil({ what: 'the provider is hung up on', isSo: () => stack().provider.running() === 0 })
  expect(stack().provider.calls() - calls).toBe(1)
  expect(await chargedSoFar(stack())).toBe(charged)
})
