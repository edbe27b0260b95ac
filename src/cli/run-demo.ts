import type { App } from '../app/open-app.ts'
import { payingFetch } from '../client/paying-fetch.ts'
import type { DevWorldFacts } from './dev-app.ts'
import { readStream, type StreamedCall } from './read-stream.ts'
import type { Story } from './story.ts'

export type DemoResult = {
  readonly calls: readonly Pick<StreamedCall, 'ceiling' | 'charge' | 'usage' | 'ttfbMs'>[]
  readonly settlement: { readonly claimTx: string | null; readonly settleTx: string | null }
  readonly trialBalance: string
  readonly reconciliation: { readonly differences: number }
  /** What is not as it should be, in sentences. */
  readonly problems: readonly string[]
}

const MODEL = 'openai/gpt-4o-mini'
const QUESTIONS = ['Tell me about the harbour.', 'And what happened then?']

type Stage = {
  readonly app: App
  readonly world: DevWorldFacts & { readonly payer: Parameters<typeof payingFetch>[0] }
  readonly story: Story
}

/** The story of one agent: it asks the price, pays, streams, pays again without the chain; then the operator's books. */
export async function runDemo({ app, world, story }: Stage): Promise<DemoResult> {
  const problems: string[] = []
  const expect = (isGood: boolean, line: string) => {
    story.verdict(line, isGood)
    if (!isGood) problems.push(line)
  }
  await askForPrice({ app, story })

  const pay = payingFetch(world.payer)
  const calls: StreamedCall[] = []
  for (const [index, question] of QUESTIONS.entries()) {
    story.chapter(
      index === 0
        ? '2. It pays: one deposit, then a signature'
        : '3. A second call: a signature, no transaction',
    )
    const blockBefore = await blockNumber(world.chain.rpcUrl)
    const call = await streamCall({ pay, url: app.url, question, story })
    calls.push(call)
    tellCall({ call, story })
    const blocks = (await blockNumber(world.chain.rpcUrl)) - blockBefore
    if (index === 0) expect(blocks > 0, 'The deposit was confirmed on chain before the first token.')
    else expect(blocks === 0, 'The chain was not touched.')
    expect(
      BigInt(call.charge) <= BigInt(call.ceiling),
      'Charged for the tokens used, within the ceiling that was signed.',
    )
  }

  story.chapter('4. The operator settles: many calls, two transactions')
  const settlement = await settle({ app, story })
  const charged = calls.reduce((sum, { charge }) => sum + BigInt(charge), 0n)
  expect(
    settlement.claimTx !== null && settlement.settleTx !== null,
    `${charged} units of USDC reached the cold address.`,
  )

  story.chapter('5. The books')
  const balances = await app.trialBalance()
  const trialBalance = balances.reduce((sum, { balance }) => sum + balance, 0n).toString()
  const broken = (await app.checkLedger()).filter(({ ok }) => !ok)
  const { differences, compared } = await app.reconcile()
  expect(trialBalance === '0', `Trial balance over ${balances.length} accounts: ${trialBalance}`)
  expect(
    broken.length === 0,
    `Every invariant of the ledger holds${broken.map(({ name }) => `, but ${name}`).join('')}.`,
  )
  const looked = compared.balances + compared.channels + compared.transfers
  expect(
    differences.length === 0,
    `Ledger equal to chain: ${looked} comparisons, ${differences.length} differences.`,
  )
  story.chapter(
    problems.length === 0 ? 'Done. npm run dev keeps a server up to try for yourself.' : 'Something is off.',
  )

  return {
    calls: calls.map(({ ceiling, charge, usage, ttfbMs }) => ({ ceiling, charge, usage, ttfbMs })),
    settlement,
    trialBalance,
    reconciliation: { differences: differences.length },
    problems,
  }
}

const bodyOf = (question: string) =>
  JSON.stringify({
    model: MODEL,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 160,
    messages: [{ role: 'user', content: question }],
  })

async function askForPrice({ app, story }: Pick<Stage, 'app' | 'story'>): Promise<void> {
  story.chapter('1. An agent asks without paying')
  const response = await fetch(`${app.url}/v1/chat/completions`, {
    method: 'POST',
    body: bodyOf(QUESTIONS[0] ?? ''),
  })
  const { error } = (await response.json()) as {
    error: { estimate_usd: string; ceiling_usd: string; output_cap: number }
  }
  const header = Buffer.from(response.headers.get('payment-required') ?? '', 'base64').toString()
  const { accepts } = JSON.parse(header) as { accepts: readonly { scheme: string }[] }
  story.fact('answer', `${response.status} Payment Required`)
  story.fact(
    'price',
    `about $${error.estimate_usd}, at most $${error.ceiling_usd} for ${error.output_cap} tokens`,
  )
  story.fact('ways to pay', [...new Set(accepts.map(({ scheme }) => scheme))].join(', '))
}

async function streamCall({
  pay,
  url,
  question,
  story,
}: {
  pay: typeof fetch
  url: string
  question: string
  story: Story
}): Promise<StreamedCall> {
  const startedAtMs = performance.now()
  const response = await pay(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bodyOf(question),
  })
  return readStream({ response, startedAtMs, onText: story.tokens })
}

function tellCall({ call, story }: { call: StreamedCall; story: Story }): void {
  if (call.transaction) story.fact('deposit', `transaction ${call.transaction}`)
  story.fact('first token', `${call.ttfbMs} ms`)
  story.fact('tokens', `${call.usage.prompt_tokens} in, ${call.usage.completion_tokens} out`)
  story.fact('charge', `${call.charge} of at most ${call.ceiling} units of USDC ($${call.chargeUsd})`)
}

/** Claims and settles at once; a pass confirms what the one before has sent. */
async function settle({ app, story }: Pick<Stage, 'app' | 'story'>): Promise<DemoResult['settlement']> {
  for (let pass = 0; pass < 4; pass += 1) await app.settleNow({ everything: true })
  const transactions = await app.listTransactions()
  const hashOf = (kind: string) =>
    transactions.find(({ purpose, state }) => purpose.kind === kind && state === 'final')?.hash ?? null
  const settlement = { claimTx: hashOf('claim'), settleTx: hashOf('settle') }
  story.fact('claim', settlement.claimTx ?? 'missing')
  story.fact('settle', settlement.settleTx ?? 'missing')
  return settlement
}

async function blockNumber(rpcUrl: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] })
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const { result } = (await response.json()) as { result: string }
  return Number(result)
}
