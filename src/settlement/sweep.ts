import type { Network } from '../payment/types.ts'
import { confirmAdopted, lapseFundings } from './confirm/adopt.ts'
import { collectClaimed, collectClaims, collectUpto } from './collect.ts'
import { confirmTransaction } from './confirm/confirm.ts'
import type { SettlementDependencies } from './dependencies.ts'
import { eachRow } from './each-row.ts'
import { refuseFunding, sendFunding } from './fund.ts'
import { hostedOf, lookForHosted } from './hosted.ts'
import { holdIdleCredit, sendRefunds } from './refunds/refund.ts'
import { sweepTill } from './sweep-till.ts'
import { watchChannels } from './watch-channels.ts'

const PASS = 200
/** A funding that is younger is being sent by its own request. */
const FUNDING_LEFT_BEHIND_MS = 10_000
/** How long a facilitator may take: it waits for the chain, and then its answer may be lost. */
const HOSTED_LEFT_BEHIND_MS = 60_000

export type SweepOptions = {
  /** Claim every channel and settle every token now, whatever the thresholds say. */
  readonly everything?: boolean
}

/**
 * One pass over everything that is due on every network. Looks only at rows, never at memory, so it is also what a restart
 * needs; a pass that fails on one network does not keep the others waiting.
 *
 * @returns the errors of this pass, by network.
 */
export async function sweep({
  dependencies,
  options = {},
}: {
  dependencies: SettlementDependencies
  options?: SweepOptions
}): Promise<readonly { network: Network; step: string; error: unknown }[]> {
  const failures: { network: Network; step: string; error: unknown }[] = []
  for (const network of dependencies.networks) {
    const pass = { network, dependencies }
    const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['confirm', () => confirmOpen(pass)],
      ['fund', () => resumeFundings(pass)],
      ['adopt', () => confirmAdopted(pass)],
      ['lapse', () => lapseFundings(pass)],
      ['watch', () => watchChannels(pass)],
      ['upto', () => collectUpto(pass)],
      ['claim', () => collectClaims({ ...pass, everything: options.everything ?? false })],
      ['settle', () => collectClaimed(pass)],
      ['credit', () => holdIdleCredit(pass)],
      ['refund', () => sendRefunds(pass)],
      ['till', () => sweepTill(pass)],
    ]
    for (const [step, run] of steps) {
      try {
        await run()
      } catch (error) {
        failures.push({ network, step, error })
      }
    }
  }
  return failures
}

type Pass = { readonly network: Network; readonly dependencies: SettlementDependencies }

/**
 * W5, W6 of everything that was signed, in the order of nonces, since a later one cannot be mined before an earlier. What is
 * signed comes first: where finality takes a quarter of an hour, all that waits for it must not hide what has just been sent.
 */
export async function confirmOpen({ network, dependencies }: Pass): Promise<void> {
  const list = (states: readonly ('signed' | 'seen' | 'reverted')[]) =>
    dependencies.store.listTransactions({ network, states, limit: PASS })
  const open = [...(await list(['signed'])), ...(await list(['seen', 'reverted']))]
  await eachRow(open, (transaction) => confirmTransaction({ transaction, dependencies }))
}

/**
 * A crash between F1 and F2 leaves a reservation without bytes: send it now, or let it lapse when it has expired. One that a facilitator
 * was to submit is looked for on chain; after a minute we submit it ourselves, and the chain takes it once.
 */
async function resumeFundings({ network, dependencies }: Pass): Promise<void> {
  const { store, clock } = dependencies
  const nowMs = clock.nowMs()
  await eachRow(await store.listFundings({ network, state: 'reserved', limit: PASS }), async (funding) => {
    const isHosted = hostedOf({ funding, dependencies }) !== undefined
    const ageMs = nowMs - funding.atMs
    if (ageMs < FUNDING_LEFT_BEHIND_MS) return
    if (isHosted && (await lookForHosted({ funding, dependencies }))) return
    if (funding.expiresAt * 1_000 <= nowMs) {
      await refuseFunding({ funding, reason: 'expired', dependencies })
    } else if (!isHosted || ageMs >= HOSTED_LEFT_BEHIND_MS) {
      await sendFunding({ funding, byOurselves: true, dependencies })
    }
  })
}
