import { payingFetch } from '../../../src/client/paying-fetch.ts'
import type { World } from '../world/open-world.ts'
import type { Wallet } from '../world/wallets.ts'

/**
 * Opens the channel that a payment of {@link voucherPayment} is on, by one ordinary call.
 *
 * @returns what has been charged on it by then, in atomic units.
 */
export async function openChannel({
  place,
  wallet,
  body,
  world,
}: {
  place: { readonly chatUrl: string }
  wallet: Wallet
  body: string
  world: World
}): Promise<bigint> {
  const pay = payingFetch(wallet.account, { schemes: ['batch-settlement'], assets: [world.assets.usdc] })
  const response = await pay(place.chatUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  if (response.status !== 200) throw new Error(`The channel was not opened: ${response.status}`)
  await response.text()
  const [channel] = await pay.channels()
  return channel?.chargedAtomic ?? 0n
}
