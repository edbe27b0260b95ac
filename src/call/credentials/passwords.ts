import { scrypt, timingSafeEqual } from 'node:crypto'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'

/** What a guess costs: 2^cost blocks of memory, three times over; 32 MiB and some tenths of a second. */
export type PasswordCost = { readonly log2N: number; readonly r: number; readonly p: number }

export const PASSWORD_COST: PasswordCost = { log2N: 15, r: 8, p: 3 }

const SALT_BYTES = 16
const KEY_BYTES = 32
const RETRY_MS = 1_000

/** Hashes passwords and compares them. */
export type Passwords = {
  /** @returns text with the parameters in it, so that they can be raised without an end to old passwords. */
  readonly hash: (password: string) => Promise<string>
  /**
   * Whether a password is the one that was hashed. Without a hash the work is done all the same, so that the time tells nobody whether there is a
   * login.
   */
  readonly isOf: (given: {
    readonly password: string
    readonly passwordHash: string | undefined
  }) => Promise<boolean>
}

/** The same password however its letters were composed. */
const bytesOf = (password: string): Buffer => Buffer.from(password.normalize('NFKC'))

const derive = (password: string, salt: Uint8Array, { log2N, r, p }: PasswordCost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** log2N, r, p, maxmem: 256 * r * 2 ** log2N }
    scrypt(bytesOf(password), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })

const STORED = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/

/** Undefined for what is no hash of ours. */
function parsed(passwordHash: string) {
  const [, log2N, r, p, salt, key] = STORED.exec(passwordHash) ?? []
  if (salt === undefined || key === undefined) return undefined
  return {
    cost: { log2N: Number(log2N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  }
}

/**
 * scrypt, at most LIMITS.passwordsAtOnce at a time: each takes memory, and who asks for many must not take all of it.
 *
 * @param random makes salts.
 */
export function createPasswords({
  random,
  cost = PASSWORD_COST,
}: {
  random: (byteCount: number) => Uint8Array
  cost?: PasswordCost
}): Passwords {
  let running = 0
  async function oneOfFew<Value>(work: () => Promise<Value>): Promise<Value> {
    if (running >= LIMITS.passwordsAtOnce)
      throw new TurnpikeError('login_throttled', { retryAfterMs: RETRY_MS })
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
    }
  }
  const NOBODY = { cost, salt: Buffer.alloc(SALT_BYTES), key: Buffer.alloc(KEY_BYTES) }
  return {
    hash: (password) =>
      oneOfFew(async () => {
        const salt = Buffer.from(random(SALT_BYTES))
        const key = await derive(password, salt, cost)
        const { log2N, r, p } = cost
        return ['scrypt', log2N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$')
      }),
    isOf: ({ password, passwordHash }) =>
      oneOfFew(async () => {
        const stored = passwordHash === undefined ? undefined : parsed(passwordHash)
        const { key: wanted, salt, cost: spent } = stored ?? NOBODY
        const key = await derive(password, salt, spent)
        const isSame = wanted.length === key.length && timingSafeEqual(wanted, key)
        return isSame && stored !== undefined
      }),
  }
}

/** @throws TurnpikeError `invalid_field` for what is too short, too long, or the e-mail itself. */
export function requireGoodPassword({
  password,
  email,
  param = 'password',
}: {
  password: string
  email?: string
  param?: string
}): void {
  const { length } = password
  const { passwordLeastChars: least, passwordChars: most } = LIMITS
  const isName = email !== undefined && password.toLowerCase() === email.toLowerCase()
  if (length >= least && length <= most && !isName && new Set(password).size > 1) return
  throw new TurnpikeError('invalid_field', {
    param,
    message: `A password has ${least} to ${most} characters, not all the same, and is not the e-mail. A few words do well.`,
  })
}
