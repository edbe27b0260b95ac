import { BATCH_SETTLEMENT } from '../../../../src/payment/tokens/contracts.ts'
import type { Address, Hex, Network } from '../../../../src/payment/types.ts'
import { arrivalsOf } from '../../../../src/settlement/confirm/arrivals.ts'
import type { Calldata, ChainReader, ChainSender, SettlementChain } from '../../../../src/settlement/ports.ts'
import type { Lane } from '../../../../src/settlement/types.ts'
import type { Random } from '../random.ts'
import { type Blocks, createBlocks, type Pending } from './blocks.ts'
import { channelMovesOf } from './channel-moves.ts'
import { createCalldata } from './calldata.ts'
import { balanceOf, type ChainState } from './state.ts'

/** What an RPC may do to whoever asks it. */
export type RpcMood = {
  /** Of a hundred requests, so many fail; a broadcast that fails may have arrived. */
  failing: number
}

export type ChainSetup = {
  readonly network: Network
  readonly payTo: Address
  readonly lanes: { readonly signer: Lane; readonly till: Lane }
  readonly random: Random
  readonly nowMs: () => number
  readonly isSilent: boolean
}

const GAS_LIMIT = 100_000n
/** Nodes take a replacement for a tenth more. */
const isReplacement = (fee: bigint, before: bigint) => fee * 10n >= before * 11n

/** One simulated network: the chain itself, and what a process sees of it. */
export function createSimulatedChain({ network, payTo, lanes, random, nowMs, isSilent }: ChainSetup) {
  const blocks: Blocks = createBlocks({ payTo, random, isSilent })
  const { calldata, decode } = createCalldata({
    payTo,
    till: lanes.till.address,
    signer: lanes.signer.address,
  })
  const mood: RpcMood = { failing: 0 }
  const fails = () => mood.failing > 0 && random.percent(mood.failing)
  const ask = <Answer>(answer: () => Answer): Answer => {
    if (fails()) throw new Error('The RPC does not answer.')
    return answer()
  }

  /** Everything that is signed is in the bytes. */
  const signedAs = (lane: Lane, nonce: number, call: Calldata, maxFee: bigint) => {
    const raw: Hex = `0x${lane.role}.${nonce}.${call.data}.${maxFee}`
    return { raw, hash: `0xh${raw.slice(2)}` as Hex }
  }

  function read(raw: Hex): Required<Pending> & { call: Calldata } {
    const [role, nonce, data, maxFee] = raw.slice(2).split('.')
    const lane = role === 'till' ? lanes.till : lanes.signer
    return {
      hash: `0xh${raw.slice(2)}`,
      sender: lane.address,
      nonce: Number(nonce),
      operation: decode(data as Hex),
      maxFee: BigInt(maxFee ?? 0),
      call: { to: payTo, data: data as Hex },
    }
  }

  /** What a node says to bytes; it may lose its answer, and then they may have arrived. */
  function receive(raw: Hex): Awaited<ReturnType<ChainSender['broadcast']>> {
    const { call: _call, ...pending } = read(raw)
    if (blocks.mempool.has(pending.hash)) return 'known'
    if (pending.nonce < blocks.nonceOf(pending.sender)) return 'nonce-too-low'
    if (pending.maxFee < blocks.market.feeWei) return 'underpriced'
    for (const other of blocks.mempool.values()) {
      if (other.sender !== pending.sender || other.nonce !== pending.nonce) continue
      if (!isReplacement(pending.maxFee, other.maxFee)) return 'underpriced'
      blocks.mempool.delete(other.hash)
    }
    blocks.mempool.set(pending.hash, pending)
    return 'sent'
  }

  const sender: ChainSender = {
    network,
    lanes,
    prepare: async ({ lane, call }) => {
      if (fails()) return { ok: false, reason: 'rpc_unreachable', unknown: true }
      const timestamp = Math.floor(nowMs() / 1_000)
      const reason = blocks.simulate({ sender: lane.address, operation: decode(call.data), timestamp })
      if (reason !== undefined) return { ok: false, reason, unknown: false }
      const { feeWei } = blocks.market
      const fees = {
        maxFeePerGasWei: feeWei * 2n,
        maxPriorityFeePerGasWei: 1n,
        usualFeePerGasWei: feeWei,
      }
      return { ok: true, call, gasLimit: GAS_LIMIT, ...fees }
    },
    sign: async ({ lane, nonce, prepared }) => signedAs(lane, nonce, prepared.call, prepared.maxFeePerGasWei),
    broadcast: async (raw) => {
      if (!fails()) return receive(raw)
      if (random.percent(50)) receive(raw)
      return 'unknown'
    },
    reprice: async ({ lane, raw }) =>
      ask(() => {
        const { nonce, call, maxFee } = read(raw)
        const dearer = (maxFee * 9n) / 8n + 1n
        const asked = blocks.market.feeWei * 2n
        const fee = asked > dearer ? asked : dearer
        return { signed: signedAs(lane, nonce, call, fee), maxCostWei: GAS_LIMIT * fee }
      }),
    getNonce: async ({ address }, at) =>
      ask(() => {
        if (typeof at === 'bigint') return blocks.after(at)?.nonces.get(address) ?? 0
        const waiting = [...blocks.mempool.values()].filter((pending) => pending.sender === address)
        return blocks.nonceOf(address) + (at === 'pending' ? waiting.length : 0)
      }),
  }

  const channelsAt = (number: bigint | undefined): ChainState['channels'] =>
    number === undefined ? blocks.state.channels : (blocks.after(number)?.channels ?? new Map())

  const refundNoncesAt = (number: bigint | undefined): ChainState['refundNonces'] =>
    number === undefined ? blocks.state.refundNonces : (blocks.after(number)?.refundNonces ?? new Map())

  const reader: ChainReader = {
    network,
    getReceipt: async (hash) => ask(() => blocks.receipts.get(hash)),
    getHead: async () => ask(() => blocks.head()),
    getFinalBlock: async () => ask(() => blocks.finalNumber()),
    readChannels: async (ids, blockNumber) =>
      ask(() =>
        ids.map((id) => {
          const { balance, totalClaimed } = channelsAt(blockNumber).get(id) ?? {
            balance: 0n,
            totalClaimed: 0n,
          }
          return {
            balanceAtomic: balance,
            totalClaimedAtomic: totalClaimed,
            withdrawRequestedAt: blocks.state.withdrawals.get(id)?.initiatedAt ?? 0,
            refundNonce: refundNoncesAt(blockNumber).get(id) ?? 0n,
          }
        }),
      ),
    findPayments: async ({ funding }) =>
      ask(() => {
        const recipient = funding.channel ? BATCH_SETTLEMENT : lanes.till.address
        const transfers = blocks
          .transfersIn(0n, blocks.head().number)
          .filter(({ token }) => token === funding.asset)
        const { payer, amountAtomic } = funding
        return [...Map.groupBy(transfers, ({ hash }) => hash).values()]
          .flatMap((own) => {
            const arrivals = arrivalsOf({ transfers: own, payer, recipient, amountAtomic })
            return own.filter(({ logIndex }) => arrivals.some((arrival) => arrival.logIndex === logIndex))
          })
          .map(({ hash: transactionHash, logIndex, blockNumber }) => ({
            transactionHash,
            logIndex,
            blockNumber,
          }))
          .toReversed()
      }),
    findSettles: async ({ asset }) =>
      ask(() =>
        blocks
          .mined()
          .filter(({ operation }) => operation.kind === 'settle' && operation.token === asset)
          .map(({ hash: transactionHash, blockNumber, receipt }) => ({
            transactionHash,
            logIndex: 0,
            blockNumber,
            amountAtomic: receipt.transfers.reduce((sum, { value }) => sum + value, 0n),
          }))
          .filter(({ amountAtomic }) => amountAtomic > 0n),
      ),
    findChannelMoves: async ({ channelId }) => ask(() => channelMovesOf(blocks, channelId)),
    getBalance: async ({ asset, owner }) => ask(() => balanceOf(blocks.state, asset, owner)),
    listTransfers: async ({ fromBlock, toBlock, addresses }) =>
      ask(() =>
        blocks
          .transfersIn(fromBlock, toBlock)
          .filter(({ from, to }) => addresses.includes(from) || addresses.includes(to))
          .map(({ hash: transactionHash, ...transfer }) => ({ ...transfer, transactionHash })),
      ),
  }

  const chain: SettlementChain = { sender, reader, calldata }
  return { blocks, mood, chain, decode, operationIn: (raw: Hex) => read(raw).operation }
}

export type SimulatedChain = ReturnType<typeof createSimulatedChain>
