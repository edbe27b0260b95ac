import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { x402Facilitator } from '@x402/core/facilitator'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { ExactEvmScheme } from '@x402/evm/exact/facilitator'
import { devAccount } from '../../src/dev/accounts.ts'
import { devClient } from '../../src/dev/chain/clients.ts'
import { fundAccount } from '../../src/dev/chain/fund.ts'
import { NETWORK } from './start-stack.ts'

/** `silent`: it settles and breaks the connection off. `lying`: it says that it has settled, and has not. */
export type HostedMode = 'honest' | 'silent' | 'lying' | 'away'

/** The published facilitator with a key of its own, over HTTP as its protocol says, on a dev chain that it is told of later. */
export async function openHostedFacilitator() {
  const asked: {
    readonly path: string
    readonly authorization: string | undefined
    readonly body: string
  }[] = []
  let mode: HostedMode = 'honest'
  let facilitator: x402Facilitator | undefined

  const server = createServer(async (request, response) => {
    const body = request.method === 'POST' ? ((await json(request)) as Record<string, never>) : {}
    const path = request.url ?? ''
    asked.push({ path, authorization: request.headers.authorization, body: JSON.stringify(body) })
    const answer = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    if (path === '/supported') {
      return void answer({
        kinds: [{ x402Version: 2, scheme: 'exact', network: NETWORK }],
        extensions: [],
        signers: {},
      })
    }
    if (mode === 'away' || !facilitator) return void response.writeHead(503).end('away')
    const { paymentPayload = {} as never, paymentRequirements = {} as never } = body
    if (path === '/verify') return void answer(await facilitator.verify(paymentPayload, paymentRequirements))
    if (mode === 'lying')
      return void answer({ success: true, transaction: `0x${'11'.repeat(32)}`, network: NETWORK })
    const settled = await facilitator.settle(paymentPayload, paymentRequirements)
    return mode === 'silent' ? void request.socket.destroy() : void answer(settled)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    setMode: (next: HostedMode) => (mode = next),
    async join(rpcUrl: string): Promise<void> {
      const account = devAccount({ label: 'hosted facilitator' })
      await fundAccount({ rpcUrl, address: account.address, ether: 10n ** 18n })
      const signer = toFacilitatorEvmSigner({
        ...devClient({ rpcUrl, account }),
        address: account.address,
      } as never)
      facilitator = new x402Facilitator().register(NETWORK, new ExactEvmScheme(signer))
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

export type HostedServer = Awaited<ReturnType<typeof openHostedFacilitator>>
