import { readFileSync } from 'node:fs'
import { RECEIPT_BUCKETS, type ReceiptVerdict, verifyReceiptText } from '../app/verify-receipt-text.ts'
import { formatUsd } from '../lib/money.ts'
import { printTable } from './table.ts'

/**
 * `turnpike receipt verify FILE`: offline. Exits 1 where something is wrong with it.
 *
 * @param signer whom it must be signed by. @param body file of the request's body.
 */
export function verifyReceipt({
  path,
  signer,
  body,
  json,
}: {
  path: string
  signer?: string
  body?: string
  json: boolean
}): number {
  const verdict = verifyReceiptText({
    text: readFileSync(path, 'utf8'),
    ...(signer === undefined ? {} : { signer }),
    ...(body === undefined ? {} : { body: readFileSync(body) }),
  })
  const isGood = verdict.problems.length === 0
  if (json) process.stdout.write(`${JSON.stringify({ valid: isGood, ...verdict })}\n`)
  else tell({ verdict, isGood, isSignerKnown: signer !== undefined })
  return isGood ? 0 : 1
}

function tell({
  verdict: { receipt, signer, problems },
  isGood,
  isSignerKnown,
}: {
  verdict: ReceiptVerdict
  isGood: boolean
  isSignerKnown: boolean
}): void {
  if (receipt) {
    const { callId, model, payer, charge, ceiling, decimals, asset, network, scheme, issuedAt } = receipt
    const amount = (atomic: string) => `${Number(atomic) / 10 ** decimals}`
    printTable(
      ['receipt of', callId],
      [
        ['model', model],
        ['payer', payer],
        ['charged', `${amount(charge)} of at most ${amount(ceiling)}, by ${scheme}`],
        ['token', `${asset} on ${network}`],
        ['at', new Date(issuedAt * 1_000).toISOString()],
        ...RECEIPT_BUCKETS.filter((bucket) => receipt.usage[bucket] > 0).map((bucket) => [
          bucket,
          `${receipt.usage[bucket]} tokens at $${formatUsd(BigInt(receipt.pricesPicoUsd[bucket]))}`,
        ]),
        ...(signer ? [['signed by', signer]] : []),
      ],
    )
  }
  for (const problem of problems) process.stdout.write(`✗ ${problem}\n`)
  if (isGood)
    process.stdout.write('✓ The receipt is good: signed, within its ceiling, and at the published price.\n')
  if (isGood && !isSignerKnown)
    process.stdout.write(
      '  Hold the signer against receiverAuthorizer of the offers, or give it as --signer.\n',
    )
}
