import { concat, encodeAbiParameters } from 'viem'
import { expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chargedSoFar, countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { ELSEWHERE, withField } from '../../support/refusals.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import { sendPaid } from '../../support/wire-payment.ts'

const stack = useAttackedStack({ overrides: { sweepMs: 3_600_000 } })

/** ERC-6492: a factory to be called before the signature is looked at. Whoever calls it pays, and acts in its own name. */
const wrapped = (signature: `0x${string}`) =>
  concat([
    encodeAbiParameters(
      [{ type: 'address' }, { type: 'bytes' }, { type: 'bytes' }],
      [ELSEWHERE, `0x${'ab'.repeat(100)}`, signature],
    ),
    `0x${'6492'.repeat(16)}`,
  ])

const signatureOf = (payment: WirePayment) => payment.payload['signature'] as `0x${string}`

test('signatures that only a contract could judge are refused by their shape: no call, no RPC, no gas', async () => {
  const { body, payment } = await newPayment({ stack: stack(), scheme: 'exact' })
  const signature = signatureOf(payment)
  const others = [wrapped(signature), `0x${'00'.repeat(200)}`, signature.slice(0, 130), '0x']
  const sent = (await stack().app.listTransactions()).length
  const { value, upstreamCalls, charged, rpcMethods } = await countDuring({
    stack: stack(),
    attack: () =>
      Promise.all(
        others.map(async (other) => {
          const bad = withField(payment, 'payload.signature', other)
          const response = await sendPaid({ stack: stack(), body, payment: bad })
          return `${response.status} ${(await readError(response)).code}`
        }),
      ),
  })
  for (const answer of value) expect(answer).toMatch(/^400 payment_(unsupported|malformed)$/)
  expect({ upstreamCalls, charged, rpcMethods }).toEqual({ upstreamCalls: 0, charged: 0n, rpcMethods: [] })
  expect((await stack().app.listTransactions()).length).toBe(sent)
})

/** Code that disowns every signature: what an account may take on at any moment (EIP-7702). */
const disown = (address: `0x${string}`) =>
  devClient({ rpcUrl: stack().rpcUrl }).setCode({ address, bytecode: '0xfe' })

test('a payer that takes on code keeps us from nothing that a channel owes: a key signed, not an account', async () => {
  const payer = await stack().newPayer()
  const { pay } = stockPayer({ stack: stack(), payer, scheme: 'batch-settlement' })
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => readAnswer(await pay(stack().chatUrl, post(chatBody()))),
  })
  expect(upstreamCalls).toBe(1)
  expect(charged).toBe(BigInt(value.turnpike.charge))
  await disown(payer.address)
  await stack().settleUntilQuiet()
  const claims = (await stack().app.listTransactions()).filter(({ purpose }) => purpose.kind === 'claim')
  expect(claims.map(({ state }) => state)).toEqual(['final'])
  await devClient({ rpcUrl: stack().rpcUrl }).setCode({ address: payer.address, bytecode: '0x' })
})

test('a channel whose vouchers an account would have to own buys nothing, and its deposit is not taken', async () => {
  const { body, payment, payer } = await newPayment({ stack: stack(), scheme: 'batch-settlement' })
  const sent = (await stack().app.listTransactions()).length
  const nameless = withField(payment, 'payload.channelConfig.payerAuthorizer', `0x${'00'.repeat(20)}`)
  const { value, upstreamCalls, charged, rpcMethods } = await countDuring({
    stack: stack(),
    attack: () => sendPaid({ stack: stack(), body, payment: nameless }),
  })
  expect(value.status).toBe(400)
  expect(await readError(value)).toMatchObject({
    code: 'payment_unsupported',
    param: 'payload.channelConfig.payerAuthorizer',
  })
  expect({ upstreamCalls, charged, rpcMethods }).toEqual({ upstreamCalls: 0, charged: 0n, rpcMethods: [] })
  expect((await stack().app.listTransactions()).length).toBe(sent)
  expect(payer.address).not.toBe('')
})

test('an account with code that would be paid for by a key pays nothing in advance, and buys nothing', async () => {
  const { body, payment, payer } = await newPayment({ stack: stack(), scheme: 'exact' })
  await disown(payer.address)
  const before = await chargedSoFar(stack())
  const sent = (await stack().app.listTransactions()).length
  const response = await sendPaid({ stack: stack(), body, payment })
  expect(response.status).toBe(402)
  expect((await readError(response)).code).toBe('payment_not_settled')
  expect(await chargedSoFar(stack())).toBe(before)
  expect((await stack().app.listTransactions()).length).toBe(sent)
})
