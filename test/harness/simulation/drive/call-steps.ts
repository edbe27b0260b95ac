import { refundChannel } from '../../../../src/settlement/refund.ts'
import { withdrawCredit } from '../../../../src/settlement/withdraw-credit.ts'
import type { Scheme } from '../../../../src/payment/types.ts'
import { NETWORK } from '../setup.ts'
import type { World } from '../world.ts'
import { cents } from './payer.ts'
import { newPayment, type Payment } from './payment.ts'
import { send } from './serve.ts'
import { alive, anyWallet, type Step } from './step.ts'

function pay(world: World, scheme: Scheme | 'credit', times = 1): void {
  const { payer, wallet } = anyWallet(world)
  const ceilingAtomic = cents(wallet.asset, world.random.pick([5, 20, 60]))
  for (let made = 0; made < times; made += 1)
    send({
      world,
      process: alive(world),
      payment: newPayment({ world, payer, wallet, scheme, ceilingAtomic }),
    })
}

/** An `exact` payment that is to become credit. Sent with a call it must buy none. */
function topUp(world: World, payment: Payment): void {
  const process = alive(world)
  world.scheduler.start(process.life, async () => {
    await process.call.fund(payment.checked, { isTopUp: true })
  })
}

/** What clients do, and what they are asked for. */
export const CALL_STEPS = {
  payChannel: (world) => pay(world, 'batch-settlement'),
  payUpto: (world) => pay(world, 'upto'),
  payExact: (world) => pay(world, 'exact'),
  payCredit: (world) => pay(world, 'credit'),
  /** An `exact` payment that buys no call. */
  topUp: (world) => {
    const { payer, wallet } = anyWallet(world)
    const ceilingAtomic = cents(wallet.asset, world.random.pick([60, 100]))
    topUp(world, newPayment({ world, payer, wallet, scheme: 'exact', ceilingAtomic, isTopUp: true }))
  },
  /** A payer takes its credit back, and pays for the gas. */
  withdrawCredit: (world) => {
    const { payer, wallet } = anyWallet(world)
    const { asset } = wallet
    const process = alive(world)
    const wish = world.random.percent(50) ? { amountAtomic: cents(asset, 10) } : {}
    const id = `withdrawal-${world.newId()}`
    world.scheduler.start(process.life, async () => {
      await withdrawCredit({
        id,
        network: NETWORK,
        asset: asset.address,
        payer: payer.address,
        ...wish,
        feeAtomic: cents(asset, 1),
        dependencies: process.settlement,
      })
    })
  },
  /** Calls at the same moment: those of a channel all sign over the same sum. */
  burst: (world) =>
    pay(
      world,
      world.random.pick(['batch-settlement', 'batch-settlement', 'upto', 'credit']),
      world.random.integer(2, 4),
    ),
  /** The same payment once more, to whichever process. */
  duplicate: (world) => {
    if (world.payments.length === 0) return
    const payment = world.random.pick(world.payments)
    if (payment.isTopUp && world.random.percent(50)) topUp(world, payment)
    else send({ world, process: alive(world), payment })
  },
  /** A stock client closes its channel. */
  closeChannel: (world) => {
    const { payer, wallet } = anyWallet(world)
    const { channel, asset } = wallet
    const process = alive(world)
    const { settlement: dependencies, life } = process
    world.scheduler.start(life, async () => {
      const request = { network: NETWORK, asset: asset.address, payer: payer.address, channelId: channel.id }
      const outcome = await refundChannel({ ...request, dependencies })
      if (outcome.kind === 'refunded') channel.balanceAtomic -= outcome.amountAtomic
    })
  },
  price: (world) => {
    world.priceFactor = world.random.pick([1n, 3n, 40n])
  },
} as const satisfies Record<string, Step>
