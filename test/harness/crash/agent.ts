import { randomBytes } from 'node:crypto'
import { payingFetch, type PayingFetch } from '../../../src/client/paying-fetch.ts'
import type { Asset, Scheme } from '../../../src/payment/types.ts'
import type { Random } from '../../bench/random.ts'
import { FAILOVER } from '../world/provider-facts.ts'
import type { Wallet } from '../world/wallets.ts'
import type { CallNote, Ending } from './call-note.ts'
import { codeOf, createStubbornFetch } from './stubborn-fetch.ts'

/** Percent of calls by scheme; the rest goes through channels. Each `exact` and `upto` call costs a transaction. */
export type Mix = {
  readonly upto: number
  readonly exact: number
  readonly failover: number
  readonly duplicates: number
  /** Most calls on one channel before the next is opened. */
  readonly callsPerChannel: number
}

export type AgentOptions = {
  /** Part of the name of each of its calls: nobody else in this world has it. */
  readonly name: string
  readonly wallet: Wallet
  readonly url: string
  readonly assets: readonly Asset[]
  readonly random: Random
  /** What is asked for now: a storm needs other calls than the calm after it. */
  readonly mixNow: () => Mix
  readonly isHopeless: () => boolean
  readonly onNote: (note: CallNote) => void
}

type Session = { readonly pay: PayingFetch; left: number }

/** One paying client, as agents are: the package's own fetch on a stubborn wire. Calls follow one another. */
export function createAgent({ name, wallet, url, assets, random, mixNow, isHopeless, onNote }: AgentOptions) {
  const chatUrl = `${url}/v1/chat/completions`
  const wire = createStubbornFetch({ random, duplicateShare: mixNow().duplicates, isHopeless })
  const sessions = new Map<string, Session>()
  let calls = 0
  let refunds = 0

  function openSession({ scheme, asset }: { scheme: Scheme; asset: Asset }): Session {
    const pay = payingFetch(wallet.account, {
      schemes: [scheme],
      assets: [asset],
      salt: `0x${randomBytes(32).toString('hex')}`,
      fetch: wire.fetch,
    })
    const left = scheme === 'batch-settlement' ? random.integer(3, mixNow().callsPerChannel) : Infinity
    return { pay, left }
  }

  /** Half of the channels that are done with are closed by a refund; the others are left to the settlement. */
  async function leave({ pay }: Session): Promise<void> {
    if (random.integer(1, 2) === 1) return
    await pay.refund(chatUrl).then(
      () => (refunds += 1),
      () => undefined,
    )
  }

  async function sessionFor(kind: { scheme: Scheme; asset: Asset }): Promise<Session> {
    const place = `${kind.scheme} ${kind.asset.address}`
    const known = sessions.get(place)
    if (known && known.left > 0) return known
    if (known) await leave(known)
    const fresh = openSession(kind)
    sessions.set(place, fresh)
    return fresh
  }

  function schemeOfNext(): Scheme {
    const mix = mixNow()
    const dice = random.integer(1, 100)
    if (dice <= mix.exact) return 'exact'
    return dice <= mix.exact + mix.upto ? 'upto' : 'batch-settlement'
  }

  /** Sends one call and writes down how it ended. Never throws. */
  async function call(): Promise<void> {
    calls += 1
    const isFailover = random.integer(1, 100) <= mixNow().failover
    const key = `${isFailover ? FAILOVER : 'call-'}${name}-${calls}`
    const kind = { scheme: schemeOfNext(), asset: random.pick(assets) }
    const session = await sessionFor(kind)
    session.left -= 1
    const body = bodyOf({ key, stream: random.integer(1, 2) === 1 })
    const ended = await session.pay(chatUrl, body).then(readEnding, (error: unknown) => ({
      ending: 'gave-up' as const,
      code: error instanceof Error ? `${error.name} ${error.message.slice(0, 120)}` : String(error),
    }))
    // A client that has stopped believing in a channel, or lost a call on it, opens another.
    if (ended.ending === 'gave-up') session.left = 0
    const { scheme, asset } = kind
    onNote({
      key,
      scheme,
      asset: asset.address,
      payer: wallet.address,
      endedAtMs: performance.now(),
      ...ended,
    })
  }

  return {
    call,
    refunds: () => refunds,
    duplicates: wire.duplicates,
    twiceServed: wire.twiceServed,
    tries: wire.tries,
  }
}

export type Agent = ReturnType<typeof createAgent>

function bodyOf({ key, stream }: { key: string; stream: boolean }): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', content: 'What is new at the harbour today?' }],
      max_tokens: 80,
      user: key,
      stream,
    }),
  }
}

async function readEnding(response: Response): Promise<
  Pick<CallNote, 'callId' | 'chargeAtomic' | 'code'> & {
    ending: Ending
  }
> {
  const callId = response.headers.get('x-call-id')
  const known = callId === null ? {} : { callId }
  const text = await response.text()
  const charge = /"charge":"(\d+)"/.exec(text)?.[1]
  const chargeAtomic = charge === undefined ? {} : { chargeAtomic: BigInt(charge) }
  if (response.status === 200) return { ending: 'served', ...known, ...chargeAtomic }
  const code = await codeOf(new Response(text))
  if (code !== 'payment_already_used') return { ending: 'refused', code, ...known }
  return { ending: charge === '0' ? 'released' : 'undelivered', code, ...known, ...chargeAtomic }
}
