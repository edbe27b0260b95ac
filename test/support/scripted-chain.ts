import { randomUUID } from 'node:crypto'
import type { Address, Hex } from '../../src/payment/types.ts'
import type { SettlementDependencies } from '../../src/settlement/dependencies.ts'
import type { GasPolicy } from '../../src/settlement/policy.ts'
import type { Notice } from '../../src/settlement/notice.ts'
import type {
  ChainSender,
  ChannelMoves,
  HostedFacilitator,
  OnChainChannel,
  Prepared,
  Receipt,
  SettlementChain,
} from '../../src/settlement/ports.ts'
import type { ForeignPayment, Funding, TransactionRow } from '../../src/settlement/types.ts'
import { openStorageOn, type Storage } from '../../src/storage/open-storage.ts'
import { emptyLedger } from './empty-ledger.ts'
import { hex, NETWORK, NOW_MS, payerNamed, USDC } from './calls.ts'
import { SIGNER, TILL } from './settlements.ts'

export const PAY_TO = payerNamed('receiver')

/** What a test decides about the chain; everything else is as on a chain that takes what it is sent. */
export type Script = {
  nowMs: number
  finalBlock: bigint
  prepare: () => Prepared | Promise<Prepared>
  /** Throws as a chain does that cannot be reached, or gives nothing for what is not mined. */
  receiptOf: (hash: Hex) => Receipt | undefined
  nonceOf: () => number
  reprice: (request: Parameters<ChainSender['reprice']>[0]) => Awaited<ReturnType<ChainSender['reprice']>>
  broadcast: (raw: Hex) => Awaited<ReturnType<ChainSender['broadcast']>>
  paymentsOf: (funding: Funding) => readonly ForeignPayment[]
  settlesOf: () => readonly (ForeignPayment & { readonly amountAtomic: bigint })[]
  movesOf: (id: Hex) => ChannelMoves
  headNumber: bigint
  gas: GasPolicy
  channelOf: (id: Hex) => Partial<OnChainChannel>
  isSuspended: boolean
  /** Who submits `exact` payments, where it is not us. */
  hosted?: HostedFacilitator
}

const ready = (): Prepared => ({
  ok: true,
  call: { to: USDC, data: '0x' },
  gasLimit: 21_000n,
  maxFeePerGasWei: 1n,
  maxPriorityFeePerGasWei: 1n,
  usualFeePerGasWei: 1n,
})

/** A mined transaction that moved `value` to `to`; 0 where it moved nothing. */
export const minedTransfer = (to: Address, value: bigint, from = payerNamed('somebody')): Receipt => ({
  status: 'success',
  blockNumber: 1n,
  blockHash: hex(32, 'block'),
  gasUsed: 21_000n,
  effectiveGasPriceWei: 1n,
  l1FeeWei: 0n,
  transfers: value === 0n ? [] : [{ token: USDC, from, to, value, logIndex: 0 }],
  claims: [],
})

/** The same, by a transaction that the channel contract has booked a claim in. */
export const minedClaim = ({
  to = PAY_TO,
  value = 0n,
  ...claim
}: {
  to?: Address
  value?: bigint
  channelId: Hex
  addedAtomic: bigint
}): Receipt => ({ ...minedTransfer(to, value), claims: [claim] })

/** A ledger of its own over a chain that follows a script, for settlement stories that no honest chain would tell. */
export async function openScriptedWorld() {
  const script: Script = {
    nowMs: NOW_MS,
    finalBlock: 1n,
    prepare: ready,
    receiptOf: () => undefined,
    nonceOf: () => 0,
    reprice: () => undefined,
    broadcast: () => 'sent',
    paymentsOf: () => [],
    settlesOf: () => [],
    movesOf: () => ({ claims: [], refunds: [] }),
    headNumber: 9n,
    gas: { maxShareBps: 10_000n },
    channelOf: () => ({}),
    isSuspended: false,
  }
  const notices: Notice[] = []
  const nowMs = () => script.nowMs
  const database = await emptyLedger()
  const storage: Storage = await openStorageOn({ database, instanceId: randomUUID(), region: 'local', nowMs })
  const call = () => ({ to: USDC, data: '0x' }) as const
  const chain: SettlementChain = {
    sender: {
      network: NETWORK,
      lanes: { signer: SIGNER, till: TILL },
      prepare: async () => script.prepare(),
      sign: async ({ lane, nonce }) => ({
        raw: hex(32, `raw ${lane.role} ${nonce}`),
        hash: hex(32, `hash ${lane.role} ${nonce}`),
      }),
      broadcast: async (raw) => script.broadcast(raw),
      reprice: async (request) => script.reprice(request),
      getNonce: async () => script.nonceOf(),
    },
    reader: {
      network: NETWORK,
      getReceipt: async (hash) => script.receiptOf(hash),
      getHead: async () => ({ number: script.headNumber, hash: hex(32, 'head'), timestamp: 0 }),
      getFinalBlock: async () => script.finalBlock,
      readChannels: async (ids) =>
        ids.map((id) => ({
          balanceAtomic: 0n,
          totalClaimedAtomic: 0n,
          withdrawRequestedAt: 0,
          refundNonce: 0n,
          ...script.channelOf(id),
        })),
      findPayments: async ({ funding }) => script.paymentsOf(funding),
      findSettles: async () => script.settlesOf(),
      findChannelMoves: async ({ channelId }) => script.movesOf(channelId),
      getBalance: async () => 0n,
      listTransfers: async () => [],
    },
    calldata: {
      deposit: call,
      exact: call,
      upto: call,
      claim: call,
      settle: call,
      channelRefund: call,
      transfer: call,
    },
  }
  const dependencies: SettlementDependencies = {
    store: storage.settlement,
    due: storage.due,
    balances: storage.balances,
    lanes: storage.lanes,
    watch: { listChannels: storage.reconcile.listChannelPage },
    networks: [NETWORK],
    chainOf: () => (script.hosted ? { ...chain, hosted: script.hosted } : chain),
    clock: {
      nowMs,
      sleep: async (durationMs) => {
        script.nowMs += durationMs
      },
    },
    newId: randomUUID,
    pollMs: 5_000,
    payTo: PAY_TO,
    policy: {
      claimAtPicoUsd: 1n,
      claimEveryMs: 600_000,
      refundAtOncePicoUsd: () => 1n,
      refundLaterPicoUsd: () => 1n,
      refundAfterMs: 600_000,
      tillFloatPicoUsd: 10n ** 18n,
      gasOf: () => script.gas,
      assetsOf: () => [USDC],
      decimalsOf: () => 6,
    },
    reach: () => undefined,
    isSuspended: () => script.isSuspended,
    notice: (notice) => notices.push(notice),
  }
  const transactions = async (kind: string): Promise<readonly TransactionRow[]> => {
    const states = ['signed', 'seen', 'reverted', 'final', 'failed'] as const
    const all = await storage.settlement.listTransactions({ network: NETWORK, states, limit: 1_000 })
    return all.filter(({ purpose }) => purpose.kind === kind)
  }
  return { script, storage, dependencies, transactions, notices }
}

export type ScriptedWorld = Awaited<ReturnType<typeof openScriptedWorld>>
