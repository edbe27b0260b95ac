import { waitUntil } from '../../../support/wait-until.ts'
import { type ChainCase, demand } from '../chain-case.ts'
import { type ChainBench, FINALITY_BLOCKS } from '../chain-bench.ts'

const PATIENCE_MS = 10_000

/** Lets what we have just sent wait, submits it as somebody else, and mines both; then blocks come until it is final. */
async function overtake({
  bench: { disturb, mine },
  act,
  which,
}: {
  bench: ChainBench
  act: () => Promise<unknown>
  which: 'payments' | 'everything'
}): Promise<void> {
  await disturb.stop()
  const acting = act()
  try {
    await waitUntil({
      what: 'there is something to overtake',
      timeoutMs: PATIENCE_MS,
      isSo: async () => (await disturb.frontRun(which)) > 0,
    })
    await mine(1)
  } finally {
    await disturb.resume()
  }
  const growing = setInterval(() => void mine(2).catch(() => undefined), 200)
  await acting.finally(() => clearInterval(growing))
}

const exact: ChainCase = {
  name: 'somebody else submits an exact payment first',
  run: async (bench) => {
    const { stack, sign, settleDown, balanceOf } = bench
    const payer = await stack.newPayer()
    const before = await balanceOf(stack.usdc, payer.address)
    const { send, amountAtomic } = await sign({ payer, scheme: 'exact' })
    let status = 0
    await overtake({
      bench,
      which: 'payments',
      act: async () => {
        status = (await send()).status
      },
    })
    await settleDown()
    const again = (await send()).status
    demand('the two answers', [status, again].sort(), [200, 409])
    demand('paid', before - (await balanceOf(stack.usdc, payer.address)), amountAtomic)
    return 'adopted, served, paid once'
  },
}

const deposit: ChainCase = {
  name: 'somebody else submits a deposit first',
  run: async (bench) => {
    const { stack, agent, ask, settleDown, balanceOf } = bench
    const payer = await stack.newPayer()
    const before = await balanceOf(stack.usdc, payer.address)
    const paying = agent({ payer })
    let status = 0
    await overtake({
      bench,
      which: 'payments',
      act: async () => {
        status = (await ask(paying)).status
      },
    })
    demand('the call', status, 200)
    await settleDown()
    demand('the next call on the channel', (await ask(paying)).status, 200)
    demand('deposited', before - (await balanceOf(stack.usdc, payer.address)), 1_000_000n)
    return 'adopted, served, deposited once'
  },
}

const claim: ChainCase = {
  name: 'somebody else submits our claim first',
  run: async (bench) => {
    const { stack, agent, ask, settle, settleDown, transactions, mine } = bench
    const payer = await stack.newPayer()
    demand('the call', (await ask(agent({ payer }))).status, 200)
    await settleDown()
    const claimsBefore = (await transactions('claim')).length
    const paying = agent({ payer: await stack.newPayer() })
    demand('a call to be claimed', (await ask(paying)).status, 200)
    await overtake({ bench, which: 'everything', act: settle })
    for (let pass = 0; pass < 6; pass += 1) {
      await settle()
      await mine(20)
    }
    const claims = (await transactions('claim')).length - claimsBefore
    if (claims > 3) demand('claims sent for one charge', claims, 'at most 3')
    return `the books follow, ${claims} claims sent`
  },
}

const refund: ChainCase = {
  name: 'somebody else submits our refund of a channel first',
  run: async (bench) => {
    const { stack, agent, ask, settleDown, balanceOf, transactions } = bench
    const payer = await stack.newPayer()
    const before = await balanceOf(stack.usdc, payer.address)
    const paying = agent({ payer })
    const { status, chargeAtomic } = await ask(paying)
    demand('the call', status, 200)
    await overtake({
      bench,
      which: 'everything',
      act: () => paying.refund(stack.chatUrl).catch(() => undefined),
    })
    await settleDown()
    const claims = (await transactions('claim')).length
    await settleDown()
    demand('claims sent once everything is known', (await transactions('claim')).length, claims)
    demand('left the wallet', before - (await balanceOf(stack.usdc, payer.address)), chargeAtomic)
    return 'the payer has the rest, the books follow'
  },
}

const settle: ChainCase = {
  name: 'somebody else settles the channel contract first',
  run: async (bench) => {
    const { stack, agent, ask, settle: pass, mine, settleDown, balanceOf } = bench
    const { payTo } = stack.world
    await settleDown()
    const before = await balanceOf(stack.usdc, payTo)
    const { status, chargeAtomic } = await ask(agent({ payer: await stack.newPayer() }))
    demand('the call', status, 200)
    // Claimed and final: what comes next is our settle.
    await pass()
    await mine(FINALITY_BLOCKS + 1)
    await overtake({ bench, which: 'everything', act: pass })
    await settleDown()
    demand('arrived at the cold address', (await balanceOf(stack.usdc, payTo)) - before, chargeAtomic)
    return 'the money is at the cold address, the books follow'
  },
}

export const strangers: readonly ChainCase[] = [exact, deposit, claim, refund, settle]
