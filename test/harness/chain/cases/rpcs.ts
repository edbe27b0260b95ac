import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../../support/wait-until.ts'
import { type ChainCase, demand } from '../chain-case.ts'
import { encodeAbiParameters, encodeEventTopics, parseAbi, toHex } from 'viem'

const LOOK_MS = 250
const STALE_MS = 1_000

/** No RPC answers for a while: what needs none goes on, and nobody is asked to pay twice. */
const silent = (downMs: number): ChainCase => ({
  name: `no RPC answers for ${downMs / 1_000} s`,
  run: async ({ stack, rpcs, agent, ask, sign, settle, settleDown, transactions }) => {
    const payer = await stack.newPayer()
    const paying = agent({ payer })
    demand('the channel before', (await ask(paying)).status, 200)
    const { send } = await sign({ payer, scheme: 'exact' })
    for (const rpc of rpcs) rpc.setMode('drop')
    const endsAtMs = performance.now() + downMs
    demand('a voucher meanwhile', (await ask(paying)).status, 200)
    let status: number | undefined
    const exact = send().then((response) => (status = response.status))
    await settle()
    await sleep(Math.max(0, endsAtMs - performance.now()))
    for (const rpc of rpcs) rpc.restore()
    // The reservation is looked after by the sweep once its own request has had its time.
    await waitUntil({
      what: 'the payment is on chain and answered',
      timeoutMs: 60_000,
      isSo: async () => {
        await settle()
        await sleep(LOOK_MS)
        return status !== undefined && (await transactions('exact', payer)).length === 1
      },
    })
    await exact
    if (status !== 200) demand('the exact payment meanwhile', status, 409)
    await settleDown()
    const again = (await send()).status
    demand('the same payment afterwards', again, status === 200 ? 409 : 200)
    await settleDown()
    demand(
      'transactions',
      (await transactions('exact', payer)).map(({ state }) => state),
      ['final'],
    )
    return `vouchers served, the exact payment ${status === 200 ? 'served late' : 'pending, then served'}`
  },
})

/** The first RPC stands still: an old head, no new receipts, old nonces. */
const stale: ChainCase = {
  name: 'the first RPC is stale',
  run: async ({ stack, rpcs, client, agent, ask, sign, settle, settleDown, transactions }) => {
    const payer = await stack.newPayer()
    const head = toHex(await client.getBlockNumber())
    const nonces = new Map<string, unknown>()
    for (const address of [stack.world.addresses.signer, stack.world.addresses.till]) {
      nonces.set(address, toHex(await client.getTransactionCount({ address })))
    }
    rpcs[0].setOverride(({ method, params }) => {
      if (method === 'eth_blockNumber') return { result: head }
      if (method === 'eth_getTransactionReceipt') return { result: null }
      if (method === 'eth_getTransactionCount') return { result: nonces.get(String(params[0])) ?? '0x0' }
      return undefined
    })
    const upto = await sign({ payer, scheme: 'upto' })
    const exact = await sign({ payer, scheme: 'exact' })
    const waiting = [ask(agent({ payer })), exact.send()] as const
    try {
      demand('an upto call meanwhile', (await upto.send()).status, 200)
      await settle()
      await sleep(STALE_MS)
    } finally {
      rpcs[0].restore()
    }
    const [channel, paid] = await Promise.all(waiting)
    demand(
      'channel and exact payment, once both RPCs have caught up',
      [channel.status, paid.status],
      [200, 200],
    )
    await settleDown()
    const rows = [
      ...(await transactions('deposit', payer)),
      ...(await transactions('exact', payer)),
      ...(await transactions('upto', payer)),
    ]
    demand(
      'transactions',
      rows.map(({ state }) => state),
      ['final', 'final', 'final'],
    )
    return 'nobody was asked to pay again; served when it caught up, each final once'
  },
}

const transferAbi = parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)'])

/** The first RPC shows a receipt for a payment that no block has. */
const lying: ChainCase = {
  name: 'two RPCs disagree about a receipt',
  run: async ({ stack, rpcs, sign, disturb, transactions, settleDown, balanceOf }) => {
    const payer = await stack.newPayer()
    const before = await balanceOf(stack.usdc, payer.address)
    const { send, amountAtomic } = await sign({ payer, scheme: 'exact' })
    await disturb.stop()
    const till = stack.world.addresses.till
    rpcs[0].setOverride(({ method, params }) => {
      if (method !== 'eth_getTransactionReceipt') return undefined
      const common = { blockNumber: '0x5', blockHash: `0x${'ab'.repeat(32)}`, transactionHash: params[0] }
      const topics = encodeEventTopics({ abi: transferAbi, args: { from: payer.address, to: till } })
      const data = encodeAbiParameters([{ type: 'uint256' }], [amountAtomic])
      const log = { ...common, address: stack.usdc.address, topics, data, logIndex: '0x0' }
      return {
        result: { ...common, status: '0x1', gasUsed: '0x5208', effectiveGasPrice: '0x1', logs: [log] },
      }
    })
    let status: number | undefined
    const answer = send().then((response) => (status = response.status))
    await sleep(1_500)
    demand('while only one RPC knows of the payment', status ?? 'no answer', 'no answer')
    demand(
      'states',
      (await transactions('exact', payer)).map(({ state }) => state),
      ['signed'],
    )
    rpcs[0].restore()
    await disturb.resume()
    demand('once both know', await answer, 200)
    await settleDown()
    demand('paid', before - (await balanceOf(stack.usdc, payer.address)), amountAtomic)
    return 'not believed until both agreed, then served'
  },
}

export const rpcs = ({ downMs }: { downMs: number }): readonly ChainCase[] => [silent(downMs), stale, lying]
