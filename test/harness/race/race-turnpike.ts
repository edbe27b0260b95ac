import type { Scheme } from '../../../src/payment/types.ts'
import { exactPayment, offerFor, sendPaid, uptoPayment, voucherPayment } from '../../support/wire-payment.ts'
import { countBy } from '../count-by.ts'
import type { World } from '../world/open-world.ts'
import type { ServerSlot } from '../world/server-slot.ts'
import type { Wallet } from '../world/wallets.ts'
import { type Race, raceAll } from './contenders.ts'
import { openChannel } from './open-channel.ts'

type Cell = {
  readonly world: World
  /** One entry per server process. */
  readonly slots: readonly ServerSlot[]
  readonly wallet: Wallet
  readonly scheme: Scheme
  readonly copies: number
}

/** The work takes this long, so that every copy comes while the first is under way. */
const WORK_MS = 300
let races = 0

/** One fresh payment, `copies` times at once, to all processes in turn. */
export async function raceTurnpike({ world, slots, wallet, scheme, copies }: Cell): Promise<Race> {
  races += 1
  const key = `race-${races}`
  const places = slots.map(({ url }) => ({
    chatUrl: `${url}/v1/chat/completions`,
    usdc: world.assets.usdc,
  }))
  const [first] = places
  if (!first) throw new RangeError('A race needs a server.')
  const body = bodyOf(key)
  await world.delayProvider(0)
  const payment = await sign({ place: first, wallet, scheme, body, world })
  await world.delayProvider(WORK_MS)
  const statuses = await raceAll(copies, (index) =>
    sendPaid({ stack: places[index % places.length] ?? first, body, payment }),
  )
  const runs = (await world.runs())[key]?.length ?? 0
  return {
    server: 'turnpike',
    scheme,
    copies,
    processes: slots.length,
    runs,
    statuses: countBy(statuses.map(String)),
    served: statuses.filter((status) => status === 200).length,
  }
}

const bodyOf = (key: string) =>
  JSON.stringify({
    model: 'openai/gpt-4o-mini',
    messages: [{ role: 'user', content: 'What is new at the harbour today?' }],
    max_tokens: 80,
    user: key,
  })

async function sign({
  place,
  wallet,
  scheme,
  body,
  world,
}: {
  place: Parameters<typeof offerFor>[0]['stack']
  wallet: Wallet
  scheme: Scheme
  body: string
  world: World
}) {
  const offer = await offerFor({ stack: place, body, scheme })
  if (scheme === 'exact') return exactPayment({ offer, payer: wallet, asset: world.assets.usdc })
  if (scheme === 'upto') return uptoPayment({ offer, payer: wallet })
  const chargedAtomic = await openChannel({ place, wallet, body: bodyOf(`open-${races}`), world })
  return voucherPayment({ offer, payer: wallet, maxAtomic: chargedAtomic + BigInt(offer.amount) })
}
