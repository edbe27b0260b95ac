import { refundChannel } from '../../../../src/settlement/refund.ts'
import type { Scheme } from '../../../../src/payment/types.ts'
import { USUAL_FEE_WEI } from '../chain/blocks.ts'
import { permissionOf } from '../chain/calldata.ts'
import type { Operation } from '../chain/operations.ts'
import type { Process } from '../process/process.ts'
import { NETWORK, TERMS } from '../setup.ts'
import type { World } from '../world.ts'
import { keyText } from '../../../support/memory/call-records.ts'
import { cents, createPayer, hoardOf, inWallet, type Payer, type Wallet } from './payer.ts'
import { newPayment, type Payment } from './payment.ts'
import { send } from './serve.ts'

type Step = (world: World) => void | Promise<void>

const alive = (world: World): Process => {
  const { processes, random } = world
  return processes.length === 0 ? restart(world) : random.pick(processes)
}

/** A process begins with a look at what its predecessors have left. */
function restart(world: World): Process {
  const process = world.begin()
  world.scheduler.start(process.life, () => process.look())
  return process
}

function anyWallet(world: World): { payer: Payer; wallet: Wallet } {
  const { payers, random } = world
  const payer =
    payers.length === 0 || (payers.length < 2 && random.percent(30))
      ? createPayer(world)
      : random.pick(payers)
  return { payer, wallet: random.pick(payer.wallets) }
}

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

/** Puts a transaction of somebody else among those that wait. */
function submit(world: World, sender: Payer['address'], operation: Operation): void {
  const hash = `0xs${world.newId()}` as const
  world.simulated.blocks.mempool.set(hash, { hash, sender, operation, maxFee: 2n ** 64n })
}

const operationOf = ({ checked }: Payment): Operation | undefined => {
  const { asset, payer } = checked
  const token = asset.address
  if (checked.kind === 'exact') {
    const { valueAtomic: amount, method, nonce, validAfter, validBefore } = checked
    const times = { kind: 'exact', validAfter, validBefore, signature: '0x' } as const
    const signed =
      method === 'eip3009'
        ? ({ ...times, method, nonce } as const)
        : ({ ...times, method, nonce: nonce.toString() } as const)
    const permission = permissionOf(token, payer, signed)
    return { kind: 'pay', token, payer, to: TERMS.till, amount, permitted: amount, permission }
  }
  if (checked.kind !== 'voucher' || !checked.deposit) return undefined
  const { channelId, deposit } = checked
  const amount = deposit.amountAtomic
  return { kind: 'deposit', token, payer, amount, channelId, permission: permissionOf(token, payer, deposit) }
}

/** Time goes by while the servers live and look at what is due, as their timer makes them. */
async function passWithLooks(world: World, hops: number, hopMs: number): Promise<void> {
  for (let hop = 0; hop < hops; hop += 1) {
    await world.scheduler.pass(hopMs)
    const process = alive(world)
    world.scheduler.start(process.life, () => process.look())
    await world.scheduler.run()
  }
}

const STRANGER = '0x000000000000000000000000000000000000dead'

const WITHDRAWAL_HOP_MS = ((TERMS.withdrawDelaySeconds + 60) * 1_000) / 6

export const STEPS = {
  payChannel: (world) => pay(world, 'batch-settlement'),
  payUpto: (world) => pay(world, 'upto'),
  payExact: (world) => pay(world, 'exact'),
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
    send({ world, process: alive(world), payment: world.random.pick(world.payments) })
  },
  look: (world) => {
    const process = alive(world)
    const everything = world.random.percent(30)
    world.scheduler.start(process.life, () => process.look({ everything }))
  },
  wait: (world) => world.scheduler.pass(world.random.pick([500, 2_000, 8_000, 20_000])),
  waitLong: (world) => passWithLooks(world, 3, 220_000),
  block: ({ simulated, scheduler }) =>
    simulated.blocks.mine({ timestamp: Math.floor(scheduler.nowMs() / 1_000) }),
  reorganise: ({ simulated, scheduler, random }) => {
    const depth = random.integer(1, 10)
    simulated.blocks.reorganise({ depth, forget: random.pick([0, 30, 100]) })
    const timestamp = Math.floor(scheduler.nowMs() / 1_000)
    for (let mined = 0; mined <= depth; mined += 1)
      simulated.blocks.mine({ timestamp, share: random.pick([0, 50, 100]) })
  },
  drop: ({ simulated: { blocks }, random }) => {
    const waiting = [...blocks.mempool.keys()]
    if (waiting.length > 0) blocks.mempool.delete(random.pick(waiting))
  },
  congestion: (world) => {
    world.minedShare = world.random.pick([30, 70, 100])
  },
  fees: ({ simulated: { blocks }, random }) => {
    blocks.market.feeWei = USUAL_FEE_WEI * random.pick([1n, 4n, 100n])
  },
  stall: (world) => {
    world.isMining = !world.isMining
  },
  rpc: ({ simulated, random }) => {
    simulated.mood.failing = random.pick([0, 25, 60])
  },
  /** Somebody submits what a payer has signed, before we do or beside us. */
  thirdParty: (world) => {
    const open = new Set(
      [...world.tables.fundings.values()]
        .filter(({ state }) => state === 'reserved' || state === 'signed')
        .map(({ key }) => keyText(key)),
    )
    const operations = world.payments
      .filter(({ fundingKey }) => fundingKey !== undefined && open.has(fundingKey))
      .flatMap((payment) => operationOf(payment) ?? [])
    if (operations.length > 0) submit(world, STRANGER, world.random.pick(operations))
  },
  /** Anybody may pay out to us what the contract has booked for us. */
  settledByOthers: (world) => {
    const { wallet } = anyWallet(world)
    submit(world, STRANGER, { kind: 'settle', token: wallet.asset.address })
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
    world.isMining = true
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
  crash: (world) => {
    const process = world.processes.length > 0 ? world.random.pick(world.processes) : undefined
    if (process) world.end(process, 'anywhere')
  },
  start: (world) => {
    if (world.processes.length < 2) restart(world)
  },
  queueLost: (world) => {
    world.isWaking = !world.isWaking
  },
} as const satisfies Record<string, Step>

export type StepName = keyof typeof STEPS

/** How often each step comes. */
export const WEIGHTS: Readonly<Record<StepName, number>> = {
  payChannel: 22,
  payUpto: 16,
  payExact: 12,
  burst: 9,
  duplicate: 10,
  look: 16,
  wait: 16,
  waitLong: 3,
  block: 4,
  reorganise: 6,
  drop: 4,
  congestion: 2,
  fees: 4,
  stall: 2,
  rpc: 4,
  thirdParty: 4,
  settledByOthers: 2,
  empty: 4,
  revoke: 3,
  cancel: 4,
  withdrawStart: 4,
  withdrawEnd: 4,
  closeChannel: 5,
  price: 3,
  crash: 4,
  start: 4,
  queueLost: 2,
}
