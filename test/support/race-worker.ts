import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { openStorage } from '../../src/storage/open-storage.ts'
import { ACCOUNTS } from '../../src/ledger/accounts.ts'
import { admissionOf, captureOf, LEDGER, payerNamed, sha256, voucherAdmissionOf } from './calls.ts'

/**
 * One of several processes that race for the same payments. Prints, as one JSON line, the keys that it was told it has,
 * and the calls whose capture was acknowledged. A first line says that it is ready; it begins at a word on stdin.
 */
const [databaseUrl = '', count = '0', seed = '0'] = process.argv.slice(2)
const storage = await openStorage({ databaseUrl, instanceId: randomUUID(), region: 'race' })

process.stdout.write('ready\n')
// All begin at once, when everybody is connected: an early process would leave nothing to race for.
await once(process.stdin, 'data')
process.stdin.pause()

const admitted: number[] = []
const captured: string[] = []
const failed: string[] = []

/** Payment `number` as every process sees it: a third on a channel, the rest on credit, one in seven over two accounts. */
function paymentOf(number: number) {
  const name = `race ${number % 20}`
  const paymentKey = sha256(`race payment ${number}`)
  if (number % 3 === 0) {
    return voucherAdmissionOf({ channel: name, max: 1_000_000n, ceiling: 1000n, paymentKey })
  }
  const payer = { kind: 'wallet' as const, id: payerNamed(name) }
  const other = ACCOUNTS.credit(payerNamed(`race ${(number * 7) % 20}`))
  const own = { ledger: LEDGER, account: ACCOUNTS.credit(payer.id), amount: 1000n }
  const isDouble = number % 7 === 0 && other !== own.account
  return admissionOf({ payer, paymentKey, holds: isDouble ? [own, { ...own, account: other }] : [own] })
}

async function pay(number: number): Promise<void> {
  const admission = paymentOf(number)
  const outcome = await storage.calls.admit(admission)
  if (outcome.kind !== 'admitted') return
  admitted.push(number)
  const capture = captureOf(admission.callId, { chargeAtomic: BigInt((number * 37) % 1001) })
  await Promise.all([
    storage.calls.capture(capture),
    ...(number % 10 === 0 ? [storage.calls.capture(capture)] : []),
  ])
  captured.push(admission.callId)
}

// Each process goes through the same payments in its own order.
const step = 2 * Number(seed) + 1
const numbers = Array.from({ length: Number(count) }, (_, index) => (index * step * 7919) % Number(count))
let next = 0
async function work(): Promise<void> {
  for (let number = numbers[next++]; number !== undefined; number = numbers[next++]) {
    try {
      await pay(number)
    } catch (error) {
      failed.push(String(error))
    }
  }
}
await Promise.all(Array.from({ length: 64 }, work))
process.stdout.write(`${JSON.stringify({ admitted, captured, failed })}\n`)
await storage.close()
