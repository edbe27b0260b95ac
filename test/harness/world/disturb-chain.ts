import { type Hex, toFunctionSelector } from 'viem'
import { batchSettlementAbi, eip3009Abi, eip3009BytesAbi } from '../../../src/chain/abi.ts'
import { devAccount } from '../../../src/dev/accounts.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'

/** What a chain and its people can do to transactions that are on their way. */
export type ChainDisturbance = {
  /** Other blocks take the place of the last ones; what was in them is in none now. */
  readonly reorganise: (blocks: number) => Promise<void>
  /** Blocks come by themselves no more: what is sent waits. */
  readonly stop: () => Promise<void>
  readonly resume: () => Promise<void>
  /** The chain loses what waits. */
  readonly forget: () => Promise<void>
  /**
   * Submits what waits from another account, at a higher fee, so that ours comes too late: payments of payers, or everything
   * of ours that a contract takes from anybody.
   */
  readonly frontRun: (which?: 'payments' | 'everything') => Promise<number>
}

type PendingTransaction = { readonly from: Hex; readonly to: Hex | null; readonly input: Hex }

/** What a payer has signed, and anybody may submit: `transferWithAuthorization` and the channel contract's `deposit`. */
const PAYMENTS: readonly Hex[] = [
  ...eip3009Abi,
  ...eip3009BytesAbi,
  ...batchSettlementAbi.filter((item) => item.type === 'function' && item.name === 'deposit'),
].flatMap((item) => (item.type === 'function' ? toFunctionSelector(item) : []))
const TIP_WEI = 50_000_000_000n

export function disturbChain({ rpcUrl }: { rpcUrl: string }): ChainDisturbance {
  const stranger = devAccount({ label: 'front-runner' })
  const client = devClient({ rpcUrl, account: stranger })
  const ask = (method: string, params: readonly unknown[]) =>
    client.request<{ Method: string; Parameters: readonly unknown[]; ReturnType: unknown }>({
      method,
      params,
    })

  async function pending(): Promise<readonly PendingTransaction[]> {
    const pool = (await ask('txpool_content', [])) as {
      pending: Record<string, Record<string, PendingTransaction>>
    }
    return Object.values(pool.pending).flatMap((byNonce) => Object.values(byNonce))
  }

  const isForeign = ({ from, to }: PendingTransaction) =>
    from.toLowerCase() !== stranger.address.toLowerCase() && to !== null
  const isPayment = (transaction: PendingTransaction) =>
    isForeign(transaction) && PAYMENTS.includes(transaction.input.slice(0, 10) as Hex)

  return {
    async reorganise(blocks) {
      await ask('anvil_reorg', [blocks, []])
      await client.mine({ blocks: 1 })
    },
    stop: () => client.setAutomine(false),
    async resume() {
      await client.setAutomine(true)
      await client.mine({ blocks: 1 })
    },
    forget: async () => void (await ask('anvil_dropAllTransactions', [])),
    async frontRun(which = 'payments') {
      await client.setBalance({ address: stranger.address, value: 10n ** 20n })
      const isTarget = which === 'payments' ? isPayment : isForeign
      const targets = (await pending()).filter(isTarget)
      let nonce = await client.getTransactionCount({ address: stranger.address })
      for (const { to, input } of targets) {
        if (to === null) continue
        await client.sendTransaction({
          account: stranger,
          to,
          data: input,
          nonce,
          gas: 500_000n,
          maxFeePerGas: TIP_WEI * 2n,
          maxPriorityFeePerGas: TIP_WEI,
        })
        nonce += 1
      }
      return targets.length
    },
  }
}
