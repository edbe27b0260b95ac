import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Screen, WalletGate } from '../../call/caller/screening.ts'
import { ConfigError, type Config } from '../../config/read-config.ts'

const DAY_MS = 86_400_000

const addresses = z.array(
  z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address: 0x and 40 hex digits')
    .transform((text) => text.toLowerCase()),
)
const LIST = z.strictObject({
  version: z.string().min(1).max(100),
  deny: addresses.default([]),
  review: addresses.default([]),
})

const problem = (text: string) => new ConfigError([`TURNPIKE_SCREENING_FILE: ${text}`])

/**
 * A list of wallets in a file: {"version": "2026-11-27", "deny": ["0x…"], "review": ["0x…"]}. Where a key is configured, FILE.sig holds the
 * ed25519 signature of the file's bytes, as base64.
 *
 * @param publicKey base64 of the key's SPKI.
 * @throws ConfigError that says what is wrong with it.
 */
export function readScreeningList({
  path,
  publicKey,
}: {
  path: string
  publicKey: string | undefined
}): Screen {
  const bytes = read(path)
  if (publicKey !== undefined) requireSigned({ path, bytes, publicKey })
  const { version, deny, review } = parse(bytes)
  const verdicts = new Map<string, 'deny' | 'review'>([
    ...review.map((address) => [address, 'review'] as const),
    ...deny.map((address) => [address, 'deny'] as const),
  ])
  return async ({ address }) => ({
    verdict: verdicts.get(address) ?? 'allow',
    listVersion: version,
    holdsMs: DAY_MS,
  })
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw problem(`${path} cannot be read.`)
  }
}

function parse(bytes: Buffer): z.infer<typeof LIST> {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    throw problem('it is no JSON.')
  }
  const parsed = LIST.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ConfigError(
    parsed.error.issues.map(({ path, message }) => `TURNPIKE_SCREENING_FILE: ${path.join('.')} ${message}`),
  )
}

function requireSigned({ path, bytes, publicKey }: { path: string; bytes: Buffer; publicKey: string }): void {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  const signature = Buffer.from(read(`${path}.sig`).toString().trim(), 'base64')
  if (!verify(null, bytes, key, signature)) throw problem(`${path}.sig does not sign it.`)
}

/** What the environment says of wallets. @throws ConfigError */
export function walletGateOf(
  config: Pick<
    Config,
    'TURNPIKE_SCREENING_FILE' | 'TURNPIKE_SCREENING_KEY' | 'TURNPIKE_SCREENING_SILENCE' | 'TURNPIKE_WALLETS'
  >,
): WalletGate {
  const { TURNPIKE_SCREENING_FILE: path, TURNPIKE_SCREENING_KEY: publicKey } = config
  return {
    ...(path === undefined ? {} : { screen: readScreeningList({ path, publicKey }) }),
    onSilence: config.TURNPIKE_SCREENING_SILENCE,
    onlyKnown: config.TURNPIKE_WALLETS === 'known',
  }
}
