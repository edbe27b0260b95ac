import { ACCOUNTS, tokenLedger } from '../../../../src/ledger/accounts.ts'
import { refundChannel } from '../../../../src/settlement/refunds/refund.ts'
import { withdrawCredit } from '../../../../src/settlement/refunds/withdraw-credit.ts'
import type { Scheme } from '../../../../src/payment/types.ts'
import { accountKey } from '../../../support/memory/balances.ts'
import { NETWORK } from '../setup.ts'
import type { World } from '../world.ts'
import { cents, type Payer, type Wallet } from './payer.ts'
import { newPayment, type Payment } from './payment.ts'
import { send } from './serve.ts'
import { alive, anyWallet, type Step } from './step.ts'

function pay(world: World, scheme: Scheme, times = 1): void {
  const { payer, wallet } = anyWallet(world)
  const ceilingAtomic = cents(wallet.asset, world.random.pick([5, 20, 60]))
  for (let made = 0; made < times; made += 1)
    send({
      world,
      process: alive(world),
      payment: newPayment({ world, payer, wallet, scheme, ceilingAtomic }),
    })
}

const newTopUp = (world: World, payer: Payer, wallet: Wallet): Payment => {
  const ceilingAtomic = cents(wallet.asset, world.random.pick([60, 100]))
  return newPayment({ world, payer, wallet, scheme: 'exact', ceilingAtomic, isTopUp: true })
}

/** By whoever has credit; where nobody has, somebody gets some. */
function payOnCredit(world: World, times: number): void {
  const rich = world.payers.flatMap((payer) =>
    payer.wallets.flatMap((wallet) => (hasCredit(world, payer, wallet) ? [{ payer, wallet }] : [])),
  )
  if (rich.length === 0) {
    const { payer, wallet } = anyWallet(world)
    return topUp(world, newTopUp(world, payer, wallet))
  }
  const { payer, wallet } = world.random.pick(rich)
  const ceilingAtomic = cents(wallet.asset, world.random.pick([5, 20, 60]))
  for (let made = 0; made < times; made += 1) {
    const payment = newPayment({ world, payer, wallet, scheme: 'credit', ceilingAtomic })
    send({ world, process: alive(world), payment })
  }
  return undefined
}

function hasCredit({ tables }: World, { address }: Payer, { asset }: Wallet): boolean {
  const ledger = tokenLedger({ network: NETWORK, asset: asset.address })
  const row = tables.balances.get(accountKey(ledger, ACCOUNTS.credit(address)))
  return row !== undefined && row.creditsPosted > row.debitsPosted + row.debitsPending
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
  payCredit: (world) => payOnCredit(world, world.random.integer(1, 3)),
  /** An `exact` payment that buys no call. */
  topUp: (world) => {
    const { payer, wallet } = anyWallet(world)
    topUp(world, newTopUp(world, payer, wallet))
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
      world.random.pick(['batch-settlement', 'batch-settlement', 'upto']),
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
