import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { x402Client } from '@x402/core/client'
import { ExactEvmScheme as ExactClient } from '@x402/evm/exact/client'
import { ExactEvmScheme as ExactServer } from '@x402/evm/exact/server'
import express from 'express'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { DEV_NETWORK } from '../../../src/app/options/defaults.ts'
import { countBy } from '../count-by.ts'
import { type Race, raceAll } from './contenders.ts'

/** The published middleware, as far as it is used here. It is loaded only where it is installed. */
type PublishedMiddleware = {
  readonly paymentMiddleware: (routes: unknown, server: unknown) => express.RequestHandler
  readonly x402ResourceServer: new (facilitator: unknown) => {
    readonly register: (network: string, scheme: unknown) => unknown
  }
}

export const MISSING_EXPRESS = 'needs @x402/express: npm install'

const SETTLE_MS = 300
const WORK_MS = 300
const PAY_TO = '0x00000000000000000000000000000000000000aa'

export async function loadPublished(): Promise<PublishedMiddleware | undefined> {
  try {
    return (await import('@x402/express')) as unknown as PublishedMiddleware
  } catch {
    return undefined
  }
}

/** Verifies by looking, as facilitators do, and settles after a while; remembers nothing between two payments. */
function stubFacilitator() {
  let settlements = 0
  const payerOf = ({ payload }: { payload: { authorization?: { from?: string } } }) =>
    payload.authorization?.from ?? ''
  return {
    settlements: () => settlements,
    client: {
      getSupported: async () => ({
        kinds: [{ x402Version: 2, scheme: 'exact', network: DEV_NETWORK }],
        extensions: [],
        signers: {},
      }),
      verify: async (payment: Parameters<typeof payerOf>[0]) => ({ isValid: true, payer: payerOf(payment) }),
      settle: async (payment: Parameters<typeof payerOf>[0]) => {
        settlements += 1
        const isFirst = settlements === 1
        await sleep(SETTLE_MS)
        const common = { network: DEV_NETWORK, payer: payerOf(payment) }
        // The chain takes an authorisation once.
        return isFirst
          ? { success: true, transaction: `0x${'11'.repeat(32)}`, ...common }
          : { success: false, transaction: '', errorReason: 'nonce_used', ...common }
      },
    },
  }
}

/** The same race against the official middleware: one process, one `exact` payment, many copies. */
export async function raceExpress({
  published,
  copies,
}: {
  published: PublishedMiddleware
  copies: number
}): Promise<Race> {
  let runs = 0
  const facilitator = stubFacilitator()
  const resourceServer = new published.x402ResourceServer(facilitator.client)
  resourceServer.register(DEV_NETWORK, new ExactServer())
  const accepts = { scheme: 'exact', price: '$0.001', network: DEV_NETWORK, payTo: PAY_TO }
  const app = express()
  app.use(published.paymentMiddleware({ 'POST /work': { accepts, description: 'work' } }, resourceServer))
  app.post('/work', (_request, response) => {
    runs += 1
    setTimeout(() => response.json({ done: true }), WORK_MS)
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/work`
  try {
    const payment = await signOnce(url)
    const headers = { 'payment-signature': payment }
    const statuses = await raceAll(copies, () => fetch(url, { method: 'POST', headers }))
    return {
      server: '@x402/express',
      scheme: 'exact',
      copies,
      processes: 1,
      runs,
      statuses: countBy(statuses.map(String)),
      served: statuses.filter((status) => status === 200).length,
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function signOnce(url: string): Promise<string> {
  const asked = await fetch(url, { method: 'POST' })
  await asked.arrayBuffer()
  const required = JSON.parse(
    Buffer.from(asked.headers.get('payment-required') ?? '', 'base64').toString(),
  ) as Parameters<x402Client['createPaymentPayload']>[0]
  const client = new x402Client().register(
    DEV_NETWORK,
    new ExactClient(privateKeyToAccount(generatePrivateKey())),
  )
  return Buffer.from(JSON.stringify(await client.createPaymentPayload(required))).toString('base64')
}
