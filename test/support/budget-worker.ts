import { openStorage } from '../../src/storage/open-storage.ts'
import { holdsOn, KILL_AMOUNTS, KILL_BUDGETS } from './budgets.ts'
import { admissionOf, captureOf, payerNamed } from './calls.ts'

/**
 * A process that admits and captures calls over budgets until it is killed. It prints a line when it is ready, and one for each call that it
 * was told is admitted or captured.
 */
const [databaseUrl = '', instanceId = ''] = process.argv.slice(2)
const storage = await openStorage({ databaseUrl, instanceId, region: 'kill' })

const payer = { kind: 'wallet' as const, id: payerNamed('killed') }
const tell = (word: string, callId: string) => process.stdout.write(`${word} ${callId}\n`)

async function work(): Promise<never> {
  for (;;) {
    const plain = admissionOf({ payer, atMs: Date.now() })
    const admission = { ...plain, holds: [...plain.holds, ...holdsOn(KILL_BUDGETS, KILL_AMOUNTS)] }
    const { kind } = await storage.calls.admit(admission)
    if (kind !== 'admitted') {
      await new Promise((resolve) => setTimeout(resolve, 10))
      continue
    }
    tell('admitted', admission.callId)
    // Nearly all of it is given back, so that the budget lasts until the end comes from outside.
    await storage.calls.capture(captureOf(admission.callId, { chargeAtomic: 1n }))
    tell('captured', admission.callId)
  }
}
process.stdout.write('ready\n')
await Promise.all(Array.from({ length: 40 }, work))
