import { one, type PlantedBug } from './planted-bug.ts'

/** How a payment becomes a call, and what becomes of a call whose process died. */
export const CALL_BUGS: readonly PlantedBug[] = [
  {
    name: 'the call, not the payment, is claimed',
    guards: 'gap before W1; payments_are_used_once',
    edits: one(
      'src/call/admit/admission.ts',
      'paymentKey: paymentKey(payment),',
      'paymentKey: new TextEncoder().encode(planned.callId),',
    ),
  },
  {
    name: 'a used payment is served once more',
    guards: 'gap before W1',
    edits: one(
      'src/call/admit/admit-upto.ts',
      "if (outcome.kind === 'admitted')",
      "if (outcome.kind === 'admitted' || outcome.kind === 'duplicate')",
    ),
  },
  {
    name: 'one proof buys several calls on credit',
    guards: 'gap before W1',
    edits: one(
      'src/call/admit/admit-credit.ts',
      "if (outcome.kind === 'admitted')",
      "if (outcome.kind === 'admitted' || outcome.kind === 'duplicate')",
    ),
  },
  {
    name: 'calls of a dead process are never released',
    guards: 'gap W1-W2; calls_end',
    edits: one(
      'src/call/serve/recover.ts',
      'await eachRow(abandoned, (call) => store.capture(releaseOf({ call, nowMs })))',
      'await eachRow(abandoned, async (call) => releaseOf({ call, nowMs }))',
    ),
  },
  {
    name: 'a call that a crash cut short is charged in full',
    guards: 'gap W2-W3',
    edits: one(
      'src/call/serve/recover.ts',
      '    chargeAtomic: 0n,\n',
      '    chargeAtomic: admission.ceilingAtomic,\n',
    ),
  },
]
