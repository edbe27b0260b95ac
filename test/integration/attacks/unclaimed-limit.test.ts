import { expect, test } from 'vitest'
import { toFunctionSelector } from 'viem'
import { batchSettlementAbi } from '../../../src/chain/abi.ts'
import { chargedSoFar, countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { stockPayer } from '../../support/stock-payer.ts'

/** No row of the catalogue: what a payer could take back by withdrawing while we cannot claim. */
const stack = useAttackedStack()

const CLAIM = batchSettlementAbi
  .filter((item) => item.type === 'function' && item.name === 'claimWithSignature')
  .map((item) => toFunctionSelector(item as never))[0]

test('the calls of one channel wait for its claim when they owe five dollars', async () => {
  const { app, proxy } = stack()
  const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'batch-settlement' })
  // Deposits come through, claims do not.
  proxy.setOverride(({ method, params }) => {
    const isClaim = method === 'eth_estimateGas' && JSON.stringify(params).includes(`"${CLAIM}`)
    return isClaim ? { error: { code: -32_005, message: 'limit' } } : undefined
  })
  // A ceiling of some ninety cents, all of it charged.
  const dear = () => post(chatBody({ model: 'xai/grok-4-0709', max_tokens: 58_000 }))
  stack().provider.setFaults({ usageFactor: 10_000 })
  const before = await chargedSoFar(stack())
  let refused: Response | undefined
  for (let call = 0; call < 8 && !refused; call += 1) {
    const response = await pay(stack().chatUrl, dear())
    if (response.status === 200) await readAnswer(response)
    else refused = response
  }
  if (!refused) throw new Error('Nothing was refused.')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).not.toBeNull()
  expect(refused.headers.get('payment-required')).toBeNull()
  expect((await readError(refused)).code).toBe('claim_pending')
  const owed = (await chargedSoFar(stack())) - before
  expect(owed).toBeGreaterThan(4_000_000n)
  expect(owed).toBeLessThanOrEqual(5_000_000n)

  proxy.restore()
  await app.settleNow()
  await app.settleNow()
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => readAnswer(await pay(stack().chatUrl, dear())),
  })
  expect(upstreamCalls).toBe(1)
  expect(charged).toBe(BigInt(value.turnpike.charge))
})
