import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { UptoEvmScheme } from '@x402/evm/upto/server'
import { paymentMiddleware, setSettlementOverrides } from '@x402/express'
import { declareEip2612GasSponsoringExtension } from '@x402/extensions'
import express from 'express'
import type { Address } from '../../src/payment/types.ts'
import { NETWORK } from './start-stack.ts'

/** What `GET /upto` charges of the cent that its payers sign for. */
export const UPTO_CHARGE = '3700'

/** A seller that knows nothing of us: the published middleware, unmodified, with a facilitator's address. */
export async function openPublishedShop({
  facilitatorUrl,
  payTo,
  usdt,
}: {
  facilitatorUrl: string
  payTo: Address
  usdt: Address
}) {
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl }))
    .register(NETWORK, new ExactEvmScheme())
    .register(NETWORK, new UptoEvmScheme())
  const usdtPrice = { asset: usdt, amount: '10000', extra: { assetTransferMethod: 'permit2' } }
  const offer = { network: NETWORK, payTo } as const
  const app = express()
  app.use(
    paymentMiddleware(
      {
        'GET /exact': { accepts: { ...offer, scheme: 'exact', price: '$0.01' } },
        'GET /usdt': { accepts: { ...offer, scheme: 'exact', price: usdtPrice } },
        'GET /upto': {
          accepts: { ...offer, scheme: 'upto', price: '$0.01' },
          extensions: declareEip2612GasSponsoringExtension(),
        },
      },
      server,
    ),
  )
  app.get('/exact', (_request, response) => void response.json({ sold: 'exact' }))
  app.get('/usdt', (_request, response) => void response.json({ sold: 'usdt' }))
  app.get('/upto', (_request, response) => {
    setSettlementOverrides(response, { amount: UPTO_CHARGE })
    response.json({ sold: 'upto' })
  })
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        http.close(resolve)
        http.closeAllConnections()
      }),
  }
}
