import { one, type PlantedBug } from './planted-bug.ts'

/** What the settlement sends to the chain, when, and what it gives up. */
export const SENDING_BUGS: readonly PlantedBug[] = [
  {
    name: 'a reservation without bytes is forgotten',
    guards: 'gap F1-F2',
    edits: one('src/settlement/sweep.ts', "['fund', () => resumeFundings(pass)],", ''),
  },
  {
    name: 'a funding whose result is unknown is called failed',
    guards: 'gap F2-F3',
    edits: one(
      'src/settlement/fund.ts',
      "catch((): FundOutcome => ({ kind: 'pending' }))",
      "catch((): FundOutcome => ({ kind: 'failed', reason: 'unknown' }))",
    ),
  },
  {
    name: 'a payment that is here already is asked for again',
    guards: 'gap F3-W1',
    edits: one(
      'src/settlement/fund.ts',
      'const known = await knownFunding({ funding, dependencies })',
      "const known = { kind: 'failed', reason: 'nonce_used' } as FundOutcome",
    ),
  },
  {
    name: 'a deposit counts when it is sent',
    guards: 'gap F3-W1',
    edits: one(
      'src/settlement/fund.ts',
      "if (sent.kind === 'sent') return { kind: 'pending', transaction: sent.transaction.hash }",
      "if (sent.kind === 'sent') return { kind: 'funded', transaction: sent.transaction.hash }",
    ),
  },
  {
    name: 'settlements are only made when woken for them',
    guards: 'gap W3-W4',
    edits: one('src/settlement/sweep.ts', "['upto', () => collectUpto(pass)],", ''),
  },
  {
    name: 'bytes leave before they are stored',
    guards: 'gap inside W4',
    edits: one(
      'src/settlement/send/send.ts',
      'sign: (nonce) => sender.sign({ lane, nonce, prepared }),',
      `sign: async (nonce) => {
        const signed = await sender.sign({ lane, nonce, prepared })
        await sender.broadcast(signed.raw)
        return signed
      },`,
    ),
  },
  {
    name: 'what the chain has lost is not sent again',
    guards: 'gap W4-broadcast',
    edits: [
      {
        file: 'src/settlement/send/resend.ts',
        from: 'const word = await sender.broadcast(raw)',
        to: "const word: string = raw === '0x' ? 'underpriced' : 'sent'",
      },
      {
        file: 'src/settlement/send/resend.ts',
        from: 'const isStale = dependencies.clock.nowMs() - signedAtMs >= LIMITS.replaceAfterMs',
        to: 'const isStale = signedAtMs < 0',
      },
    ],
  },
  {
    name: 'only the newest transactions are looked at',
    guards: 'gap broadcast-W5',
    edits: one(
      'src/settlement/sweep.ts',
      'dependencies.store.listTransactions({ network, states, limit: PASS })',
      'dependencies.store.listTransactions({ network, states, limit: PASS }).then((rows) => rows.slice(-1))',
    ),
  },
  {
    name: 'a settlement is written off at the first refusal',
    guards: 'gap broadcast-W5',
    edits: one('src/settlement/collect.ts', 'if (remainingMs({ settlement, dependencies }) > 0) return', ''),
  },
  {
    name: 'a settlement is written off when the chain cannot be asked',
    guards: 'gap W3-W4',
    edits: [
      {
        file: 'src/settlement/collect.ts',
        from: "if (outcome.kind === 'refused')\n      await writeOffExpired",
        to: "if (outcome.kind !== 'sent')\n      await writeOffExpired",
      },
      {
        file: 'src/settlement/collect.ts',
        from: 'if (remainingMs({ settlement, dependencies }) > 0) return',
        to: '',
      },
    ],
  },
  {
    name: 'a claim takes what was signed for, not what was charged',
    guards: 'channels_are_covered',
    edits: one(
      'src/settlement/collect.ts',
      'totalClaimedAtomic: channel.chargedAtomic,',
      'totalClaimedAtomic: channel.highest.maxAtomic,',
    ),
  },
]
