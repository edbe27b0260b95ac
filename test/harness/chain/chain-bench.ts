import { payingFetch, type PayingFetch } from '../../../src/client/paying-fetch.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { tokenAbi } from '../../../src/dev/chain/abis.ts'
import type { Asset, Hex, Scheme } from '../../../src/payment/types.ts'
import type { Purpose, TransactionRow } from '../../../src/settlement/types.ts'
import { openRpcProxy, type RpcProxy } from '../../integration/chain/rpc-proxy.ts'
import { chatBody, post } from '../../support/chat.ts'
import { NETWORK, type Payer, type Stack, startStack } from '../../support/start-stack.ts'
import { exactPayment, offerFor, sendPaid, uptoPayment } from '../../support/wire-payment.ts'
import { disturbChain, type ChainDisturbance } from '../world/disturb-chain.ts'
import { freePort } from '../world/free-port.ts'

/** Blocks on top of one that is final: deeper than any reorganisation of the cases. */
export const FINALITY_BLOCKS = 12
const PASSES = 30

/** The product in this process, on a chain that can be disturbed, with two RPCs that can lie, lag and fall silent. */
export type ChainBench = {
  readonly stack: Stack
  readonly rpcs: readonly [RpcProxy, RpcProxy]
  readonly client: ReturnType<typeof devClient>
  readonly disturb: ChainDisturbance
  /** Signs one payment by hand, to be sent as often as needed. */
  readonly sign: (query: {
    payer: Payer
    scheme: 'exact' | 'upto'
    asset?: Asset
    /** A dear one, where the charge has to be large. */
    model?: string
  }) => Promise<{ readonly send: () => Promise<Response>; readonly amountAtomic: bigint }>
  readonly agent: (query: { payer: Payer; scheme?: Scheme; asset?: Asset }) => PayingFetch
  readonly ask: (agent: PayingFetch) => Promise<{ readonly status: number; readonly chargeAtomic: bigint }>
  /** One pass of the settlement, claims included. */
  readonly settle: () => Promise<void>
  readonly mine: (blocks: number) => Promise<void>
  /** Passes and blocks until everything that can end has ended. */
  readonly settleDown: () => Promise<void>
  readonly transactions: (kind: Purpose['kind'], payer?: Payer) => Promise<readonly TransactionRow[]>
  readonly balanceOf: (asset: Asset, owner: string) => Promise<bigint>
  /** What is wrong with the books once everything is settled; nothing, if all is well. */
  readonly complaints: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

export async function openChainBench(): Promise<ChainBench> {
  const port = await freePort()
  const rpcs = [
    await openRpcProxy(`http://127.0.0.1:${port}`),
    await openRpcProxy(`http://127.0.0.1:${port}`),
  ] as const
  const stack = await startStack({
    environment: { TURNPIKE_DEV_CHAIN_PORT: String(port) },
    overrides: {
      networks: [
        {
          network: NETWORK,
          rpcUrls: rpcs.map(({ url }) => url),
          finality: { kind: 'depth', blocks: FINALITY_BLOCKS },
        },
      ],
      // The cases say when it is time to settle, and when a token is looked at.
      sweepMs: 3_600_000,
      tokenWatchMs: 200,
    },
  })
  const client = devClient({ rpcUrl: stack.rpcUrl })
  const { app } = stack
  const settle = async () => void (await app.settleNow({ everything: true }))
  const mine = (blocks: number) => client.mine({ blocks })

  const transactions = async (kind: Purpose['kind'], payer?: Payer) =>
    (await app.listTransactions()).filter(
      ({ purpose }) =>
        purpose.kind === kind && (!payer || ('payer' in purpose && purpose.payer === payer.address)),
    )

  async function settleDown(): Promise<void> {
    let newest: Hex | undefined
    for (let pass = 0; pass < PASSES; pass += 1) {
      await settle()
      await mine(FINALITY_BLOCKS + 1)
      const rows = await app.listTransactions()
      const isOpen = rows.some(({ state }) => state !== 'final' && state !== 'failed')
      if (pass > 1 && !isOpen && rows[0]?.hash === newest) return
      newest = rows[0]?.hash
    }
  }

  return {
    stack,
    rpcs,
    client,
    disturb: disturbChain({ rpcUrl: stack.rpcUrl }),
    async sign({ payer, scheme, asset = stack.usdc, model }) {
      const body = chatBody(model === undefined ? {} : { model })
      const offer = await offerFor({ stack, body, scheme, asset: asset.address })
      const payment =
        scheme === 'exact' ? exactPayment({ offer, payer, asset }) : uptoPayment({ offer, payer })
      return { send: () => sendPaid({ stack, body, payment }), amountAtomic: BigInt(offer.amount) }
    },
    agent: ({ payer, scheme = 'batch-settlement', asset = stack.usdc }) =>
      payingFetch(payer.account, { schemes: [scheme], assets: [asset] }),
    async ask(agent) {
      const response = await agent(stack.chatUrl, post(chatBody()))
      const charge = /"charge":"(\d+)"/.exec(await response.text())?.[1]
      return { status: response.status, chargeAtomic: BigInt(charge ?? 0) }
    },
    settle,
    mine,
    settleDown,
    transactions,
    balanceOf: async (asset, owner) => {
      const args = [owner as Hex] as const
      return client.readContract({ address: asset.address, abi: tokenAbi, functionName: 'balanceOf', args })
    },
    async complaints() {
      await settleDown()
      const checks = await app.checkLedger()
      const { differences } = await app.reconcile()
      const balances = await app.trialBalance()
      const sum = balances.reduce((total, { balance }) => total + balance, 0n)
      return [
        ...checks.filter(({ ok }) => !ok).map(({ name }) => `the invariant ${name} is broken`),
        ...differences.map((one) => `${one.class} ${one.subject}: ledger ${one.ledger}, chain ${one.chain}`),
        ...(sum === 0n ? [] : [`the trial balance is ${sum}`]),
      ]
    },
    async close() {
      await stack.close()
      for (const rpc of rpcs) await rpc.close()
    },
  }
}
