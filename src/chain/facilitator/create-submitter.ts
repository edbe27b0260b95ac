import { x402Facilitator, type PendingSettlementStore } from '@x402/core/facilitator'
import { ExactEvmScheme } from '@x402/evm/exact/facilitator'
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/facilitator'
import { UptoEvmScheme } from '@x402/evm/upto/facilitator'
import { privateKeyToAddress } from 'viem/accounts'
import type { Submitter } from '../../facilitator/ports.ts'
import { keepNewest } from '../../facilitator/keep-newest.ts'
import type { Order, Outcome } from '../../facilitator/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import { v1NameOf } from '../../payment/tokens/networks.ts'
import type { Address, Asset, Hex, Network } from '../../payment/types.ts'
import { checkTokens, type TokenCheck } from '../read/check-tokens.ts'
import { listMissingContracts } from '../read/list-missing-contracts.ts'
import { RpcError } from '../rpc-error.ts'
import { createRpc } from '../rpc.ts'
import { DEFAULT_FEE_CAPS, type FeeCaps } from '../send/fees.ts'
import { findSettled } from './find-settled.ts'
import { createGasLane, type GasLane } from './gas-lane.ts'
import { createLaneSigner } from './lane-signer.ts'
import { reasonOf } from './reason-of.ts'
import { takesPayment } from './takes-payment.ts'

export type SubmitterNetwork = {
  readonly network: Network
  /** In the order of preference, at least one. */
  readonly rpcUrls: readonly string[]
  readonly feeCaps?: FeeCaps
  /** What its gas may cost within 24 hours. */
  readonly maxPerDayWei: bigint
}

export type OpenSubmitter = Submitter & {
  readonly address: Address
  /** Per network, what its start has to know. Throws where an RPC fails. */
  readonly networks: readonly {
    readonly network: Network
    readonly countTransactions: GasLane['countTransactions']
    readonly checkTokens: (assets: readonly Asset[]) => Promise<readonly TokenCheck[]>
    readonly listMissingContracts: () => Promise<readonly Address[]>
  }[]
  readonly close: () => void
}

/** The word of x402's clients for "the gas of the allowance is on us". */
const EIP2612_SPONSORING = { key: 'eip2612GasSponsoring' }

/**
 * x402's published facilitator (v2 `exact` and `upto`, v1 `exact`) over our RPCs and lanes. Verification simulates, and so does every
 * settlement before it is sent: what the chain would refuse costs no gas.
 *
 * Undeployed smart wallets are not deployed (ERC-6492): no factory is called.
 */
export function createSubmitter({
  key,
  networks,
  pollMs,
  waitMs = LIMITS.facilitatorWaitMs,
  nowMs,
}: {
  key: Hex
  networks: readonly SubmitterNetwork[]
  /** Between two looks for a receipt, and how long one is waited for. */
  pollMs: number
  waitMs?: number
  nowMs: () => number
}): OpenSubmitter {
  const address = privateKeyToAddress(key).toLowerCase() as Address
  const facilitator = new x402Facilitator().registerExtension(EIP2612_SPONSORING)
  const opened = networks.map((one) => {
    const rpc = createRpc({ rpcUrls: one.rpcUrls })
    const { network, feeCaps: caps = DEFAULT_FEE_CAPS, maxPerDayWei } = one
    const lane = createGasLane({
      rpc,
      lane: { network, role: 'signer', address },
      key,
      caps,
      maxPerDayWei,
      nowMs,
    })
    const away = { count: 0 }
    const onAway = () => {
      away.count += 1
    }
    register({
      facilitator,
      network,
      signer: createLaneSigner({ rpc, lane, address, pollMs, waitMs, onAway }),
    })
    return { network, rpc, lane, away }
  })
  /** Which order was last sent for a payment. */
  const attempted = new Map<string, string>()
  const chainOf = (order: Order) => {
    const found = opened.find(({ network }) => network === order.network)
    if (!found) throw new RangeError(`No chain is configured for ${order.network}.`)
    return found
  }
  /** A refusal while the RPC gave no answer is no refusal. */
  const trusted = async <Answer>({
    order,
    ask,
    isRefusal,
  }: {
    order: Order
    ask: () => Promise<Answer>
    isRefusal: (answer: Answer) => boolean
  }): Promise<Answer> => {
    const { away } = chainOf(order)
    const before = away.count
    const answer = await ask()
    if (isRefusal(answer) && away.count > before) throw unreachable()
    return answer
  }
  return {
    address,
    supported: () => facilitator.getSupported(),
    async verify(order) {
      const answer = await trusted({
        order,
        ask: () => facilitator.verify(order.payload as never, order.requirements as never),
        isRefusal: ({ isValid }) => !isValid,
      })
      const payer = order.payment.from
      if (answer.isValid) return { isValid: true, payer }
      return { isValid: false, invalidReason: reasonOf({ reason: answer.invalidReason }), payer }
    },
    async settle(order) {
      const { lane } = chainOf(order)
      const findOpen = () => lane.findOpen((call) => takesPayment({ call, order }))
      const earlier = attempted.get(order.key)
      // Sent for another order, whose answer was lost: two transactions for one nonce are one that reverts.
      const taken = earlier === undefined || earlier === order.fingerprint ? undefined : await findOpen()
      if (taken !== undefined)
        return outcomeOf({
          order,
          answer: refusal({ order, errorReason: 'duplicate_settlement', transaction: taken }),
        })
      keepNewest({ map: attempted, key: order.key, value: order.fingerprint })
      const answer = await trusted({
        order,
        ask: () => facilitator.settle(order.payload as never, order.requirements as never),
        isRefusal: ({ success, transaction }) => !success && transaction === '',
      })
      if (answer.success || answer.transaction !== '') return outcomeOf({ order, answer })
      // Whoever gave up waiting (x402 v1 has no word for that) must not be told that nothing was sent.
      const open = await findOpen()
      if (open === undefined) return outcomeOf({ order, answer })
      return outcomeOf({ order, answer: { ...answer, errorReason: 'settlement_pending', transaction: open } })
    },
    findSettled: (order) =>
      findSettled({ rpc: chainOf(order).rpc, order, nowSeconds: Math.floor(nowMs() / 1_000) }),
    networks: opened.map(({ network, rpc, lane }) => ({
      network,
      countTransactions: lane.countTransactions,
      checkTokens: (assets) => checkTokens({ rpc, assets }),
      listMissingContracts: () => listMissingContracts({ rpc }),
    })),
    close: () => opened.forEach(({ rpc }) => rpc.close()),
  }
}

const refusal = ({
  order,
  errorReason,
  transaction,
}: {
  order: Order
  errorReason: string
  transaction: Hex
}): Answer => ({ success: false, errorReason, transaction, network: order.networkName as never })

const unreachable = () => new RpcError({ kind: 'unreachable', method: 'eth_call' })

function register({
  facilitator,
  network,
  signer,
}: {
  facilitator: x402Facilitator
  network: Network
  signer: ReturnType<typeof createLaneSigner>
}): void {
  const pendingSettlementStore = NOTHING_PENDING
  facilitator
    .register(network, new ExactEvmScheme(signer, { simulateInSettle: true, pendingSettlementStore }))
    .register(network, new UptoEvmScheme(signer, { pendingSettlementStore }))
  const name = v1NameOf(network)
  if (name !== undefined)
    facilitator.registerV1(name as never, new ExactEvmSchemeV1(signer, { simulateInSettle: true }))
}

/**
 * The published schemes wait for the transaction that this store names, for ever if no block can have it any more. Our lane remembers
 * what it has sent and whether that can still be mined; asked for the same call again it answers with the same transaction.
 */
const NOTHING_PENDING: PendingSettlementStore = {
  get: () => Promise.resolve(undefined),
  set: () => Promise.resolve(),
  delete: () => Promise.resolve(),
}

type Answer = Awaited<ReturnType<x402Facilitator['settle']>>

/** Its own words and nothing beside them: messages of libraries may hold addresses of RPCs. */
function outcomeOf({ order, answer }: { order: Order; answer: Answer }): Outcome {
  const { networkName: network, payment, scheme } = order
  const transaction = answer.transaction as Hex | ''
  const base = { payer: payment.from, transaction, network }
  if (!answer.success) {
    const { errorReason: reason, errorMessage: message } = answer
    return { ...base, success: false, errorReason: reasonOf({ reason, message }) }
  }
  return { ...base, success: true, ...(scheme === 'upto' ? { amount: order.amountAtomic.toString() } : {}) }
}
