import type { Payer } from './payer.ts'
import { USUAL_FEE_WEI } from '../chain/blocks.ts'
import type { Operation } from '../chain/operations.ts'
import { TERMS } from '../setup.ts'
import type { World } from '../world.ts'
import { keyText } from '../../../support/memory/call-records.ts'
import { hoardOf, inWallet } from './payer.ts'
import { operationOf } from './signed-operation.ts'
import { anyWallet, passWithLooks, type Step } from './step.ts'

const STRANGER = '0x000000000000000000000000000000000000dead'
const WITHDRAWAL_HOP_MS = ((TERMS.withdrawDelaySeconds + 60) * 1_000) / 6

/** Puts a transaction of somebody else among those that wait. */
function submit(world: World, sender: Payer['address'], operation: Operation): void {
  const hash = `0xs${world.newId()}` as const
  world.simulated.blocks.mempool.set(hash, { hash, sender, operation, maxFee: 2n ** 64n })
}

/** The same, mostly before everything that waits already: who pays more is mined first. */
function hurry(world: World, sender: Payer['address'], operation: Operation): void {
  const { mempool } = world.simulated.blocks
  const waiting = world.random.percent(80) ? [...mempool] : []
  for (const [hash] of waiting) mempool.delete(hash)
  submit(world, sender, operation)
  for (const [hash, pending] of waiting) mempool.set(hash, pending)
}

/** What payers and strangers do on chain, past us. */
export const OUTSIDER_STEPS = {
  /** Somebody submits what a payer has signed: before we do, beside us, or after it has failed with us. */
  thirdParty: (world) => {
    const open = new Set(
      [...world.tables.fundings.values()]
        .filter(({ state }) => state === 'reserved' || state === 'signed' || state === 'failed')
        .map(({ key }) => keyText(key)),
    )
    const operations = world.payments
      .filter(({ fundingKey }) => fundingKey !== undefined && open.has(fundingKey))
      .flatMap((payment) => operationOf(payment) ?? [])
    if (operations.length > 0) hurry(world, STRANGER, world.random.pick(operations))
  },
  /** Anybody may pay out to us what the contract has booked for us. */
  settledByOthers: (world) => {
    const { wallet } = anyWallet(world)
    submit(world, STRANGER, { kind: 'settle', token: wallet.asset.address })
  },
  /** Whoever sees what we have signed for a channel may submit it: before ours, beside it, or long after ours has failed. */
  copied: (world) => {
    const { tables, simulated, random } = world
    const ours = [...tables.transactions.values()].filter(
      ({ purpose }) => purpose.kind === 'claim' || purpose.kind === 'channel-refund',
    )
    if (ours.length === 0) return
    const open = ours.filter(({ state }) => state === 'signed')
    const { raw } = random.pick(open.length > 0 && random.percent(80) ? open : ours)
    hurry(world, STRANGER, simulated.operationIn(raw))
  },
  empty: (world) => {
    const { payer, wallet } = anyWallet(world)
    const to = hoardOf(payer)
    const amount = inWallet(world, payer, wallet)
    if (amount > 0n)
      submit(world, payer.address, { kind: 'transfer', token: wallet.asset.address, to, amount })
  },
  revoke: (world) => {
    const { payer, wallet } = anyWallet(world)
    submit(world, payer.address, { kind: 'approve', token: wallet.asset.address, amount: 0n })
  },
  cancel: (world) => {
    const nonces = world.payments.flatMap((payment) => {
      const operation = operationOf(payment)
      const isPay = operation?.kind === 'pay' && !operation.permission.isPermit2
      return isPay ? [{ sender: operation.payer, nonce: operation.permission.nonce }] : []
    })
    if (nonces.length === 0) return
    const { sender, nonce } = world.random.pick(nonces)
    submit(world, sender, { kind: 'cancel', nonce })
  },
  withdrawStart: (world) => {
    const { payer, wallet } = anyWallet(world)
    const { balance, totalClaimed } = world.simulated.blocks.state.channels.get(wallet.channel.id) ?? {
      balance: 0n,
      totalClaimed: 0n,
    }
    const amount = balance - totalClaimed
    if (amount > 0n)
      submit(world, payer.address, { kind: 'withdraw-start', channelId: wallet.channel.id, amount })
  },
  withdrawEnd: async (world) => {
    const { payer, wallet } = anyWallet(world)
    const channelId = wallet.channel.id
    if ((world.simulated.blocks.state.withdrawals.get(channelId)?.initiatedAt ?? 0) === 0) return
    // No RPC is away for a day, and no storm lasts so long: the operator would have heard of it.
    world.isMining = true
    world.simulated.mood.failing = 0
    world.simulated.blocks.market.feeWei = USUAL_FEE_WEI
    await passWithLooks(world, 6, WITHDRAWAL_HOP_MS)
    const token = wallet.asset.address
    const delaySeconds = TERMS.withdrawDelaySeconds
    submit(world, payer.address, {
      kind: 'withdraw-end',
      channelId,
      token,
      payer: payer.address,
      delaySeconds,
    })
    await world.scheduler.pass(5_000)
  },
} as const satisfies Record<string, Step>
