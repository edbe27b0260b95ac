import { setTimeout as sleep } from 'node:timers/promises'
import { tokenAbi } from '../../../../src/dev/chain/abis.ts'
import { PERMIT2 } from '../../../../src/dev/chain/addresses.ts'
import { devClient } from '../../../../src/dev/chain/clients.ts'
import {
  blocklistUsdc,
  blocklistUsdt,
  pauseUsdc,
  pauseUsdt,
  setUsdtFee,
} from '../../../../src/dev/chain/token-owner.ts'
import type { Payer } from '../../../support/start-stack.ts'
import { type ChainCase, demand } from '../chain-case.ts'
import type { ChainBench } from '../chain-bench.ts'

/** A fee in basis points of less than a tenth of a cent would round to nothing. */
const DEAR_MODEL = 'openai/gpt-5'

/** Longer than the bench's look at its tokens. */
const NOTICED_MS = 600

type Toggle = {
  readonly name: string
  readonly token: 'usdc' | 'usdt'
  readonly on: (place: { bench: ChainBench; payer: Payer }) => Promise<unknown>
  readonly off: (place: { bench: ChainBench; payer: Payer }) => Promise<unknown>
}

/** Something comes between the check of an `upto` payment and its settlement, and goes away again. */
const between = ({ name, token, on, off }: Toggle): ChainCase => ({
  name: `${name} between check and settlement`,
  run: async (bench) => {
    const { stack, sign, settle, mine, settleDown, transactions, balanceOf } = bench
    const payer = await stack.newPayer()
    const asset = stack[token]
    const before = await balanceOf(asset, payer.address)
    const { send } = await sign({ payer, scheme: 'upto', asset, model: DEAR_MODEL })
    demand('the call', (await send()).status, 200)
    const place = { bench, payer }
    await on(place)
    try {
      await sleep(NOTICED_MS)
      for (let pass = 0; pass < 3; pass += 1) {
        await settle()
        await mine(20)
      }
      const early = (await transactions('upto', payer)).filter(({ state }) => state === 'final')
      demand('settled meanwhile', early.length, 0)
    } finally {
      await off(place)
      await sleep(NOTICED_MS)
    }
    await settleDown()
    const final = (await transactions('upto', payer)).filter(({ state }) => state === 'final')
    demand('settlements that count', final.length, 1)
    const [purpose] = final.map((row) => row.purpose)
    const charged = purpose && 'amount' in purpose ? BigInt(purpose.amount) : 0n
    demand('left the wallet', before - (await balanceOf(asset, payer.address)), charged)
    return 'due until it is over, then settled in full'
  },
})

const allow = async ({ stack }: ChainBench, payer: Payer, amount: bigint) => {
  const own = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
  const hash = await own.writeContract({
    address: stack.usdc.address,
    abi: tokenAbi,
    functionName: 'approve',
    args: [PERMIT2, amount],
  })
  await own.waitForTransactionReceipt({ hash })
}

const TOGGLES: readonly Toggle[] = [
  {
    name: 'the payer is on the blocklist of USDC',
    token: 'usdc',
    on: ({ bench, payer: { address } }) =>
      blocklistUsdc({ rpcUrl: bench.stack.rpcUrl, address, blocked: true }),
    off: ({ bench, payer: { address } }) =>
      blocklistUsdc({ rpcUrl: bench.stack.rpcUrl, address, blocked: false }),
  },
  {
    name: 'the payer is on the blocklist of USDT',
    token: 'usdt',
    on: ({ bench, payer: { address } }) =>
      blocklistUsdt({ rpcUrl: bench.stack.rpcUrl, address, blocked: true }),
    off: ({ bench, payer: { address } }) =>
      blocklistUsdt({ rpcUrl: bench.stack.rpcUrl, address, blocked: false }),
  },
  {
    name: 'USDC is paused',
    token: 'usdc',
    on: ({ bench }) => pauseUsdc({ rpcUrl: bench.stack.rpcUrl, paused: true }),
    off: ({ bench }) => pauseUsdc({ rpcUrl: bench.stack.rpcUrl, paused: false }),
  },
  {
    name: 'USDT is paused',
    token: 'usdt',
    on: ({ bench }) => pauseUsdt({ rpcUrl: bench.stack.rpcUrl, paused: true }),
    off: ({ bench }) => pauseUsdt({ rpcUrl: bench.stack.rpcUrl, paused: false }),
  },
  {
    name: 'the payer takes its allowance back',
    token: 'usdc',
    on: ({ bench, payer }) => allow(bench, payer, 0n),
    off: ({ bench, payer }) => allow(bench, payer, 2n ** 255n),
  },
]

/** A settlement that is on its way already arrives less the fee: its payer has paid in full, and what the token kept is our expense. */
const fee: ChainCase = {
  name: 'USDT takes a fee between settlement and block',
  run: async (bench) => {
    const { stack, disturb, sign, settle, settleDown, transactions, balanceOf } = bench
    const { rpcUrl, usdt } = stack
    const payer = await stack.newPayer()
    const before = {
      payer: await balanceOf(usdt, payer.address),
      us: await balanceOf(usdt, stack.world.payTo),
    }
    const { send } = await sign({ payer, scheme: 'upto', asset: usdt, model: DEAR_MODEL })
    await disturb.stop()
    try {
      demand('the call', (await send()).status, 200)
      await settle()
      demand('on its way', (await transactions('upto', payer)).length, 1)
      await disturb.forget()
      await setUsdtFee({ rpcUrl, basisPoints: 19n, maximumFeeUsdt: 49n })
    } finally {
      await disturb.resume()
    }
    await settleDown()
    await setUsdtFee({ rpcUrl, basisPoints: 0n, maximumFeeUsdt: 0n })
    await settleDown()
    const paid = before.payer - (await balanceOf(usdt, payer.address))
    const arrived = (await balanceOf(usdt, stack.world.payTo)) - before.us
    const [settled, ...more] = await transactions('upto', payer)
    demand('settlements', [settled?.state, more.length], ['final', 0])
    if (arrived >= paid) demand('arrived', arrived, `less than the ${paid} that were paid`)
    return 'paid in full, the fee is our expense'
  },
}

export const tokens: readonly ChainCase[] = [...TOGGLES.map(between), fee]
