import { type ChainCase, demand } from '../chain-case.ts'

/** The block of an `exact` payment, and so many behind it, are replaced by others without it. */
const exactAtDepth = (depth: number): ChainCase => ({
  name: `reorganisation ${depth} deep takes an exact payment back`,
  run: async ({ stack, sign, settle, mine, disturb, settleDown, transactions, balanceOf }) => {
    const payer = await stack.newPayer()
    const before = await balanceOf(stack.usdc, payer.address)
    const { send, amountAtomic } = await sign({ payer, scheme: 'exact' })
    demand('the call', (await send()).status, 200)
    if (depth > 1) await mine(depth - 1)
    await disturb.reorganise(depth)
    demand(
      'what is left in the wallet while it is taken back',
      await balanceOf(stack.usdc, payer.address),
      before,
    )
    await settle()
    await settleDown()
    const rows = await transactions('exact', payer)
    demand(
      'transactions and their states',
      rows.map(({ state }) => state),
      ['final'],
    )
    demand('paid', before - (await balanceOf(stack.usdc, payer.address)), amountAtomic)
    demand('the same payment again', (await send()).status, 409)
    return 'sent again, final, paid once'
  },
})

/** Deposit, settlement of an `upto` call and claim go at once. */
const everythingAtOnce: ChainCase = {
  name: 'reorganisation 10 deep takes deposit, settlement and claim back together',
  run: async (bench) => {
    const { stack, agent, ask, sign, settle, mine, disturb, settleDown, transactions, balanceOf } = bench
    const payer = await stack.newPayer()
    // What the payer owns is older than what is taken back.
    await mine(10)
    const before = await balanceOf(stack.usdc, payer.address)
    const paying = agent({ payer })
    const first = await ask(paying)
    demand('the first channel call', first.status, 200)
    const { send } = await sign({ payer, scheme: 'upto' })
    demand('the upto call', (await send()).status, 200)
    await settle()
    await settle()
    await disturb.reorganise(10)
    await settleDown()
    const second = await ask(paying)
    demand('the channel afterwards', second.status, 200)
    await settleDown()
    const states = [...(await transactions('deposit', payer)), ...(await transactions('upto', payer))]
    demand(
      'deposit and settlement',
      states.map(({ state }) => state),
      ['final', 'final'],
    )
    const upto = states.find(({ purpose }) => purpose.kind === 'upto')?.purpose
    const charged = upto && 'amount' in upto ? BigInt(upto.amount) : 0n
    const deposited = 1_000_000n
    demand('left the wallet', before - (await balanceOf(stack.usdc, payer.address)), deposited + charged)
    return 'all sent again, final, each once; the channel serves on'
  },
}

export const reorganisations = (depths: readonly number[]): readonly ChainCase[] => [
  ...depths.map(exactAtDepth),
  everythingAtOnce,
]
