import { createHmac } from 'node:crypto'
import { isObject } from '../../chat/read-values.ts'
import type { ChatRequest } from '../../chat/types.ts'
import type { Payer } from '../types.ts'

const SITE = 'turnpike call site 1\n'
const PAYER = 'turnpike call site payer 1\n'

/** Half of the hash: nobody needs to find a second site of the same name, and rows are many. */
const KEY_BYTES = 16

/** What instructions differ in stands before this. */
const MOST_CHARS = 65_536

const keyed = ({ label, text, secret }: { label: string; text: string; secret: string }): string =>
  createHmac('sha256', secret)
    .update(label)
    .update(text)
    .digest()
    .subarray(0, KEY_BYTES)
    .toString('base64url')

/** Dates and counters in a prompt change from call to call at one and the same site. */
const withoutNumbers = (text: string): string => text.replaceAll(/\d+/g, '#')

const roleOf = (message: unknown): unknown => (isObject(message) ? message['role'] : undefined)

function instructionsOf({ fields }: Pick<ChatRequest, 'fields'>): string {
  const messages: readonly unknown[] = Array.isArray(fields['messages']) ? fields['messages'] : []
  const told = messages.filter((one) => roleOf(one) === 'system' || roleOf(one) === 'developer')
  return withoutNumbers(JSON.stringify(told).slice(0, MOST_CHARS))
}

/**
 * Names the place in a program that calls: its instructions, tools and answer format under a server key. Nothing of them can be read
 * from it, nor guessed without the key.
 */
export function callSiteOf({
  request,
  secret,
}: {
  request: Pick<ChatRequest, 'fields'>
  secret: string
}): string {
  const { fields } = request
  const shape = JSON.stringify([fields['tools'] ?? null, fields['response_format'] ?? null])
  return keyed({ label: SITE, text: `${instructionsOf(request)}\n${shape}`, secret })
}

/** Names a payer in counters, so that they are nobody's diary without the server's key. */
export const payerKeyOf = ({ payer, secret }: { payer: Payer; secret: string }): string =>
  keyed({ label: PAYER, text: `${payer.kind} ${payer.id}`, secret })

const BETWEEN = '~'

/** The name under which counters are asked for: a site, and whose where that is known. @example joinSiteKey({ site: 'a', payer: 'b' }) // 'a~b' */
export const joinSiteKey = ({ site, payer = '' }: { site: string; payer?: string }): string =>
  `${site}${BETWEEN}${payer}`

export function splitSiteKey(siteKey: string): { readonly site: string; readonly payer: string } {
  const [site = '', payer = ''] = siteKey.split(BETWEEN)
  return { site, payer }
}

/** Both at once. @param payer absent before a payment has said who pays: then only what many payers share counts. */
export const siteKeyOf = ({
  request,
  payer,
  secret,
}: {
  request: Pick<ChatRequest, 'fields'>
  payer?: Payer | undefined
  secret: string
}): string =>
  joinSiteKey({
    site: callSiteOf({ request, secret }),
    ...(payer ? { payer: payerKeyOf({ payer, secret }) } : {}),
  })
